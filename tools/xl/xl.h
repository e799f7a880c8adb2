/* SPDX-License-Identifier: MIT */
/*
 * xl: the command line over libxl. One function per command, in the table of
 * cmdtable.c; the files hold related commands. Commands return EXIT_SUCCESS
 * or EXIT_FAILURE, which is xl's exit status, and nothing else.
 *
 * Output that programs parse (list, block-list, network-list, vcpu-list, info,
 * uptime, vm-list, sched-credit2, help) keeps the bytes that Xen's xl prints.
 */
#ifndef XL_H
#define XL_H

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/macros.h>
#include <libxl.h>
#include <libxl_utils.h>
#include <libxlutil.h>
#include <libxlutil_unused.h>
#include <xentoollog.h>

/* Open before a command runs, and closed by the end of the process. */
extern libxl_ctx *ctx;
extern xentoollog_logger_stdiostream *logger;
/* Global options: -N, -f. */
extern bool dryrun_only, force_execution;

/* --- the table (cmdtable.c) --- */

struct command {
    const char *name;
    int (*run)(int argc, char **argv); /* NULL: exists in Xen's xl only */
    const char *description;
    const char *usage;   /* after the name */
    const char *options; /* lines of help, or NULL */
};
/* By its name; NULL: there is none. */
const struct command *find_command(const char *name);
/* Whether it looks at dryrun_only. */
bool has_dry_run(const struct command *command);
void print_help(void);
void print_command_help(const struct command *command, FILE *out);

/*
 * getopt_long for a command that takes 'required' further arguments: the next
 * option, or -1 at their end. -h prints the command's help and exits; an
 * unknown option or too few arguments print what is wrong and exit.
 */
int next_option(int argc, char **argv, const char *options,
                const struct option *longopts, int required);
/* The same for a command that has no option of its own. */
void no_options(int argc, char **argv, int required);
/* That of xl for the result of a function which is 0 if all went well. */
static inline int exit_status(int failed)
{
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* --- domains by name or number --- */

/* The number of the domain that a user has named so, or the end of xl, with one
 * line. */
uint32_t find_domain(const char *id);
/* "(null)" where there is none, as it has always been printed. From malloc. */
char *domain_name(uint32_t domid);

/* --- xl.conf --- */

/* What xl.conf sets, in its own names; what the file leaves out has its
 * default. */
struct xl_conf {
    char *lockfile;
    char *default_vifscript, *default_bridge, *default_gatewaydev;
    char *default_vifbackend;
    bool run_hotplug_scripts;
    libxl_defbool claim_mode;
    int autoballoon; /* -1: unless dom0's memory is fixed */
    long max_grant_frames, max_maptrack_frames, max_grant_version; /* -1 */
};
extern struct xl_conf xl_conf;
/* A file that is not there is fine. Problems are reported; 0 or -1. */
int read_xl_conf(const char *file);

/* --- domain configurations (config.c, vif.c, words.c) --------------------- */

/* The text of a file with the command line's overrides; from malloc. */
char *read_config_text(const char *file, char **overrides, int n, int *len);
/* config must be initialised, and must be disposed of in any case. */
int parse_config(const char *name, const char *text, int len,
                 libxl_domain_config *config);
/* where: prefix of the messages. */
int parse_vif(XLU_Config *cfg, const char *where, const char *spec,
              libxl_device_nic *nic);
/* "0-3,^1", "all"; map is allocated for 'cpus' processors. */
int parse_cpus(const char *where, const char *what, const char *spec, int cpus,
               libxl_bitmap *map);
/* "256", "256M", "1G", "262144k": KiB; without unit MiB. -1: not a size. */
int64_t parse_mem_kb(const char *s);
/* As vcpu-list shows it: "all", "none", "0-2,4". */
void print_cpumap(FILE *out, const libxl_bitmap *map, int cpus);

/* --- list_format.c --- */

void print_list_heading(FILE *out, bool verbose);
void print_list_line(FILE *out, const libxl_dominfo *info, const char *name,
                     bool verbose);
void print_disk_heading(FILE *out);
void print_disk_line(FILE *out, const libxl_diskinfo *info);
void print_nic_heading(FILE *out);
void print_nic_line(FILE *out, const libxl_nicinfo *info, const libxl_mac mac);

/* --- creation and the monitor --- */

/* What the command line says. no_monitor: nobody acts on the domain's end. */
struct create_options {
    bool paused, console, foreground, no_monitor, quiet;
};
/* Has dom0 return the memory that the guest needs and the host lacks, if it
 * may; takes some seconds. How much is free then is up to the caller to see. */
void make_room(libxl_domain_config *config);
/* Built and paused. 0 or ERROR_*, and an error has been printed. */
int make_domain(libxl_domain_config *config, uint32_t *domid,
                const libxl_asyncprogress_how *console);
/* make_domain(), then what the options say: its console, and the process that
 * watches it. The exit status of xl. */
int create_domain(libxl_domain_config *config,
                  const struct create_options *options);
int monitor_domain(libxl_domain_config *config, uint32_t domid,
                   const struct create_options *options);

#endif
