/* SPDX-License-Identifier: MIT */
/*
 * xenconsoled - the console backend of all PV guests. Options and files are
 * those of Xen's daemon of the same name, so that init scripts and 'xl console'
 * work with either. Two processes, see parent.h.
 */
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <daemon/daemonise.h>
#include <daemon/errand.h>
#include <daemon/log.h>

#include "consoles.h"
#include "parent.h"
#include "sandbox.h"
#include "serving.h"

#define LOG_FILE "/var/log/xen/xenconsoled.log"

static struct console_options options;

static void usage(FILE *f)
{
    fputs("usage: xenconsoled [-h] [-V] [-v] [-i] [--log=none|guest|hv|all]\n"
          "         [--log-dir=DIR] [--pid-file=FILE]\n"
          "         [-t, --timestamp=none|guest|hv|all]\n"
          "         [-o, --overflow-data=discard|keep]\n",
          f);
}

/* none, guest, hv or all. */
static bool parse_which(const char *word, bool *guest, bool *hv)
{
    *guest = !strcmp(word, "guest") || !strcmp(word, "all");
    *hv = !strcmp(word, "hv") || !strcmp(word, "all");
    return *guest || *hv || !strcmp(word, "none");
}

struct daemon_options {
    const char *pid_file, *log_dir;
    bool foreground;
    enum log_level level;
};

/* False: not understood. */
static bool parse_options(struct daemon_options *o, int argc, char **argv)
{
    static const struct option longs[] = {
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},
        {"verbose", no_argument, NULL, 'v'},
        {"interactive", no_argument, NULL, 'i'},
        {"log", required_argument, NULL, 'l'},
        {"log-dir", required_argument, NULL, 'r'},
        {"pid-file", required_argument, NULL, 'p'},
        {"timestamp", required_argument, NULL, 't'},
        {"overflow-data", required_argument, NULL, 'o'},
        {NULL, 0, NULL, 0},
    };
    bool good = true;
    int c;

    while ((c = getopt_long(argc, argv, "hVvit:o:", longs, NULL)) != -1)
        switch (c) {
        case 'h':
            usage(stdout);
            exit(0);
        case 'V':
            puts("xenconsoled of xen-lite");
            exit(0);
        case 'v':
            o->level = LOG_LVL_DEBUG;
            break;
        case 'i':
            o->foreground = true;
            break;
        case 'l':
            good &= parse_which(optarg, &options.log_guests,
                                &options.log_hypervisor);
            break;
        case 'r':
            o->log_dir = optarg;
            break;
        case 'p':
            o->pid_file = optarg;
            break;
        case 't':
            good &= parse_which(optarg, &options.stamp_guests,
                                &options.stamp_hypervisor);
            break;
        case 'o':
            options.keep_oldest = !strcmp(optarg, "keep");
            good &= options.keep_oldest || !strcmp(optarg, "discard");
            break;
        default:
            good = false;
        }
    return good && optind == argc;
}

static int cannot_start(int rc)
{
    log_error("cannot start: %s", log_take_reason(rc));
    return 1;
}

static void ready(void)
{
    daemon_ready(LOG_FILE);
}

static int be_parent(const struct daemon_options *o, struct pair *both)
{
    const struct parent with = {.log_dir = o->log_dir,
                                .log_guests = options.log_guests,
                                .log_hypervisor = options.log_hypervisor,
                                .run_dir = CONSOLE_RUN_DIR,
                                .keeper = "/usr/lib/xen-lite/bin/"
                                          "xen-console-keeper",
                                .ready = ready};
    int rc = parent_run(&with, both);

    if (!rc)
        daemon_end();
    return rc;
}

static int serve(const struct pair *both, char *first_argument)
{
    int rc;

    errand_begin(both->end);
    log_to(errand_say);
    pair_hide(first_argument, "console-server");
    rc = consoles_open(&options);
    if (rc)
        return cannot_start(rc);
    rc = sandbox_enter(both);
    return rc ? cannot_start(
                    log_reason(rc, "giving up privileges: %s", strerror(-rc)))
              : consoles_serve();
}

int main(int argc, char **argv)
{
    struct daemon_options o = {.log_dir = "/var/log/xen/console",
                               .level = LOG_LVL_INFO};
    struct rlimit files = {65536, 65536};
    struct pair both;
    int rc;

    if (!parse_options(&o, argc, argv)) {
        usage(stderr);
        return 1;
    }
    log_setup("xenconsoled", o.level);
    if (daemon_begin(o.pid_file, o.foreground))
        return 1;
    setrlimit(RLIMIT_NOFILE, &files); /* some descriptors per guest */
    rc = serving_claim(CONSOLE_RUN_DIR);
    rc = rc ? rc : pair_fork(&both, INT_MAX);
    if (rc)
        return cannot_start(rc);
    return both.child ? be_parent(&o, &both) : serve(&both, argv[0]);
}
