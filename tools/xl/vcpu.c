/* SPDX-License-Identifier: MIT */
/*
 * Virtual processors: where they run, where they may, and how many.
 */
#include "xl.h"
#include "commands.h"

static void print_vcpu(uint32_t domid, const char *name,
                       const libxl_vcpuinfo *v, int cpus)
{
    printf("%-32s %5u %5u", name, domid, v->vcpuid);
    if (!v->online)
        printf("%5c %3c%cp ", '-', '-', '-');
    else
        printf("%5u %3c%c- ", v->cpu, v->running ? 'r' : '-',
               v->blocked ? 'b' : '-');
    printf(" %8.1f  ", v->vcpu_time / 1e9);
    print_cpumap(stdout, &v->cpumap, cpus);
    printf(" / ");
    print_cpumap(stdout, &v->cpumap_soft, cpus);
    printf("\n");
}

static int list_domain(uint32_t domid, int host_cpus)
{
    int n, cpus;
    libxl_vcpuinfo *list = libxl_list_vcpu(ctx, domid, &n, &cpus);
    char *name;

    if (!list)
        return -1;
    name = domain_name(domid);
    for (int i = 0; i < n; i++)
        print_vcpu(domid, name, &list[i], host_cpus);
    free(name);
    libxl_vcpuinfo_list_free(list, n);
    return 0;
}

int main_vcpu_list(int argc, char **argv)
{
    libxl_dominfo *list;
    int n, cpus, failed = 0;

    no_options(argc, argv, 0);
    cpus = libxl_get_online_cpus(ctx);
    if (cpus <= 0)
        return EXIT_FAILURE;
    printf("%-32s %5s %5s %5s %5s %9s %s\n", "Name", "ID", "VCPU", "CPU",
           "State", "Time(s)", "Affinity (Hard / Soft)");
    for (int i = optind; i < argc; i++)
        failed |= list_domain(find_domain(argv[i]), cpus);
    if (optind < argc)
        return exit_status(failed);
    list = libxl_list_domain(ctx, &n);
    if (!list)
        return EXIT_FAILURE;
    for (int i = 0; i < n; i++)
        failed |= list_domain(list[i].domid, cpus);
    libxl_dominfo_list_free(list, n);
    return exit_status(failed);
}

/* "-": leave it, NULL. */
static int affinity_argument(const char *s, libxl_bitmap *map,
                             libxl_bitmap **result)
{
    int cpus = libxl_get_max_cpus(ctx);

    *result = NULL;
    if (!s || !strcmp(s, "-"))
        return 0;
    if (cpus <= 0 || parse_cpus("xl vcpu-pin", "affinity", s, cpus, map))
        return -1;
    *result = map;
    return 0;
}

int main_vcpu_pin(int argc, char **argv)
{
    static const struct option longopts[] = {{"force", 0, 0, 'f'}, {0}};
    libxl_bitmap hard_map, soft_map, *hard, *soft;
    libxl_dominfo info;
    bool force = false;
    uint32_t domid;
    char *end;
    long vcpu;
    int opt, rc = -1;

    while ((opt = next_option(argc, argv, "f", longopts, 3)) != -1)
        force |= opt == 'f';
    domid = find_domain(argv[optind]);
    vcpu = strtol(argv[optind + 1], &end, 10);
    if (!strcmp(argv[optind + 1], "all"))
        vcpu = -1;
    else if (*end || vcpu < 0) {
        fprintf(stderr, "xl vcpu-pin: '%s' is not a vcpu\n", argv[optind + 1]);
        return EXIT_FAILURE;
    }
    libxl_bitmap_init(&hard_map);
    libxl_bitmap_init(&soft_map);
    libxl_dominfo_init(&info);
    if (affinity_argument(argv[optind + 2], &hard_map, &hard) ||
        affinity_argument(argc > optind + 3 ? argv[optind + 3] : NULL,
                          &soft_map, &soft))
        goto out;
    if (vcpu < 0)
        rc = libxl_domain_info(ctx, &info, domid)
                 ?: libxl_set_vcpuaffinity_all(ctx, domid, info.vcpu_max_id + 1,
                                               hard, soft);
    else if (force)
        rc = libxl_set_vcpuaffinity_force(ctx, domid, vcpu, hard, soft);
    else
        rc = libxl_set_vcpuaffinity(ctx, domid, vcpu, hard, soft);
out:
    libxl_dominfo_dispose(&info);
    libxl_bitmap_dispose(&hard_map);
    libxl_bitmap_dispose(&soft_map);
    return exit_status(rc);
}

int main_vcpu_set(int argc, char **argv)
{
    static const struct option longopts[] = {{"ignore-host", 0, 0, 'i'}, {0}};
    bool ignore_host = false;
    libxl_bitmap map;
    uint32_t domid;
    int opt, rc, host = 0;
    char *end;
    long n;

    while ((opt = next_option(argc, argv, "i", longopts, 2)) != -1)
        ignore_host |= opt == 'i';
    domid = find_domain(argv[optind]);
    n = strtol(argv[optind + 1], &end, 10);
    if (*end || n < 1 || n > 8192) {
        fprintf(stderr, "xl vcpu-set: '%s' is not a number of vcpus\n",
                argv[optind + 1]);
        return EXIT_FAILURE;
    }
    if (!ignore_host && (host = libxl_get_online_cpus(ctx)) > 0 && n > host) {
        fprintf(stderr,
                "xl vcpu-set: %ld vcpus are more than the host's %d CPUs; "
                "--ignore-host allows it\n",
                n, host);
        return EXIT_FAILURE;
    }
    if (libxl_bitmap_alloc(ctx, &map, n))
        return EXIT_FAILURE;
    for (long i = 0; i < n; i++)
        libxl_bitmap_set(&map, i);
    rc = libxl_set_vcpuonline(ctx, domid, &map, NULL);
    libxl_bitmap_dispose(&map);
    return exit_status(rc);
}
