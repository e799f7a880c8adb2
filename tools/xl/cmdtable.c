/* SPDX-License-Identifier: MIT */
/*
 * The commands: one row each. Rows without a function are commands of Xen's
 * xl that are not here; they are known so that the answer can say so.
 */
#include "xl.h"
#include "commands.h"

#define ABSENT(name)                                                           \
    {                                                                          \
        name, NULL, NULL, NULL, NULL                                           \
    }

static const struct command commands[] = {
    {"create", main_create,
     "Build a domain as a configuration file says, run it",
     "<ConfigFile> [options] [key=value ...]",
     "-c               stay on the console of the new domain\n"
     "-d               log what libxl does\n"
     "-e               leave nobody behind that acts on the domain's end\n"
     "-F               do not return before the domain has ended\n"
     "-f, --defconfig=FILE\n"
     "                 another way to name the file\n"
     "-h               this text\n"
     "-n, --dryrun     print the configuration as understood, create nothing\n"
     "-p               do not let it run yet: see 'unpause'\n"
     "-q, --quiet      print errors only\n"},
    {"list", main_list, "Show domains and their states",
     "[options] [Domain ...]",
     "-l, --long       whole configurations, as JSON\n"
     "-v, --verbose    with UUID and reason of shutdown\n"},
    {"destroy", main_destroy, "End a domain now, without asking its system",
     "<Domain>",
     "-f               even if it is domain 0 (the hypervisor refuses that to\n"
     "                 domain 0 itself)\n"},
    {"shutdown", main_shutdown, "Ask the system of a domain to power off",
     "[options] <-a|Domain>",
     "-a, --all        every guest\n"
     "-h               this text\n"
     "-F               no effect: PV guests need no fallback\n"
     "-w, --wait       return when they have ended\n"},
    {"reboot", main_reboot, "Ask the system of a domain to restart",
     "[options] <-a|Domain>",
     "-a, --all        every guest\n"
     "-h               this text\n"
     "-F               no effect: PV guests need no fallback\n"
     "-w, --wait       return when they have ended\n"},
    {"pause", main_pause, "Stop the vcpus of a domain", "<Domain>", NULL},
    {"unpause", main_unpause, "Let the vcpus of a paused domain run",
     "<Domain>", NULL},
    {"console", main_console, "Connect this terminal to a guest's console",
     "[options] <Domain>",
     "-t <type>        only pv\n"
     "-n <number>      which of its consoles, from 0\n"},
    {"mem-max", main_mem_max, "Limit what memory a domain can ever have",
     "<Domain> <Size>",
     "Size: MiB, or a number with one of b k m g t behind it\n"},
    {"mem-set", main_mem_set, "Tell a domain how much memory to keep",
     "<Domain> <Size>",
     "Size: MiB, or a number with one of b k m g t behind it\n"},
    {"vcpu-list", main_vcpu_list, "Show vcpus: where they run, where they may",
     "[Domain ...]", NULL},
    {"vcpu-pin", main_vcpu_pin, "Choose the CPUs of a vcpu",
     "[options] <Domain> <Vcpu|all> <Hard|-|all> [<Soft|-|all>]",
     "-f, --force      also where dom0's kernel has pinned the vcpu itself\n"
     "Hard: CPUs it must run on. Soft: CPUs it should prefer. -: as they "
     "are\n"},
    {"vcpu-set", main_vcpu_set, "Tell a domain how many vcpus to use",
     "[options] <Domain> <Number>",
     "-i, --ignore-host\n"
     "                 more than the host has CPUs, too\n"},
    {"vm-list", main_vm_list, "Show the guests by UUID, number and name", "",
     NULL},
    {"block-attach", main_block_attach, "Give a domain a further disk",
     "<Domain> <DiskSpec> ...",
     "DiskSpec: as in a configuration file; several words are one\n"},
    {"block-list", main_block_list, "Show the disks of domains",
     "<Domain> [Domain ...]", NULL},
    {"block-detach", main_block_detach, "Take a disk from a domain",
     "[options] <Domain> <Disk>",
     "-f, --force      even if its system does not let go of it\n"},
    {"network-attach", main_network_attach, "Give a domain a further interface",
     "<Domain> [key=value ...]", "Keys: as in a configuration file's vif=\n"},
    {"network-list", main_network_list, "Show the interfaces of domains",
     "<Domain> [Domain ...]", NULL},
    {"network-detach", main_network_detach, "Take an interface from a domain",
     "<Domain> <Number|Address>", NULL},
    {"cd-insert", main_cd_insert, "Put a medium into a CD drive of a domain",
     "<Domain> <Disk> <File>", NULL},
    {"cd-eject", main_cd_eject, "Empty a CD drive of a domain",
     "<Domain> <Disk>", NULL},
    {"info", main_info, "Show the host: version, CPUs, memory", "[options]",
     "-n, --numa       with its nodes and the place of every CPU\n"},
    {"sched-credit2", main_sched_credit2,
     "Show or set weights and caps of CPU time",
     "[-d <Domain> [-w <Weight>] [-c <Cap>]] [-p <Pool>]",
     "-d, --domain=DOMAIN    one domain, instead of all\n"
     "-w, --weight=WEIGHT    its share beside others, 1 to 65535\n"
     "-c, --cap=CAP          its limit in percent of one CPU, 0 for none\n"
     "-p, --cpupool=POOL     only the domains of that CPU pool\n"},
    {"domid", main_domid, "Print the number of the domain with a name",
     "<Name>", NULL},
    {"domname", main_domname, "Print the name of the domain with a number",
     "<Number>", NULL},
    {"rename", main_rename, "Give a domain another name", "<Domain> <NewName>",
     NULL},
    {"trigger", main_trigger, "Raise an event as hardware would",
     "<Domain> <nmi|reset|init|power|sleep|s3resume> [<Vcpu>]", NULL},
    {"sysrq", main_sysrq, "Pass a SysRq letter to a guest's kernel",
     "<Domain> <Letter>", NULL},
    {"debug-keys", main_debug_keys, "Make the hypervisor print diagnostics",
     "<Keys>", NULL},
    {"dmesg", main_dmesg, "Print what the hypervisor has logged", "[options]",
     "-c               and empty its log\n"},
    {"uptime", main_uptime, "Show how long domains have been running",
     "[-s] [Domain ...]", "-s               one short line each\n"},

    ABSENT("config-update"),
    ABSENT("pci-attach"),
    ABSENT("pci-detach"),
    ABSENT("pci-list"),
    ABSENT("pci-assignable-add"),
    ABSENT("pci-assignable-remove"),
    ABSENT("pci-assignable-list"),
    ABSENT("vncviewer"),
    ABSENT("save"),
    ABSENT("migrate"),
    ABSENT("restore"),
    ABSENT("migrate-receive"),
    ABSENT("suspend"),
    ABSENT("resume"),
    ABSENT("dump-core"),
    ABSENT("button-press"),
    ABSENT("sharing"),
    ABSENT("sched-credit"),
    ABSENT("sched-rtds"),
    ABSENT("set-parameters"),
    ABSENT("top"),
    ABSENT("channel-list"),
    ABSENT("vtpm-attach"),
    ABSENT("vtpm-list"),
    ABSENT("vtpm-detach"),
    ABSENT("vkb-attach"),
    ABSENT("vkb-list"),
    ABSENT("vkb-detach"),
    ABSENT("vdispl-attach"),
    ABSENT("vdispl-list"),
    ABSENT("vdispl-detach"),
    ABSENT("vsnd-attach"),
    ABSENT("vsnd-list"),
    ABSENT("vsnd-detach"),
    ABSENT("claims"),
    ABSENT("cpupool-create"),
    ABSENT("cpupool-list"),
    ABSENT("cpupool-destroy"),
    ABSENT("cpupool-rename"),
    ABSENT("cpupool-cpu-add"),
    ABSENT("cpupool-cpu-remove"),
    ABSENT("cpupool-migrate"),
    ABSENT("cpupool-numa-split"),
    ABSENT("getenforce"),
    ABSENT("setenforce"),
    ABSENT("loadpolicy"),
    ABSENT("remus"),
    ABSENT("devd"),
    ABSENT("psr-hwinfo"),
    ABSENT("psr-cmt-attach"),
    ABSENT("psr-cmt-detach"),
    ABSENT("psr-cmt-show"),
    ABSENT("psr-cat-set"),
    ABSENT("psr-cat-show"),
    ABSENT("psr-mba-set"),
    ABSENT("psr-mba-show"),
    ABSENT("usbctrl-attach"),
    ABSENT("usbctrl-detach"),
    ABSENT("usbdev-attach"),
    ABSENT("usbdev-detach"),
    ABSENT("usb-list"),
    ABSENT("qemu-monitor-command"),
};

/* By name, or by a beginning that only one command has. */
const struct command *find_command(const char *name)
{
    const struct command *found = NULL;
    int matches = 0;

    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (!strcmp(commands[i].name, name))
            return &commands[i];
        if (!strncmp(commands[i].name, name, strlen(name))) {
            found = &commands[i];
            matches++;
        }
    }
    return matches == 1 ? found : NULL;
}

bool has_dry_run(const struct command *command)
{
    static command_fn *const able[] = {
        main_create,    main_block_attach, main_network_attach,
        main_cd_insert, main_cd_eject,
    };

    for (size_t i = 0; i < ARRAY_SIZE(able); i++)
        if (command->run == able[i])
            return true;
    return false;
}

/* Completion scripts drop four lines and take the first words after one
 * blank. */
void print_help(void)
{
    printf("Usage xl [-vfNtT] <subcommand> [args]\n\n"
           "The subcommands:\n\n");
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
        if (commands[i].run)
            printf(" %-19s %s\n", commands[i].name, commands[i].description);
}

void print_command_help(const struct command *command, FILE *out)
{
    fprintf(out, "Usage: xl [-vtTfN] %s %s\n\n%s.\n", command->name,
            command->usage, command->description);
    if (command->options)
        fprintf(out, "\nOptions:\n\n%s", command->options);
}
