/* SPDX-License-Identifier: MIT */
/*
 * Names, numbers, and how long domains have been running.
 */
#include <time.h>

#include "xl.h"
#include "commands.h"

int main_domid(int argc, char **argv)
{
    uint32_t domid;

    no_options(argc, argv, 1);
    if (libxl_name_to_domid(ctx, argv[optind], &domid)) {
        fprintf(stderr, "xl domid: no domain is called '%s'\n", argv[optind]);
        return EXIT_FAILURE;
    }
    printf("%u\n", domid);
    return EXIT_SUCCESS;
}

int main_domname(int argc, char **argv)
{
    unsigned long domid;
    char *name, *end;

    no_options(argc, argv, 1);
    domid = strtoul(argv[optind], &end, 10);
    name = *end || domid > INT32_MAX ? NULL : libxl_domid_to_name(ctx, domid);
    if (!name) {
        fprintf(stderr, "xl domname: no domain has the number '%s'\n",
                argv[optind]);
        return EXIT_FAILURE;
    }
    printf("%s\n", name);
    free(name);
    return EXIT_SUCCESS;
}

int main_rename(int argc, char **argv)
{
    no_options(argc, argv, 2);
    return exit_status(libxl_domain_rename(ctx, find_domain(argv[optind]), NULL,
                                           argv[optind + 1]));
}

/* --- uptime --- */

static uint32_t host_uptime(void)
{
    FILE *f = fopen("/proc/uptime", "re");
    double seconds = 0;

    if (f && fscanf(f, "%lf", &seconds) != 1)
        seconds = 0;
    if (f)
        fclose(f);
    return seconds;
}

static void print_duration(uint32_t s)
{
    if (s >= 86400)
        printf("%u days, ", s / 86400);
    printf("%2u:%02u", s % 86400 / 3600, s % 3600 / 60);
}

static void print_uptime(uint32_t domid, bool brief, time_t now)
{
    uint32_t start = domid ? libxl_vm_get_start_time(ctx, domid) : 0;
    uint32_t up = !domid         ? host_uptime()
                  : start == ~0U ? 0
                                 : (uint32_t)now - start;
    char *name = domain_name(domid), clock[16];
    struct tm tm;

    if (brief) {
        strftime(clock, sizeof(clock), "%H:%M:%S", localtime_r(&now, &tm));
        printf(" %s up ", clock);
        print_duration(up);
        printf(",  %s (%u)\n", name, domid);
    } else {
        printf("%-32s %5u ", name, domid);
        print_duration(up);
        printf(":%02u\n", up % 60);
    }
    free(name);
}

int main_uptime(int argc, char **argv)
{
    bool brief = false;
    libxl_dominfo *list;
    time_t now = time(NULL);
    int opt, n;

    while ((opt = next_option(argc, argv, "s", NULL, 0)) != -1)
        brief |= opt == 's';
    if (!brief)
        printf("%-33s %4s %s\n", "Name", "ID", "Uptime");
    for (int i = optind; i < argc; i++)
        print_uptime(find_domain(argv[i]), brief, now);
    if (optind < argc)
        return EXIT_SUCCESS;
    list = libxl_list_domain(ctx, &n);
    if (!list)
        return EXIT_FAILURE;
    for (int i = 0; i < n; i++)
        print_uptime(list[i].domid, brief, now);
    libxl_dominfo_list_free(list, n);
    return EXIT_SUCCESS;
}
