/* SPDX-License-Identifier: MIT */
/*
 * xenconsoled - the console backend of all PV guests. Options and files are
 * those of Xen's daemon of the same name, so that init scripts and 'xl console'
 * work with either.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <xlctrl.h>

#include <daemon/daemonise.h>
#include <daemon/signals.h>

#include "../common/domain_over.h"
#include "../common/store_client.h"
#include "console.h"
#include "hypervisor.h"
#include "serving.h"

#define LINGER_MS 2000
#define AGAIN_MS  5000 /* until what there was no memory for */
#define LOG_FILE  "/var/log/xen/xenconsoled.log"

static struct event_loop loop;
static struct store_client store;
static xlc_handle *xlc;
static struct ports ports;
static struct console_options options = {.log_dir = "/var/log/xen/console"};
static struct keep keep = {.dir = CONSOLE_RUN_DIR,
                           .program = "/usr/lib/xen-lite/bin/"
                                      "xen-console-keeper"};
static const struct console_services services = {&loop, &store, &ports, &keep,
                                                 &options};
static struct console *consoles;
static struct event_timer linger, look, again;

static struct console *find(unsigned int domid)
{
    struct console *c = consoles;

    while (c && (c->domid != domid || c->gone))
        c = c->next;
    return c;
}

static void watch(unsigned int domid, bool on)
{
    char path[64], token[16];

    snprintf(path, sizeof(path), "/local/domain/%u/console/port", domid);
    snprintf(token, sizeof(token), "%u", domid);
    if (on)
        store_client_watch(&store, path, token);
    else
        store_client_unwatch(&store, path, token);
}

static void add(struct console *c)
{
    c->next = consoles;
    consoles = c;
    watch(c->domid, true);
}

static void look_for_new(void)
{
    struct xen_domctl_getdomaininfo info;
    unsigned int n = 0;
    char **names = xs_directory(store.xs, XBT_NULL, "/local/domain", &n);

    for (unsigned int i = 0; names && i < n; i++) {
        unsigned int domid = strtoul(names[i], NULL, 10);
        struct console *c;

        if (!domid || find(domid) ||
            !xs_is_domain_introduced(store.xs, domid) ||
            xlc_domain_getinfo(xlc, domid, &info))
            continue;
        c = console_new(&services, domid, info.shared_info_frame);
        if (c) {
            add(c);
            continue;
        }
        log_error("domain %u: no memory or no grant device", domid);
        event_timer_set(&loop, &again, AGAIN_MS);
    }
    free(names);
}

static void on_again(struct event_timer *t)
{
    look_for_new();
}

/* Another domain has its number now. */
static bool is_strange(const struct console *c)
{
    struct xen_domctl_getdomaininfo info;

    return !xlc_domain_getinfo(xlc, c->domid, &info) &&
           info.shared_info_frame != c->frame;
}

/* What the keeper has, before anything else is looked at. A domain that has
 * ended meanwhile is found soon by look_for_gone(). */
static void adopt(const char *name, const int *fds, int n)
{
    unsigned int domid = strtoul(name, NULL, 10);
    struct console *c;

    if (!strcmp(name, HYPERVISOR_KEPT)) {
        hypervisor_log_adopt(fds, n);
        return;
    }
    c = console_adopt(&services, domid, fds, n);
    if (c && is_strange(c))
        console_free(c);
    else if (c)
        add(c);
    else
        log_error("domain %u: the terminal of its console is lost", domid);
}

static void keep_all(struct keep *k)
{
    for (struct console *c = consoles; c; c = c->next)
        console_keep(c);
    hypervisor_log_keep(k);
}

/* force: whether or not someone still reads the last words. */
static void remove_gone(bool force)
{
    struct console **p = &consoles, *c;
    bool waiting = false;

    while ((c = *p)) {
        if (c->gone && (console_domain_gone(c) || force)) {
            *p = c->next;
            console_free(c);
        } else {
            waiting |= c->gone;
            p = &c->next;
        }
    }
    if (waiting && !linger.armed)
        event_timer_set(&loop, &linger, LINGER_MS);
}

static void on_linger(struct event_timer *t)
{
    remove_gone(true);
}

/* A store that is away, or has just begun, does not know the domain: then the
 * hypervisor decides. True: ask again later. */
static bool look_for_gone(void)
{
    bool again = store_lost(&store);

    for (struct console *c = consoles; c; c = c->next) {
        if (c->gone || xs_is_domain_introduced(store.xs, c->domid))
            continue;
        again = true;
        if (domain_over(xlc, c->domid)) {
            watch(c->domid, false);
            console_domain_gone(c);
        }
    }
    remove_gone(false);
    return again;
}

static void on_look(struct event_timer *t)
{
    if (look_for_gone())
        event_timer_set(&loop, t, DOMAIN_OVER_MS);
}

static void store_changed(struct store_client *c)
{
    event_timer_set(&loop, &look, DOMAIN_OVER_MS);
}

static bool introduced, released;

static void store_event(struct store_client *s, const char *path,
                        const char *token)
{
    struct console *c;

    if (!strcmp(token, "introduced"))
        introduced = true;
    else if (!strcmp(token, "released"))
        released = true;
    else if ((c = find(strtoul(token, NULL, 10))))
        console_refresh(c);
}

static void store_settled(struct store_client *s)
{
    if (released)
        on_look(&look);
    if (introduced) {
        look_for_new();
        serving_announce();
    }
    introduced = released = false;
}

static int watch_store(void)
{
    int rc;

    store.event = store_event;
    store.settled = store_settled;
    store.connected = store.lost = store_changed;
    rc = store_client_open(&store, &loop);
    rc = rc ? rc : store_client_watch(&store, "@introduceDomain", "introduced");
    return rc ? rc : store_client_watch(&store, "@releaseDomain", "released");
}

static void reopen_logs(void)
{
    for (struct console *c = consoles; c; c = c->next)
        log_file_reopen(&c->out.log);
    hypervisor_log_reopen();
}

static struct signal_watch signals = {.hangup = reopen_logs};

/* The guests of a predecessor. */
static void resume_all(void)
{
    for (struct console *c = consoles; c; c = c->next)
        if (!domain_over(xlc, c->domid))
            console_resume(c);
    if (consoles)
        event_timer_set(&loop, &look, DOMAIN_OVER_MS);
}

static int start(void)
{
    struct rlimit files = {65536, 65536};
    int rc = event_loop_init(&loop);

    setrlimit(RLIMIT_NOFILE, &files); /* some descriptors per guest */
    linger.fire = on_linger;
    look.fire = on_look;
    again.fire = on_again;
    keep.renewed = keep_all;
    xlc = xlc_open(log_for_libraries());
    if (!xlc)
        return -errno;
    rc = rc ? rc : serving_claim(CONSOLE_RUN_DIR);
    rc = rc ? rc : signals_watch(&signals, &loop);
    rc = rc ? rc : ports_open(&ports, &loop);
    rc = rc ? rc : watch_store();
    if (rc)
        return rc;
    keep_open(&keep, &loop, adopt);
    resume_all();
    if (options.log_hypervisor)
        hypervisor_log_start(&services); /* guests come first */
    return 0;
}

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
    const char *pid_file;
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
            options.log_dir = optarg;
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

int main(int argc, char **argv)
{
    struct daemon_options o = {.level = LOG_LVL_INFO};
    int rc;

    if (!parse_options(&o, argc, argv)) {
        usage(stderr);
        return 1;
    }
    log_setup("xenconsoled", o.level);
    if (daemon_begin(o.pid_file, o.foreground))
        return 1;
    rc = start();
    if (rc) {
        log_error("cannot start: %s", log_take_reason(rc));
        return 1;
    }
    daemon_ready(LOG_FILE);
    rc = event_loop_run(&loop);
    daemon_end();
    return rc;
}
