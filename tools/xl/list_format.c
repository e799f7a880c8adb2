/* SPDX-License-Identifier: MIT */
/*
 * The table of xl list, which cluster managers split at its blanks: not a
 * byte of it may change.
 */
#include "xl.h"

void print_list_heading(FILE *out, bool verbose)
{
    fprintf(out, "Name                                        ID   Mem VCPUs"
                 "\tState\tTime(s)");
    if (verbose)
        fprintf(out, "   UUID                            Reason-Code"
                     "\tSecurity Label");
    fputc('\n', out);
}

/* The fifth letter says why it shut down: nothing special, reboot, suspend,
 * crash, watchdog, soft reset. */
static char reason_letter(const libxl_dominfo *info)
{
    static const char letters[] = "-rscwS";

    if (!info->shutdown)
        return '-';
    return (unsigned int)info->shutdown_reason < sizeof(letters) - 1
               ? letters[info->shutdown_reason]
               : '?';
}

void print_list_line(FILE *out, const libxl_dominfo *info, const char *name,
                     bool verbose)
{
    fprintf(
        out, "%-40s %5u %5lu %5u     %c%c%c%c%c%c  %8.1f", name, info->domid,
        (unsigned long)((info->current_memkb + info->outstanding_memkb) / 1024),
        info->vcpu_online, info->running ? 'r' : '-', info->blocked ? 'b' : '-',
        info->paused ? 'p' : '-', info->shutdown ? 's' : '-',
        reason_letter(info), info->dying ? 'd' : '-', info->cpu_time / 1e9);
    if (verbose) {
        fprintf(out, " " LIBXL_UUID_FMT, LIBXL_UUID_BYTES(info->uuid));
        if (info->shutdown)
            fprintf(out, " %8x", info->shutdown_reason);
        else
            fprintf(out, " %8s", "-");
        fprintf(out, " %16s", info->ssid_label ? info->ssid_label : "-");
    }
    fputc('\n', out);
}

void print_disk_heading(FILE *out)
{
    fprintf(out, "%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE",
            "handle", "state", "evt-ch", "ring-ref", "BE-path");
}

void print_disk_line(FILE *out, const libxl_diskinfo *i)
{
    fprintf(out, "%-5d %-3u %-6u %-5d %-6d %-8d %-30s\n", i->devid,
            i->backend_id, i->frontend_id, i->state, i->evtch, i->rref,
            i->backend);
}

void print_nic_heading(FILE *out)
{
    fprintf(out, "%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-5s %-30s\n", "Idx", "BE",
            "Mac Addr.", "handle", "state", "evt-ch", "tx-", "rx-ring-ref",
            "BE-path");
}

/* Its number is in the column 'handle', too. */
void print_nic_line(FILE *out, const libxl_nicinfo *i, const libxl_mac mac)
{
    fprintf(out, "%-3d %-2u " LIBXL_MAC_FMT "%6d %5d %6d %5d/%-11d %-30s\n",
            i->devid, i->backend_id, LIBXL_MAC_BYTES(mac), i->devid, i->state,
            i->evtch, i->rref_tx, i->rref_rx, i->backend);
}
