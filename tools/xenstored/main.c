/* SPDX-License-Identifier: MIT */
/*
 * xenstored: options, start, end. The order of start-up is the order of main()
 * and, in the process that serves, of serve(); it is said (to systemd, and to a
 * script that waits) that the daemon is ready only when the socket answers.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/macros.h>
#include <xenstore.h>

#include <daemon/daemonise.h>
#include <daemon/errand.h>
#include <daemon/log.h>
#include <daemon/signals.h>

#include "domain.h"
#include "errand.h"
#include "hash.h"
#include "journal.h"
#include "live_update.h"
#include "outstanding.h"
#include "parent.h"
#include "quota.h"
#include "ring.h"
#include "sandbox.h"
#include "socket.h"
#include "state.h"
#include "store.h"
#include "successor.h"
#include "trace.h"
#include "turns.h"
#include "watch.h"
#include "xen.h"

enum { OPT_NO_DOMAINS = 256, OPT_NO_JOURNAL, OPT_JOURNAL_VERSION, OPT_IGNORED };

static struct {
    bool foreground, print_pid, no_dom0, no_domains, no_journal;
    bool print_version;
    const char *pid_file, *trace_file;
} options;

static const char usage[] =
    "Usage: xenstored [options]\n"
    "  -D, --no-domain-init     do not connect domain 0's own ring\n"
    "      --no-domains         run without Xen: local clients only\n"
    "      --no-journal         start with an empty store, and let it end "
    "with\n"
    "                           this process\n"
    "      --journal-version    print what is done with a journal, and end\n"
    "  -F, --pid-file FILE      write the daemon's process id to FILE\n"
    "  -N, --no-fork            stay in the foreground\n"
    "  -P, --output-pid         print the daemon's process id\n"
    "  -T, --trace-file FILE    log all requests, answers and events\n"
    "  -E, --entry-nb N         nodes a domain may own\n"
    "  -S, --entry-size N       bytes in a node's value\n"
    "  -W, --watch-nb N         watches of a domain\n"
    "  -t, --transaction N      open transactions of a domain\n"
    "  -A, --perm-nb N          permissions on a node\n"
    "  -M, --path-max N         characters of a path\n"
    "  -Q, --quota WHAT=N       nodes, watches, transactions, outstanding,\n"
    "                           transaction-nodes, memory, permissions,\n"
    "                           path-max, node-size, cpu; and for all\n"
    "                           domains together: snapshot-memory\n"
    "  -q, --quota-soft memory=N  warn when a domain uses more\n"
    "  -w, --timeout watch-event=N  seconds that unread events hold up "
    "requests\n"
    "                           of the domain that has caused them (20; 0: "
    "ever)\n"
    "  -H, --help               this text\n"
    "Accepted and without effect: -V, -R, -I, -K, -L, -U.\n"
    "The socket is $XENSTORED_PATH, or socket in $XENSTORED_RUNDIR, or\n"
    "/run/xenstored/socket. Beside it the file journal keeps the store for "
    "the\n"
    "next daemon until the machine reboots.\n";

static const struct option long_options[] = {
    {"no-domain-init", no_argument, NULL, 'D'},
    {"no-domains", no_argument, NULL, OPT_NO_DOMAINS},
    {"no-journal", no_argument, NULL, OPT_NO_JOURNAL},
    {"journal-version", no_argument, NULL, OPT_JOURNAL_VERSION},
    {"pid-file", required_argument, NULL, 'F'},
    {"no-fork", no_argument, NULL, 'N'},
    {"output-pid", no_argument, NULL, 'P'},
    {"trace-file", required_argument, NULL, 'T'},
    {"entry-nb", required_argument, NULL, 'E'},
    {"entry-size", required_argument, NULL, 'S'},
    {"watch-nb", required_argument, NULL, 'W'},
    {"transaction", required_argument, NULL, 't'},
    {"perm-nb", required_argument, NULL, 'A'},
    {"path-max", required_argument, NULL, 'M'},
    {"quota", required_argument, NULL, 'Q'},
    {"quota-soft", required_argument, NULL, 'q'},
    {"help", no_argument, NULL, 'H'},
    {"verbose", no_argument, NULL, 'V'},
    {"no-recovery", no_argument, NULL, 'R'},
    {"internal-db", optional_argument, NULL, 'I'},
    {"keep-orphans", no_argument, NULL, OPT_IGNORED},
    {"preserve-local", no_argument, NULL, 'L'},
    {"live-update", no_argument, NULL, 'U'},
    {"timeout", required_argument, NULL, 'w'},
    {NULL, 0, NULL, 0},
};

static void bad_value(const char *what)
{
    fprintf(stderr, "xenstored: bad value '%s'\n", what);
    exit(2);
}

static void set_limit(const char *name, const char *value)
{
    if (quota_set(name, value))
        bad_value(value);
}

static long number(const char *s, long max)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(s, &end, 10);
    if (errno || end == s || *end || n < 0 || n > max)
        bad_value(s);
    return n;
}

/* "WHAT=N"; not changed, for a live update's program gets it, too. */
static void set_quota(const char *arg, bool soft)
{
    const char *value = strchr(arg, '=');
    char what[32];

    if (!value || value - arg >= (ptrdiff_t)sizeof(what))
        bad_value(arg);
    snprintf(what, sizeof(what), "%.*s", (int)(value - arg), arg);
    value++;
    if (!soft)
        set_limit(what, value);
    else if (strcmp(what, "memory"))
        bad_value(arg);
    else
        quota_soft_memory = number(value, LONG_MAX);
}

/* "watch-event=SECONDS", the only one there is. */
static void set_timeout(char *arg)
{
    static const char what[] = "watch-event=";

    if (strncmp(arg, what, sizeof(what) - 1))
        bad_value(arg);
    outstanding_timeout = 1000 * number(arg + sizeof(what) - 1, 1000000);
}

static void parse_limit(int c)
{
    static const struct {
        int option;
        const char *quota;
    } limits[] = {
        {'E', "nodes"},        {'S', "node-size"},   {'W', "watches"},
        {'t', "transactions"}, {'A', "permissions"}, {'M', "path-max"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
        if (limits[i].option == c)
            set_limit(limits[i].quota, optarg);
}

static void parse_options(int argc, char **argv)
{
    int c;

    while ((c = getopt_long(argc, argv, "DF:NPT:E:S:W:t:A:M:Q:q:HVRI::KLUw:",
                            long_options, NULL)) != -1) {
        switch (c) {
        case 'D':
            options.no_dom0 = true;
            break;
        case OPT_NO_DOMAINS:
            options.no_domains = true;
            break;
        case OPT_JOURNAL_VERSION:
            options.print_version = true;
            break;
        case OPT_NO_JOURNAL:
            options.no_journal = true;
            break;
        case 'F':
            options.pid_file = optarg;
            break;
        case 'N':
            options.foreground = true;
            break;
        case 'P':
            options.print_pid = true;
            break;
        case 'T':
            options.trace_file = optarg;
            break;
        case 'Q':
        case 'q':
            set_quota(optarg, c == 'q');
            break;
        case 'w':
            set_timeout(optarg);
            break;
        case 'H':
            fputs(usage, stdout);
            exit(0);
        case '?':
            fputs(usage, stderr);
            exit(2);
        default:
            parse_limit(c);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "xenstored: unexpected argument '%s'\n", argv[optind]);
        exit(2);
    }
}

/* --- sources of the loop -------------------------------------------------- */

static struct event_loop loop;
static int dom_exc_port;

static void evtchn_ready(struct event_source *s, uint32_t events)
{
    int port = xen_pending();

    if (port < 0 || ring_event(port))
        return;
    /* Unmask first: a domain that dies while we look must be looked for again.
     */
    xen_unmask(port);
    if (port == dom_exc_port)
        domain_check_all();
}

static struct event_source evtchn_source = {.ready = evtchn_ready};

static void reopen_trace(void)
{
    int rc = trace_reopen();

    if (rc)
        log_warning("%s: %s", trace_path(), strerror(rc));
}

/* No trace is worth a store. */
static void start_trace(void)
{
    int rc = options.trace_file ? trace_open(options.trace_file) : 0;

    if (rc)
        log_warning("%s: %s; there is no trace", options.trace_file,
                    strerror(rc));
}

static struct signal_watch signals = {.hangup = reopen_trace};

/* --- start ---------------------------------------------------------------- */

static void check(int rc, const char *what)
{
    if (rc) {
        log_error("%s: %s", what, strerror(rc));
        exit(1);
    }
}

static void connect_xen(void)
{
    if (xen_open(!options.no_dom0))
        exit(1);
    dom_exc_port = xen_bind_dom_exc();
    if (dom_exc_port < 0)
        check(-dom_exc_port,
              "binding VIRQ_DOM_EXC (is another store running?)");
    evtchn_source.fd = xen_evtchn_fd();
    check(-event_source_add(&loop, &evtchn_source, EPOLLIN), "event channels");
}

/* A daemon before this one may have left it connected. */
static void connect_dom0(void)
{
    const struct connection *c = domain_known(0)->connection;
    bool fresh;

    if (!c)
        check(domain_introduce(0, 0, 0, &fresh), "connecting domain 0's ring");
    else if (!ring_has_page(
                 c)) /* what was not opened before is not to be had */
        check(EIO, "connecting domain 0's ring again");
}

static int read_boot_id(char id[JOURNAL_BOOT_ID])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    int rc = fd < 0 ? errno : 0;

    if (!rc && read(fd, id, JOURNAL_BOOT_ID) != JOURNAL_BOOT_ID)
        rc = EIO;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* Beside the socket. */
static char journal_path[4096];

static void name_journal(void)
{
    const char *socket = xs_daemon_socket(), *slash = strrchr(socket, '/');

    snprintf(journal_path, sizeof(journal_path), "%.*sjournal",
             slash ? (int)(slash + 1 - socket) : 0, socket);
}

static void start_journal(const char *boot_id)
{
    if (options.no_journal)
        errand_remove(journal_path); /* nobody may take it for this daemon's */
    else
        check(state_start(journal_path, boot_id), journal_path);
}

/* Every guest may hold a few descriptors, every local client one; and no
 * shortage of memory is worth losing the store for. */
static void raise_limits(void)
{
    struct rlimit l = {65536, 65536};
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    setrlimit(RLIMIT_NOFILE, &l);
    if (fd >= 0) {
        /* Only root may; for others there is nothing to protect. */
        if (write(fd, "-1000", 5) != 5)
            errno = 0;
        close(fd);
    }
}

/* Nodes that are there from the beginning. */
static void populate(void)
{
    struct actor dom0 = {.privileged = true,
                         .self = {0, INCARNATION_DOM0},
                         .target = {0, INCARNATION_DOM0}};
    struct view v = {&dom0, NULL};
    struct change c = {0};

    if (!store_mkdir(&v, "/tool/xenstored", &c))
        store_publish(&c);
}

/* What a daemon with these options does with a journal, and, if it is asked as
 * such programs ask, that its child has no privileges: one that takes the place
 * of another must do the same. The former kind, of one process, asks with the
 * last argument and may be followed. */
static const char *state_kept(bool as_parent)
{
    static char text[96];

    snprintf(text, sizeof(text), "%d%s%s%s%s", JOURNAL_VERSION,
             options.no_journal ? " no journal" : "",
             options.no_domains ? " no domains" : "",
             options.no_dom0 ? " no dom0" : "",
             as_parent ? ", served without privileges" : "");
    return text;
}

/* --- the process that serves ---------------------------------------------- */

static void begin_to_serve(const struct pair *both, char *first_argument)
{
    errand_begin(both->end);
    log_to(errand_say);
    pair_hide(first_argument, "store-server");
    check(turns_init(&loop), "event loop");
    check(hash_init(), "random numbers");
    check(-signals_watch(&signals, &loop), "signals");
    /* Xen first: where another store is running this fails, and its journal and
     * its socket must not have been taken away by then. */
    if (!options.no_domains)
        connect_xen();
    check(sandbox_enter(both), "giving up privileges");
}

static int serve(const char *boot_id)
{
    int rc;

    start_trace();
    check(domain_init(!options.no_domains), "domains");
    check(store_init(), "the tree");
    start_journal(boot_id);
    populate();
    if (!options.no_domains && !options.no_dom0)
        connect_dom0();
    /* Local clients before domains are served, whose changes they watch. */
    if (successor_state() >= 0)
        check(live_update_take_over(&loop), "what is left by another program");
    state_resume();
    if (socket_listener() < 0)
        check(socket_listen(&loop, xs_daemon_socket()), xs_daemon_socket());
    errand_ready();
    rc = event_loop_run(&loop);
    /* What the last events caused; nobody has seen it yet. The journal stays:
     * guests need their store as long as they live. */
    state_commit();
    state_stop();
    return rc;
}

/* The first descriptor of those that a program before this one has left to the
 * process that serves. One of a single process left them anywhere. */
static int first_left(void)
{
    int state = successor_state();

    if (state < 0)
        return INT_MAX;
    return state == ERRAND_HANDED ? state : STDERR_FILENO + 1;
}

/* --- the other ------------------------------------------------------------ */

static void ready(void)
{
    if (options.print_pid) {
        printf("%d\n", (int)getpid());
        fflush(stdout);
    }
    daemon_ready(NULL);
}

static int be_parent(struct pair *both)
{
    const struct parent with = {.directory = xs_daemon_rundir(),
                                .socket = xs_daemon_socket(),
                                .journal = journal_path,
                                .logs = "/var/log/xen",
                                .trace_file = options.trace_file,
                                .ready = ready};
    int rc = parent_run(&with, both);

    if (!rc) {
        file_remove(xs_daemon_socket());
        daemon_end();
    }
    return rc;
}

int main(int argc, char **argv)
{
    char boot_id[JOURNAL_BOOT_ID];
    struct pair both;
    struct stat st;
    bool asked;

    prctl(PR_SET_NAME, "xenstored"); /* of a program without a path, too */
    asked = argc > 1 && !strcmp(argv[1], SUCCESSOR_QUESTION);
    parse_options(argc, argv);
    if (asked || options.print_version) {
        puts(state_kept(asked));
        return 0;
    }
    successor_arguments(argv, state_kept(true));
    if (stat(xs_daemon_rundir(), &st))
        mkdir(xs_daemon_rundir(), 0755);
    name_journal();
    log_setup("xenstored", LOG_LVL_INFO);
    if (daemon_begin(options.pid_file, options.foreground))
        return 1;
    check(read_boot_id(boot_id), "the boot's id");
    raise_limits();
    check(-pair_fork(&both, first_left()), "a process of its own");
    if (both.child)
        return be_parent(&both);
    begin_to_serve(&both, argv[0]);
    return serve(boot_id);
}
