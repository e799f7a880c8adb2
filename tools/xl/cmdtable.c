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
    {"create", main_create, "Create a domain from config file <filename>",
     "<ConfigFile> [options] [vars]",
     "-c                      Connect to the console after the domain is "
     "created.\n"
     "-d                      Enable debug messages.\n"
     "-e                      Do not wait in the background for the death of "
     "the domain.\n"
     "-F                      Run in foreground until death of the domain.\n"
     "-f FILE, --defconfig=FILE\n"
     "                     Use the given configuration file.\n"
     "-h                      Print this help.\n"
     "-n, --dryrun            Dry run - prints the resulting configuration\n"
     "                         (deprecated in favour of global -N option).\n"
     "-p                      Leave the domain paused after it is created.\n"
     "-q, --quiet             Quiet.\n"},
    {"list", main_list, "List information about all/some domains",
     "[options] [Domain]",
     "-l, --long              Output all VM details\n"
     "-v, --verbose           Prints out UUIDs and security context\n"},
    {"destroy", main_destroy, "Terminate a domain immediately", "<Domain>",
     "-f                      Permit destroying domain 0, which will only "
     "succeed\n"
     "                        when run from disaggregated toolstack domain.\n"},
    {"shutdown", main_shutdown, "Issue a shutdown signal to a domain",
     "[options] <-a|Domain>",
     "-a, --all               Shutdown all guest domains.\n"
     "-h                      Print this help.\n"
     "-F                      Accepted for compatibility.\n"
     "-w, --wait              Wait for guest(s) to shutdown.\n"},
    {"reboot", main_reboot, "Issue a reboot signal to a domain",
     "[options] <-a|Domain>",
     "-a, --all               Reboot all guest domains.\n"
     "-h                      Print this help.\n"
     "-F                      Accepted for compatibility.\n"
     "-w, --wait              Wait for guest(s) to reboot.\n"},
    {"pause", main_pause, "Pause execution of a domain", "<Domain>", NULL},
    {"unpause", main_unpause, "Unpause a paused domain", "<Domain>", NULL},
    {"console", main_console, "Attach to domain's console",
     "[options] <Domain>\n"
     "-t <type>       console type, pv\n"
     "-n <number>     console number",
     NULL},
    {"mem-max", main_mem_max, "Set the maximum amount reservation for a domain",
     "<Domain> <MemMB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]|'t'[TB]]>", NULL},
    {"mem-set", main_mem_set, "Set the current memory usage for a domain",
     "<Domain> <MemMB['b'[bytes]|'k'[KB]|'m'[MB]|'g'[GB]|'t'[TB]]>", NULL},
    {"vcpu-list", main_vcpu_list, "List the VCPUs for all/some domains",
     "[Domain, ...]", NULL},
    {"vcpu-pin", main_vcpu_pin, "Set which CPUs a VCPU can use",
     "[option] <Domain> <VCPU|all> <Hard affinity|-|all> <Soft affinity|-|all>",
     "-f, --force        undo an override pinning done by the kernel\n"},
    {"vcpu-set", main_vcpu_set,
     "Set the number of active VCPUs allowed for the domain",
     "[option] <Domain> <vCPUs>",
     "-i, --ignore-host  Don't limit the vcpu based on the host cpu count\n"},
    {"vm-list", main_vm_list,
     "List guest domains, excluding dom0, stubdoms, etc.", "", NULL},
    {"info", main_info, "Get information about Xen host", "[-n]",
     "-n, --numa         List host NUMA topology information\n"},
    {"sched-credit2", main_sched_credit2,
     "Get/set credit2 scheduler parameters",
     "[-d <Domain> [-w[=WEIGHT]|-c[=CAP]]] [-p CPUPOOL]",
     "-d DOMAIN, --domain=DOMAIN     Domain to modify\n"
     "-w WEIGHT, --weight=WEIGHT     Weight (int)\n"
     "-c CAP,    --cap=CAP           Cap (int)\n"
     "-p CPUPOOL, --cpupool=CPUPOOL  Restrict output to CPUPOOL\n"},
    {"domid", main_domid, "Convert a domain name to domain id", "<DomainName>",
     NULL},
    {"domname", main_domname, "Convert a domain id to domain name",
     "<DomainId>", NULL},
    {"rename", main_rename, "Rename a domain", "<Domain> <NewDomainName>",
     NULL},
    {"trigger", main_trigger, "Send a trigger to a domain",
     "<Domain> <nmi|reset|init|power|sleep|s3resume> [<VCPU>]", NULL},
    {"sysrq", main_sysrq, "Send a sysrq to a domain", "<Domain> <letter>",
     NULL},
    {"debug-keys", main_debug_keys, "Send debug keys to Xen", "<Keys>", NULL},
    {"dmesg", main_dmesg, "Read and/or clear dmesg buffer", "[-c]",
     "-c                        Clear dmesg buffer as well as printing it\n"},
    {"uptime", main_uptime, "Print uptime for all/some domains",
     "[-s] [Domain]", NULL},

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
    ABSENT("cd-insert"),
    ABSENT("cd-eject"),
    ABSENT("button-press"),
    ABSENT("sharing"),
    ABSENT("sched-credit"),
    ABSENT("sched-rtds"),
    ABSENT("set-parameters"),
    ABSENT("top"),
    ABSENT("network-attach"),
    ABSENT("network-list"),
    ABSENT("network-detach"),
    ABSENT("channel-list"),
    ABSENT("block-attach"),
    ABSENT("block-list"),
    ABSENT("block-detach"),
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

/* Completion scripts drop four lines and take the first words after one
 * blank. */
void print_help(void)
{
    printf("Usage xl [-vfNtT] <subcommand> [args]\n\n"
           "xl full list of subcommands:\n\n");
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
