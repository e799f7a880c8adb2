/* SPDX-License-Identifier: MIT */
/*
 * The commands' functions; see cmdtable.c for what they are. Each gets its own
 * name as argv[0] and parses the rest with next_option(). It returns the exit
 * status, EXIT_SUCCESS or EXIT_FAILURE, and has said on standard error why.
 */
#ifndef XL_COMMANDS_H
#define XL_COMMANDS_H

typedef int command_fn(int argc, char **argv);

command_fn main_create;                                  /* create.c */
command_fn main_list, main_vm_list;                      /* list.c */
command_fn main_destroy, main_shutdown, main_reboot;     /* control.c */
command_fn main_pause, main_unpause, main_console;       /* control.c */
command_fn main_trigger, main_sysrq;                     /* control.c */
command_fn main_mem_max, main_mem_set;                   /* resources.c */
command_fn main_vcpu_list, main_vcpu_pin, main_vcpu_set; /* vcpu.c */
command_fn main_block_attach, main_block_detach;         /* devices.c */
command_fn main_network_attach, main_network_detach;     /* devices.c */
command_fn main_block_list, main_network_list;           /* devices.c */
command_fn main_cd_insert, main_cd_eject;                /* devices.c */
command_fn main_sched_credit2;                           /* resources.c */
command_fn main_info, main_dmesg, main_debug_keys;       /* info.c */
command_fn main_domid, main_domname, main_rename;        /* names.c */
command_fn main_uptime;                                  /* names.c */

#endif
