/* SPDX-License-Identifier: MIT */
/*
 * xen-console-keeper - has the console daemon's descriptors open, so that
 * pseudo terminals and what is in them outlive a daemon that is killed or
 * restarted. The daemon starts it, and gives it the socket on which it listens
 * as descriptor 3.
 *
 * It has no privileges (daemon/privileges.h): what it can do is to keep what it
 * was given and to give it back. It never looks at what it keeps, and it serves
 * one daemon after the other. It ends when there is no daemon, none waits, and
 * there is nothing to keep.
 *
 * A program of its own: what ends all processes of the daemon's name must not
 * end this one. systemd could keep descriptors too, but not everybody has it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <xen/xen.h>

#include <base/macros.h>
#include <base/page.h>
#include <daemon/filter.h>
#include <daemon/privileges.h>

#include "keep_wire.h"

#define LISTENER  3
#define KEPT_MOST (DOMID_FIRST_RESERVED + 1) /* one for the hypervisor */

static struct kept {
    struct kept *next;
    struct keep_message put; /* as it came */
    dev_t terminal;          /* 0: none */
    int fds[KEEP_FDS], n;
} * all;
static unsigned int nr_kept;

static void close_all(const int *fds, int n)
{
    for (int i = 0; i < n; i++)
        close(fds[i]);
}

static void drop(const char *name)
{
    struct kept **p = &all, *k;

    while (*p && strcmp((*p)->put.name, name))
        p = &(*p)->next;
    k = *p;
    if (!k)
        return;
    *p = k->next;
    nr_kept--;
    close_all(k->fds, k->n);
    free(k);
}

static bool is_slave(const struct stat *st)
{
    return S_ISCHR(st->st_mode) &&
           major(st->st_rdev) - UNIX98_PTY_SLAVE_MAJOR < UNIX98_PTY_MAJOR_COUNT;
}

static bool is_terminal(const struct stat *st)
{
    return is_slave(st) ||
           (S_ISCHR(st->st_mode) && st->st_rdev == makedev(TTYAUX_MAJOR, 2));
}

static dev_t terminal_of(const int *fds, int n)
{
    dev_t terminal = 0;

    for (int i = 0; i < n; i++) {
        struct stat st;

        if (!fstat(fds[i], &st) && is_slave(&st))
            terminal = st.st_rdev;
    }
    return terminal;
}

/* Of a console each name has a terminal of its own, and only the hypervisor's
 * has none: so a daemon that was taken over leaves no more names to the next
 * one than the parent has given it terminals. */
static bool is_taken(dev_t terminal)
{
    const struct kept *k = all;

    while (k && k->terminal != terminal)
        k = k->next;
    return k;
}

/* A memory file of a page that cannot become longer: a daemon that was taken
 * over can make any. No other file is sealed so. Its size is looked at when it
 * is. */
static bool is_page(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;

    return seals >= 0 && (seals & F_SEAL_GROW) && !fstat(fd, &st) &&
           st.st_size <= (off_t)PAGE_SIZE;
}

/* Terminals, pipes and one page. Anything else (a lock, a connection, the
 * device of event channels) would outlive here the process to which it belongs,
 * and keep the next daemon from its work. */
static bool are_for_keeping(const int *fds, int n)
{
    int pages = 0;

    for (int i = 0; i < n; i++) {
        struct stat st;

        if (is_page(fds[i]))
            pages++;
        else if (fstat(fds[i], &st) ||
                 (!is_terminal(&st) && !S_ISFIFO(st.st_mode)))
            return false;
    }
    return pages <= 1;
}

static void put(const struct keep_message *m, const int *fds, int n)
{
    struct kept *k = malloc(sizeof(*k));
    dev_t terminal = terminal_of(fds, n);

    drop(m->name);
    if (!k || nr_kept == KEPT_MOST || is_taken(terminal) ||
        !are_for_keeping(fds, n)) {
        close_all(fds, n);
        free(k);
        return;
    }
    k->put = *m;
    k->terminal = terminal;
    k->n = n;
    memcpy(k->fds, fds, n * sizeof(int));
    k->next = all;
    all = k;
    nr_kept++;
}

static void list(int daemon, const struct keep_message *end)
{
    for (const struct kept *k = all; k; k = k->next)
        keep_send(daemon, &k->put, k->fds, k->n);
    keep_send(daemon, end, NULL, 0);
}

static void serve(int daemon)
{
    struct keep_message m;
    int fds[KEEP_FDS], n;

    while ((n = keep_receive(daemon, &m, fds)) >= 0 || n == -EINTR) {
        if (n < 0)
            continue;
        if (m.op == KEEP_PUT) {
            put(&m, fds, n);
            continue;
        }
        close_all(fds, n);
        if (m.op == KEEP_DROP)
            drop(m.name);
        else if (m.op == KEEP_LIST)
            list(daemon, &m);
    }
}

static bool is_waited_for(void)
{
    struct pollfd p = {.fd = LISTENER, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

/* Small and harmless, and all sessions hang on it. */
static void be_the_last_to_be_killed(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd < 0 || write(fd, "-1000", 5) != 5)
        return; /* not root: a test */
    close(fd);
}

/* The daemon gives it all that it needs, and guests have a part in what the
 * daemon gives. 0 or -errno. */
static int give_up_privileges(void)
{
    static const int allowed[] = {SCMP_SYS(accept4), SCMP_SYS(recvmsg),
                                  SCMP_SYS(sendmsg), SCMP_SYS(close),
                                  SCMP_SYS(fstat),   SCMP_SYS(newfstatat),
                                  SCMP_SYS(poll)};
    static const unsigned long fcntls[] = {F_GET_SEALS};
    int rc = privileges_limit();
    scmp_filter_ctx ctx;

    rc = rc ? rc : privileges_drop(PRIVILEGES_UID_KEEPER);
    if (rc)
        return rc;
    ctx = filter_begin();
    if (!ctx)
        return -ENOMEM;
    rc = filter_allow(ctx, allowed, ARRAY_SIZE(allowed));
    rc = rc ? rc
            : filter_allow_each(ctx, SCMP_SYS(fcntl), 1, fcntls,
                                ARRAY_SIZE(fcntls));
    return filter_end(ctx, rc);
}

int main(void)
{
    int daemon;

    close_range(LISTENER + 1, ~0u, 0); /* what is open by chance */
    be_the_last_to_be_killed();
    if (give_up_privileges())
        return 1; /* the daemon says that there is no keeper */
    do {
        daemon = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC);
        if (daemon < 0)
            return 1;
        serve(daemon);
        close(daemon);
    } while (all || is_waited_for());
    return 0;
}
