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

#define ESCAPE_CTRL_BRACKET 0x1d
#define TTY_TIMEOUT_S       5
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

/* The daemon may be a moment behind the toolstack. */
static char *wait_for_tty(struct xs_handle *xs, const char *path)
{
    time_t end = time(NULL) + TTY_TIMEOUT_S;
    struct pollfd p = {.fd = xs_fileno(xs), .events = POLLIN};
    unsigned int len, n;
    char *tty;

    if (!xs_watch(xs, path, "tty"))
        fatal("cannot watch %s: %s", path, strerror(errno));
    for (;;) {
        tty = xs_read(xs, XBT_NULL, path, &len);
        if (tty && *tty)
            break;
        free(tty);
        if (time(NULL) >= end)
            fatal("no terminal at %s: is xenconsoled running?", path);
        if (poll(&p, 1, 1000) > 0)
            free(xs_read_watch(xs, &n));
    }
    xs_unwatch(xs, path, "tty");
    return tty;
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

static int open_tty(const char *name)
{
    struct termios t;
    int fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);

    if (fd < 0)
        fatal("cannot open %s: %s", name, strerror(errno));
    if (tcgetattr(fd, &t) == 0) {
        cfmakeraw(&t);
        tcsetattr(fd, TCSANOW, &t);
    }
    return fd;
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

static bool write_all(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) { /* the other end's doing */
            struct pollfd p = {.fd = fd, .events = POLLOUT};

            poll(&p, 1, -1);
            continue;
        }
        if (n <= 0)
            return false;
        text += n;
        len -= n;
    }
    return true;
}

/* From the user: false ends the session. */
static bool forward_input(int tty, char escape)
{
    char text[512], *end;
    ssize_t n = read(STDIN_FILENO, text, sizeof(text));

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    end = escape ? memchr(text, escape, n) : NULL;
    if (!write_all(tty, text, end ? (size_t)(end - text) : (size_t)n))
        return false;
    return !end;
}

static bool forward_output(int tty)
{
    char text[4096];
    ssize_t n = read(tty, text, sizeof(text));

    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    return n > 0 && write_all(STDOUT_FILENO, text, n);
}

/* False: the store does not know it any more. A store that has ended knows
 * nothing, *polled is -1 then, and the domain's end is seen by its terminal's.
 */
static bool domain_lives(struct xs_handle *xs, unsigned int domid, int *polled)
{
    char **event;
    bool lives;

    do {
        lives = xs_is_domain_introduced(xs, domid);
        event = xs_check_watch(xs);
        free(event);
    } while (event);
    if (errno != EAGAIN)
        *polled = -1;
    return lives || errno != EAGAIN;
}

static void session(struct xs_handle *xs, int tty, unsigned int domid,
                    bool input, char escape)
{
    struct pollfd p[3] = {
        {.fd = tty, .events = POLLIN},
        {.fd = xs_fileno(xs), .events = POLLIN},
        {.fd = input ? STDIN_FILENO : -1, .events = POLLIN},
    };
    bool lives = true;

    xs_watch(xs, "@releaseDomain", "released");
    for (;;) {
        /* A dead domain's terminal is read until it is silent. */
        int n = poll(p, 3, lives ? -1 : 200);

        if (n < 0 && errno != EINTR)
            fatal("poll: %s", strerror(errno));
        if (n == 0)
            return;
        if (n < 0)
            continue;
        if ((p[0].revents & (POLLIN | POLLHUP | POLLERR)) &&
            !forward_output(tty))
            return;
        if (p[2].revents && !forward_input(tty, escape))
            return;
        if (p[1].revents && !domain_lives(xs, domid, &p[1].fd)) {
            lives = false;
            p[1].fd = -1;
        }
    }
}

struct client {
    const char *type;
    unsigned int num, domid;
    char escape;
    bool interactive;
    int notify_fd; /* -1: no process waits for this client to be attached */
};

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
    char path[128], *tty;
    struct xs_handle *xs;
    int fd;

    parse_options(&o, argc, argv);
    xs = xs_open(0);
    if (!xs)
        fatal("cannot reach xenstored: %s (systemctl status xenstored)",
              strerror(errno));
    if (!xs_is_domain_introduced(xs, o.domid))
        fatal("no domain with id %u", o.domid);
    tty_path(path, sizeof(path), o.domid, o.type, o.num);
    lock_console(o.domid, o.type, o.num);
    tty = wait_for_tty(xs, path);
    fd = open_tty(tty);
    free(tty);
    if (o.interactive)
        make_own_terminal_raw();
    if (o.notify_fd >= 0) {
        write_all(o.notify_fd, "", 1);
        close(o.notify_fd);
    }
    session(xs, fd, o.domid, o.interactive, o.escape);
    restore_terminal();
    xs_close(xs);
    return 0;
}
