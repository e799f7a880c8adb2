/* SPDX-License-Identifier: MIT */
/*
 * The host: xl info, dmesg, debug-keys.
 */
#include <sys/utsname.h>

#include "xl.h"
#include "commands.h"

#define MB(pages) ((unsigned long)((pages) / 256))

static void print_kernel(void)
{
    struct utsname u;

    if (uname(&u))
        return;
    printf("host                   : %s\n", u.nodename);
    printf("release                : %s\n", u.release);
    printf("version                : %s\n", u.version);
    printf("machine                : %s\n", u.machine);
}

static void print_capabilities(const libxl_physinfo *i)
{
    const struct {
        bool has;
        const char *name;
    } caps[] = {
        {i->cap_pv, "pv"},
        {i->cap_hvm, "hvm"},
        {i->cap_hvm && i->cap_hvm_directio, "hvm_directio"},
        {i->cap_pv && i->cap_hvm_directio, "pv_directio"},
        {i->cap_hap, "hap"},
        {i->cap_shadow, "shadow"},
        {i->cap_iommu_hap_pt_share, "iommu_hap_pt_share"},
        {i->cap_vmtrace, "vmtrace"},
        {i->cap_vpmu, "vpmu"},
        {i->cap_gnttab_v1, "gnttab-v1"},
        {i->cap_gnttab_v2, "gnttab-v2"},
    };

    printf("virt_caps              :");
    for (size_t n = 0; n < ARRAY_SIZE(caps); n++)
        if (caps[n].has)
            printf(" %s", caps[n].name);
    printf("\n");
}

static int print_physinfo(void)
{
    libxl_physinfo i;
    libxl_bitmap cpus;
    unsigned long free_mb;

    libxl_physinfo_init(&i);
    if (libxl_get_physinfo(ctx, &i))
        return -1;
    free_mb = MB(i.free_pages + i.scrub_pages - i.outstanding_pages);
    printf("nr_cpus                : %u\n", i.nr_cpus);
    printf("max_cpu_id             : %u\n", i.max_cpu_id);
    printf("nr_nodes               : %u\n", i.nr_nodes);
    printf("cores_per_socket       : %u\n", i.cores_per_socket);
    printf("threads_per_core       : %u\n", i.threads_per_core);
    printf("cpu_mhz                : %u.%03u\n", i.cpu_khz / 1000,
           i.cpu_khz % 1000);
    printf("hw_caps                : %08x:%08x:%08x:%08x:%08x:%08x:%08x:%08x\n",
           i.hw_cap[0], i.hw_cap[1], i.hw_cap[2], i.hw_cap[3], i.hw_cap[4],
           i.hw_cap[5], i.hw_cap[6], i.hw_cap[7]);
    print_capabilities(&i);
    printf("total_memory           : %lu\n", MB(i.total_pages));
    printf("free_memory            : %lu\n", free_mb);
    printf("sharing_freed_memory   : %lu\n", MB(i.sharing_freed_pages));
    printf("sharing_used_memory    : %lu\n", MB(i.sharing_used_frames));
    printf("outstanding_claims     : %lu\n", MB(i.outstanding_pages));
    libxl_physinfo_dispose(&i);
    if (!libxl_get_freecpus(ctx, &cpus)) {
        printf("free_cpus              : %d\n", libxl_bitmap_count_set(&cpus));
        libxl_bitmap_dispose(&cpus);
    }
    return 0;
}

static int print_version(void)
{
    const libxl_version_info *v = libxl_get_version_info(ctx);
    int scheduler = libxl_get_scheduler(ctx);

    if (!v || scheduler < 0)
        return -1;
    printf("xen_major              : %d\n", v->xen_version_major);
    printf("xen_minor              : %d\n", v->xen_version_minor);
    printf("xen_extra              : %s\n", v->xen_version_extra);
    printf("xen_version            : %d.%d%s\n", v->xen_version_major,
           v->xen_version_minor, v->xen_version_extra);
    printf("xen_caps               : %s\n", v->capabilities);
    printf("xen_scheduler          : %s\n",
           libxl_scheduler_to_string(scheduler));
    printf("xen_pagesize           : %u\n", v->pagesize);
    printf("platform_params        : virt_start=0x%" PRIx64 "\n",
           v->virt_start);
    printf("xen_changeset          : %s\n", v->changeset);
    printf("xen_commandline        : %s\n", v->commandline);
    printf("cc_compiler            : %s\n", v->compiler);
    printf("cc_compile_by          : %s\n", v->compile_by);
    printf("cc_compile_domain      : %s\n", v->compile_domain);
    printf("cc_compile_date        : %s\n", v->compile_date);
    printf("build_id               : %s\n", v->build_id);
    return 0;
}

static int print_topology(void)
{
    libxl_cputopology *cpus;
    int n;

    cpus = libxl_get_cpu_topology(ctx, &n);
    if (!cpus)
        return -1;
    printf("cpu_topology           :\n");
    printf("cpu:    core    socket     node\n");
    for (int i = 0; i < n; i++)
        if (cpus[i].core != LIBXL_CPUTOPOLOGY_INVALID_ENTRY)
            printf("%3d:    %4d     %4d     %4d\n", i, cpus[i].core,
                   cpus[i].socket, cpus[i].node);
    libxl_cputopology_list_free(cpus, n);
    return 0;
}

static int print_nodes(void)
{
    libxl_numainfo *nodes;
    int n;

    nodes = libxl_get_numainfo(ctx, &n);
    if (!nodes)
        return -1;
    printf("numa_info              :\n");
    printf("node:    memsize    memfree    distances\n");
    for (int i = 0; i < n; i++) {
        if (nodes[i].size == LIBXL_NUMAINFO_INVALID_ENTRY)
            continue;
        printf("%4d:    %6" PRIu64 "     %6" PRIu64 "      %d", i,
               nodes[i].size >> 20, nodes[i].free >> 20, nodes[i].dists[0]);
        for (int j = 1; j < nodes[i].num_dists; j++)
            printf(",%d", nodes[i].dists[j]);
        printf("\n");
    }
    libxl_numainfo_list_free(nodes, n);
    return 0;
}

int main_info(int argc, char **argv)
{
    static const struct option longopts[] = {{"numa", 0, 0, 'n'}, {0}};
    bool numa = false;
    int opt;

    while ((opt = next_option(argc, argv, "n", longopts, 0)) != -1)
        numa |= opt == 'n';
    print_kernel();
    if (print_physinfo())
        return EXIT_FAILURE;
    if (numa && (print_topology() || print_nodes()))
        return EXIT_FAILURE;
    if (print_version())
        return EXIT_FAILURE;
    printf("xend_config_format     : 4\n");
    return EXIT_SUCCESS;
}

int main_dmesg(int argc, char **argv)
{
    libxl_xen_console_reader *reader;
    bool clear = false;
    char *line;
    int opt;

    while ((opt = next_option(argc, argv, "c", NULL, 0)) != -1)
        clear |= opt == 'c';
    reader = libxl_xen_console_read_start(ctx, clear);
    if (!reader)
        return EXIT_FAILURE;
    while (libxl_xen_console_read_line(ctx, reader, &line) > 0)
        printf("%s", line);
    libxl_xen_console_read_finish(ctx, reader);
    return EXIT_SUCCESS;
}

int main_debug_keys(int argc, char **argv)
{
    no_options(argc, argv, 1);
    return exit_status(libxl_send_debug_keys(ctx, argv[optind]));
}
