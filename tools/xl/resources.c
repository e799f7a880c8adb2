/* SPDX-License-Identifier: MIT */
/*
 * A domain's share of the host: memory and scheduling.
 */
#include "xl.h"
#include "commands.h"

static int memory_argument(int argc, char **argv, uint32_t *domid, int64_t *kb)
{
    no_options(argc, argv, 2);
    *domid = find_domain(argv[optind]);
    *kb = parse_mem_kb(argv[optind + 1]);
    if (*kb > 0)
        return 0;
    fprintf(stderr, "xl %s: '%s' is not a size of memory\n", argv[0],
            argv[optind + 1]);
    return -1;
}

int main_mem_max(int argc, char **argv)
{
    uint32_t domid;
    int64_t kb;

    if (memory_argument(argc, argv, &domid, &kb))
        return EXIT_FAILURE;
    return exit_status(libxl_domain_setmaxmem(ctx, domid, kb));
}

int main_mem_set(int argc, char **argv)
{
    uint32_t domid;
    int64_t kb;

    if (memory_argument(argc, argv, &domid, &kb))
        return EXIT_FAILURE;
    return exit_status(libxl_set_memory_target(ctx, domid, kb, 0, 1));
}

/* --- sched-credit2 --- */

static void print_domain_params(uint32_t domid, const char *name)
{
    libxl_domain_sched_params params;

    libxl_domain_sched_params_init(&params);
    if (!libxl_domain_sched_params_get(ctx, domid, &params))
        printf("%-33s %4u %6d %4d\n", name, domid, params.weight, params.cap);
    libxl_domain_sched_params_dispose(&params);
}

static int print_pool(const libxl_cpupoolinfo *pool)
{
    libxl_sched_credit2_params params;
    libxl_dominfo *list;
    int n;

    if (pool->sched != LIBXL_SCHEDULER_CREDIT2)
        return 0;
    libxl_sched_credit2_params_init(&params);
    if (libxl_sched_credit2_params_get(ctx, pool->poolid, &params))
        return -1;
    printf("Cpupool %s: ratelimit=%dus\n", pool->pool_name,
           params.ratelimit_us);
    printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
    list = libxl_list_domain(ctx, &n);
    if (!list)
        return -1;
    for (int i = 0; i < n; i++) {
        char *name = domain_name(list[i].domid);

        if (list[i].cpupool == pool->poolid)
            print_domain_params(list[i].domid, name);
        free(name);
    }
    libxl_dominfo_list_free(list, n);
    return 0;
}

static int print_pools(const char *only)
{
    libxl_cpupoolinfo *list;
    uint32_t id;
    int n, r = 0;

    if (only && libxl_cpupool_qualifier_to_cpupoolid(ctx, only, &id, NULL)) {
        fprintf(stderr, "xl sched-credit2: there is no CPU pool '%s'\n", only);
        return -1;
    }
    list = libxl_list_cpupool(ctx, &n);
    if (!list)
        return -1;
    for (int i = 0; i < n && !r; i++)
        if (!only || list[i].poolid == id)
            r = print_pool(&list[i]);
    libxl_cpupoolinfo_list_free(list, n);
    return r;
}

static int number(const char *what, const char *s, int *value)
{
    char *end;
    long v = strtol(s, &end, 10);

    if (end == s || *end || v < 0 || v > 65535) {
        fprintf(stderr,
                "xl sched-credit2: %s '%s' is not a number up to "
                "65535\n",
                what, s);
        return -1;
    }
    *value = v;
    return 0;
}

int main_sched_credit2(int argc, char **argv)
{
    static const struct option longopts[] = {
        {"domain", 1, 0, 'd'},
        {"weight", 1, 0, 'w'},
        {"cap", 1, 0, 'c'},
        {"cpupool", 1, 0, 'p'},
        {0},
    };
    const char *domain = NULL, *pool = NULL;
    libxl_domain_sched_params params;
    bool set = false;
    uint32_t domid;
    int opt;

    libxl_domain_sched_params_init(&params);
    while ((opt = next_option(argc, argv, "d:w:c:p:", longopts, 0)) != -1) {
        if (opt == 'd')
            domain = optarg;
        else if (opt == 'p')
            pool = optarg;
        else if (number(opt == 'w' ? "weight" : "cap", optarg,
                        opt == 'w' ? &params.weight : &params.cap))
            return EXIT_FAILURE;
        else
            set = true;
    }
    if (!domain && set) {
        fprintf(stderr,
                "xl sched-credit2: weight and cap need a domain (-d)\n");
        return EXIT_FAILURE;
    }
    if (!domain)
        return exit_status(print_pools(pool));
    domid = find_domain(domain);
    if (set) {
        params.sched = LIBXL_SCHEDULER_CREDIT2;
        return exit_status(libxl_domain_sched_params_set(ctx, domid, &params));
    }
    printf("%-33s %4s %6s %4s\n", "Name", "ID", "Weight", "Cap");
    print_domain_params(domid, domain);
    return EXIT_SUCCESS;
}
