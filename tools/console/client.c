/* SPDX-License-Identifier: MIT */
/*
 * xenconsole - connects a terminal to a guest's console; 'xl console' runs it.
 * The console daemon publishes a terminal's name in the store; what the guest
 * printed before is waiting in that terminal.
 *
 * Ends at Ctrl-] (or --escape), at the end of input that is not a terminal when
 * --interactive, and when the domain is gone.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

#include "session.h"

#define ESCAPE_CTRL_BRACKET 0x1d
#define TTY_TIMEOUT_S       5
#define RETRY_MS            200
#define LOCK_DIR            "/run/xen" /* root's alone, unlike /run/lock */

static struct termios saved_terminal;
static bool terminal_saved;

static void restore_terminal(void)
{
    if (terminal_saved)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved_terminal);
    terminal_saved = false;
}

static void __attribute__((noreturn, format(printf, 1, 2)))
fatal(const char *fmt, ...)
{
    va_list ap;

    restore_terminal();
    fputs("xenconsole: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    exit(1);
}

static void on_signal(int signal)
{
    restore_terminal();
    _exit(128 + signal);
}

static void usage(FILE *f)
{
    fputs("usage: xenconsole [options] DOMID\n"
          "  -n, --num N              console number (default 0)\n"
          "  -t, --type pv|serial|vuart\n"
          "  -e, --escape C           C or ^C ends the session (default ^])\n"
          "  -i, --interactive        forward input that is no terminal\n"
          "      --start-notify-fd N  write a byte there when attached\n"
          "  -h, --help               this text\n",
          f);
}

/* "x" or "^x"; 0 if it is neither. */
static char parse_escape(const char *text)
{
    if (text[0] == '^' && text[1] && !text[2])
        return toupper((unsigned char)text[1]) & 0x1f;
    return text[0] && !text[1] ? text[0] : 0;
}

static void tty_path(char *path, size_t size, unsigned int domid,
                     const char *type, unsigned int num)
{
    const char *format = NULL;

    if (!strcmp(type, "serial"))
        format = "/local/domain/%u/serial/%u/tty";
    else if (!strcmp(type, "vuart"))
        format = "/local/domain/%u/vuart/%u/tty";
    else if (strcmp(type, "pv"))
        fatal("unknown console type '%s'", type);
    else if (num)
        format = "/local/domain/%u/device/console/%u/tty";
    if (format)
        snprintf(path, size, format, domid, num);
    else
        snprintf(path, size, "/local/domain/%u/console/tty", domid);
}

/* The daemon may be a moment behind the toolstack, or start anew just now. */
static int wait_for_tty(struct xs_handle *xs, const char *path)
{
    struct pollfd p = {.fd = xs_fileno(xs), .events = POLLIN};
    time_t end = time(NULL) + TTY_TIMEOUT_S;
    unsigned int n;
    int fd;

    if (!xs_watch(xs, path, "tty"))
        fatal("cannot watch %s: %s", path, strerror(errno));
    while ((fd = tty_open(xs, path)) < 0) {
        if (time(NULL) >= end)
            fatal(daemon_serves() ? "there is no terminal at %s"
                                  : "xenconsoled is not running, so nothing is "
                                    "at %s (systemctl status xenconsoled)",
                  path);
        if (poll(&p, 1, RETRY_MS) > 0)
            free(xs_read_watch(xs, &n));
    }
    xs_unwatch(xs, path, "tty");
    return fd;
}

/* Two clients on one terminal would each get half of the output. */
static void lock_console(unsigned int domid, const char *type, unsigned int num)
{
    char path[128];
    int fd;

    mkdir(LOCK_DIR, 0755);
    snprintf(path, sizeof(path), LOCK_DIR "/console-%u-%s-%u.lock", domid, type,
             num);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        fatal("cannot open %s: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB))
        fatal("another client is attached to this console");
}

static void make_own_terminal_raw(void)
{
    struct termios t;

    if (tcgetattr(STDIN_FILENO, &saved_terminal))
        return;
    terminal_saved = true;
    atexit(restore_terminal);
    signal(SIGTERM, on_signal);
    signal(SIGHUP, on_signal);
    t = saved_terminal;
    cfmakeraw(&t);
    tcsetattr(STDIN_FILENO, TCSANOW, &t);
}

struct client {
    const char *type;
    unsigned int num, domid;
    char escape;
    bool interactive;
    int notify_fd; /* -1: no process waits for this client to be attached */
};

/* That nobody waits any more is no reason to end. */
static void tell_attached(int fd)
{
    if (fd < 0 || write(fd, "", 1) < 0)
        return;
    close(fd);
}

static unsigned int parse_domid(const char *text)
{
    char *end;
    unsigned int domid = strtoul(text, &end, 10);

    if (*end || end == text)
        fatal("'%s' is no domain id", text);
    if (!domid)
        fatal("domain 0 has no console here");
    return domid;
}

static void parse_options(struct client *o, int argc, char **argv)
{
    static const struct option longs[] = {
        {"num", required_argument, NULL, 'n'},
        {"type", required_argument, NULL, 't'},
        {"escape", required_argument, NULL, 'e'},
        {"interactive", no_argument, NULL, 'i'},
        {"start-notify-fd", required_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "n:t:e:ih", longs, NULL)) != -1)
        switch (c) {
        case 'n':
            o->num = strtoul(optarg, NULL, 10);
            break;
        case 't':
            o->type = optarg;
            break;
        case 'e':
            o->escape = parse_escape(optarg);
            if (!o->escape)
                fatal("'%s' is no escape character", optarg);
            break;
        case 'i':
            o->interactive = true;
            break;
        case 's':
            o->notify_fd = strtol(optarg, NULL, 10);
            break;
        default:
            usage(c == 'h' ? stdout : stderr);
            exit(c == 'h' ? 0 : 2);
        }
    if (optind + 1 != argc) {
        usage(stderr);
        exit(2);
    }
    o->domid = parse_domid(argv[optind]);
}

int main(int argc, char **argv)
{
    struct client o = {.type = "pv",
                       .escape = ESCAPE_CTRL_BRACKET,
                       .interactive =
                           isatty(STDIN_FILENO) && isatty(STDOUT_FILENO),
                       .notify_fd = -1};
    static struct session s;
    char path[128];

    parse_options(&o, argc, argv);
    s.xs = xs_open(0);
    if (!s.xs)
        fatal("cannot reach xenstored: %s (systemctl status xenstored)",
              strerror(errno));
    if (!xs_is_domain_introduced(s.xs, o.domid))
        fatal("no domain with id %u", o.domid);
    tty_path(path, sizeof(path), o.domid, o.type, o.num);
    lock_console(o.domid, o.type, o.num);
    s.tty = wait_for_tty(s.xs, path);
    if (o.interactive)
        make_own_terminal_raw();
    tell_attached(o.notify_fd);
    s.path = path;
    s.domid = o.domid;
    s.escape = o.escape;
    s.input = o.interactive;
    session_run(&s);
    restore_terminal();
    return 0;
}
