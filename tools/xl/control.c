/* SPDX-License-Identifier: MIT */
/*
 * Commands that act on living domains.
 */
#include "xl.h"
#include "commands.h"

/* --- one domain, one call --- */

static int on_domain(int argc, char **argv,
                     int (*act)(libxl_ctx *, uint32_t,
                                const libxl_asyncop_how *))
{
    no_options(argc, argv, 1);
    return exit_status(act(ctx, find_domain(argv[optind]), NULL));
}

int main_pause(int argc, char **argv)
{
    return on_domain(argc, argv, libxl_domain_pause);
}

int main_unpause(int argc, char **argv)
{
    return on_domain(argc, argv, libxl_domain_unpause);
}

int main_destroy(int argc, char **argv)
{
    uint32_t domid;
    bool force = force_execution;
    int opt;

    while ((opt = next_option(argc, argv, "f", NULL, 1)) != -1)
        force |= opt == 'f';
    domid = find_domain(argv[optind]);
    if (!domid && !force) {
        fprintf(stderr, "xl destroy: domain 0 is the one that this runs in; "
                        "-f asks the hypervisor all the same\n");
        return EXIT_FAILURE;
    }
    return exit_status(libxl_domain_destroy(ctx, domid, NULL));
}

int main_console(int argc, char **argv)
{
    static const struct option longopts[] = {
        {"type", 1, 0, 't'}, {"num", 1, 0, 'n'}, {0}};
    int opt, number = 0;

    while ((opt = next_option(argc, argv, "n:t:e:", longopts, 1)) != -1) {
        if (opt == 'n')
            number = atoi(optarg);
        if (opt == 't' && strcmp(optarg, "pv")) {
            fprintf(stderr, "xl console: type '%s' is not supported, only pv\n",
                    optarg);
            return EXIT_FAILURE;
        }
    }
    libxl_console_exec(ctx, find_domain(argv[optind]), number,
                       LIBXL_CONSOLE_TYPE_PV, -1);
    return EXIT_FAILURE; /* a success does not return */
}

int main_trigger(int argc, char **argv)
{
    libxl_trigger trigger;
    uint32_t domid;
    long vcpu = 0;
    char *end;

    no_options(argc, argv, 2);
    domid = find_domain(argv[optind]);
    if (libxl_trigger_from_string(argv[optind + 1], &trigger)) {
        fprintf(stderr, "xl trigger: there is no trigger '%s'\n",
                argv[optind + 1]);
        return EXIT_FAILURE;
    }
    if (argc > optind + 2) {
        vcpu = strtol(argv[optind + 2], &end, 10);
        if (*end || vcpu < 0) {
            fprintf(stderr, "xl trigger: '%s' is not a vcpu\n",
                    argv[optind + 2]);
            return EXIT_FAILURE;
        }
    }
    return exit_status(libxl_send_trigger(ctx, domid, trigger, vcpu, NULL));
}

int main_sysrq(int argc, char **argv)
{
    no_options(argc, argv, 2);
    if (!argv[optind + 1][0] || argv[optind + 1][1]) {
        fprintf(stderr, "xl sysrq: '%s' is not a single letter\n",
                argv[optind + 1]);
        return EXIT_FAILURE;
    }
    return exit_status(
        libxl_send_sysrq(ctx, find_domain(argv[optind]), argv[optind + 1][0]));
}

/* --- shutdown and reboot, of one or all, with or without waiting ---------- */

struct end {
    uint32_t domid;
    libxl_evgen_domain_death *death;
};

static int ask(const char *doing, uint32_t domid, struct end *end, bool wait,
               int (*act)(libxl_ctx *, uint32_t, const libxl_asyncop_how *))
{
    int rc;

    printf("%s domain %u\n", doing, domid);
    end->domid = domid;
    if (wait &&
        libxl_evenable_domain_death(ctx, domid, (uintptr_t)end, &end->death)) {
        fprintf(stderr, "xl: cannot watch domain %u for its end\n", domid);
        return -1;
    }
    rc = act(ctx, domid, NULL);
    if (rc && end->death) {
        libxl_evdisable_domain_death(ctx, end->death);
        end->death = NULL;
    }
    return rc;
}

static int wait_for_ends(struct end *ends, int n)
{
    libxl_event *event;
    int left = 0;

    for (int i = 0; i < n; i++)
        left += !!ends[i].death;
    if (left)
        printf("%d domains have not ended yet\n", left);
    while (left) {
        struct end *end;

        if (libxl_event_wait(ctx, &event, LIBXL_EVENTMASK_ALL, NULL, NULL))
            return -1;
        end = (struct end *)(uintptr_t)event->for_user;
        if (event->type == LIBXL_EVENT_TYPE_DOMAIN_SHUTDOWN)
            printf("domain %u has shut down, reason %d\n", event->domid,
                   event->u.domain_shutdown.shutdown_reason);
        else
            printf("domain %u is gone\n", event->domid);
        libxl_event_free(ctx, event);
        if (end->death) { /* the first of the two events is enough */
            libxl_evdisable_domain_death(ctx, end->death);
            end->death = NULL;
            left--;
        }
    }
    return 0;
}

static int shutdown_or_reboot(int argc, char **argv, const char *doing,
                              int (*act)(libxl_ctx *, uint32_t,
                                         const libxl_asyncop_how *))
{
    static const struct option longopts[] = {
        {"all", 0, 0, 'a'}, {"wait", 0, 0, 'w'}, {0}};
    bool all = false, wait = false;
    libxl_dominfo *list = NULL;
    struct end *ends;
    int opt, n = 1, failed = 0;

    while ((opt = next_option(argc, argv, "awF", longopts, 0)) != -1) {
        all |= opt == 'a';
        wait |= opt == 'w';
    }
    if (all ? optind < argc : optind + 1 != argc) {
        fprintf(stderr, "xl %s: either -a or one domain is needed\n", argv[0]);
        return EXIT_FAILURE;
    }
    if (all && !(list = libxl_list_domain(ctx, &n)))
        return EXIT_FAILURE;
    ends = calloc(n, sizeof(*ends));
    if (!all)
        failed |= ask(doing, find_domain(argv[optind]), ends, wait, act);
    for (int i = 0; all && i < n; i++)
        if (list[i].domid) /* never domain 0, in which this runs */
            failed |= ask(doing, list[i].domid, &ends[i], wait, act);
    if (wait)
        failed |= wait_for_ends(ends, n);
    free(ends);
    if (list)
        libxl_dominfo_list_free(list, n);
    return exit_status(failed);
}

int main_shutdown(int argc, char **argv)
{
    return shutdown_or_reboot(argc, argv,
                              "asking to power off:", libxl_domain_shutdown);
}

int main_reboot(int argc, char **argv)
{
    return shutdown_or_reboot(argc, argv,
                              "asking to reboot:", libxl_domain_reboot);
}
