/* SPDX-License-Identifier: MIT */
/* See store_writers.h. */
#include "store_writers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

char dir[] = "/dev/shm/store-writers-XXXXXX";
char daemon_path[4096];
struct shared *shared;

/* --- a client ------------------------------------------------------------- */

void give_up(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(shared->failure, sizeof(shared->failure), format, ap);
    va_end(ap);
    _exit(1);
}

unsigned long now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (unsigned long)t.tv_sec * 1000 + (unsigned long)t.tv_nsec / 1000000;
}

void reconnect(struct client *c)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    if ((shared->faithful || c->by_kernel) && c->fd >= 0)
        give_up("a client was disconnected");
    if (c->by_kernel) {
        c->fd = open("/dev/xen/xenbus", O_RDWR | O_CLOEXEC);
        if (c->fd < 0)
            give_up("/dev/xen/xenbus: %s", strerror(errno));
        return;
    }
    snprintf(a.sun_path, sizeof(a.sun_path), "%s/socket", dir);
    for (int i = 0; i < 8000; i++) {
        if (c->fd >= 0)
            close(c->fd);
        c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(c->fd, (struct sockaddr *)&a, sizeof(a)) == 0)
            return;
        usleep(5000); /* it needs the processor */
    }
    give_up("the daemon does not come back");
}

bool get(int fd, void *data, size_t len)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = read(fd, (char *)data + done, len - done);
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

/* A device is no socket, and a socket's end no signal. */
static bool put_all(const struct client *c, const char *data, size_t len)
{
    ssize_t n = c->by_kernel ? write(c->fd, data, len)
                             : send(c->fd, data, len, MSG_NOSIGNAL);

    return n == (ssize_t)len;
}

static int converse(struct client *c, uint32_t type, uint32_t tx,
                    const void *data, size_t len)
{
    struct xsd_sockmsg h = {type, 1, tx, (uint32_t)len};
    char message[sizeof(h) + XENSTORE_PAYLOAD_MAX];
    size_t first = 0;

    memcpy(message, &h, sizeof(h));
    memcpy(message + sizeof(h), data, len);
    len += sizeof(h);
    if (shared->faithful && rand() % 50 == 0) { /* slowly */
        first = 1 + (size_t)rand() % (len - 1);
        if (!put_all(c, message, first))
            return 1;
        usleep(2000);
    }
    if (!put_all(c, message + first, len - first))
        return 1;
    if (!get(c->fd, &h, sizeof(h)) || h.len > XENSTORE_PAYLOAD_MAX ||
        !get(c->fd, c->answer, h.len))
        return 1;
    c->answer[h.len] = '\0';
    return h.type == XS_ERROR ? -1 : 0;
}

int ask(struct client *c, uint32_t type, uint32_t tx, const void *data,
        size_t len)
{
    unsigned long before = now_ms(), ms;
    int rc;

    if (c->by_kernel)
        alarm(60);
    rc = converse(c, type, tx, data, len);
    if (c->by_kernel)
        alarm(0);
    ms = now_ms() - before;
    if (ms > c->longest)
        c->longest = ms;
    return rc;
}

static int put(struct client *c, uint32_t tx, const char *path, unsigned long v)
{
    char data[128];
    int n = sprintf(data, "%s%c%lu", path, 0, v);
    return ask(c, XS_WRITE, tx, data, (size_t)n);
}

/* The value at @path, 0 for none. Insists on an answer. */
static unsigned long value(struct client *c, const char *path)
{
    int rc;

    while ((rc = ask(c, XS_READ, 0, path, strlen(path) + 1)) == 1)
        reconnect(c);
    return rc ? 0 : strtoul(c->answer, NULL, 10);
}

/* --- writers -------------------------------------------------------------- */

/* The last number that was acknowledged for each of a writer's nodes, and the
 * one that was sent last. */
struct node {
    char path[32];
    unsigned long acknowledged, sent, changes;
};

static void check_node(struct client *c, struct node *n)
{
    unsigned long is = value(c, n->path);

    if (is != n->acknowledged && is != n->sent)
        give_up("%s is %lu; %lu was acknowledged, %lu was sent last", n->path,
                is, n->acknowledged, n->sent);
    n->acknowledged = n->sent = is;
}

static void write_node(struct client *c, struct node *n, unsigned long number)
{
    int rc;

    n->sent = number;
    rc = number % 7 ? put(c, 0, n->path, number)
                    : ask(c, XS_RM, 0, n->path, strlen(n->path) + 1);
    if (number % 7 == 0)
        n->sent = 0;
    if (rc < 0)
        give_up("writing %s: %s", n->path, c->answer);
    if (rc == 0) {
        n->acknowledged = n->sent;
        n->changes++;
    } else {
        reconnect(c);
    }
    check_node(c, n);
}

/* Both nodes or none. */
static void write_pair(struct client *c, struct node n[2], unsigned long number)
{
    uint32_t tx;
    int rc = ask(c, XS_TRANSACTION_START, 0, "", 1);

    tx = rc ? 0 : (uint32_t)strtoul(c->answer, NULL, 10);
    for (int i = 0; i < 2 && !rc; i++)
        rc = put(c, tx, n[i].path, number);
    n[0].sent = n[1].sent = number;
    if (!rc)
        rc = ask(c, XS_TRANSACTION_END, tx, "T", 2);
    if (rc < 0 && strcmp(c->answer, "EAGAIN"))
        give_up("a transaction: %s", c->answer);
    if (rc == 0)
        n[0].acknowledged = n[1].acknowledged = number;
    else if (rc > 0)
        reconnect(c);
    check_node(c, &n[0]);
    check_node(c, &n[1]);
    if (n[0].acknowledged != n[1].acknowledged)
        give_up("half a transaction: %lu and %lu", n[0].acknowledged,
                n[1].acknowledged);
}

static void set_owner(struct client *c, struct node *n, unsigned long number)
{
    char data[64], wanted[16];
    int len, rc;

    snprintf(wanted, sizeof(wanted), "%c%lu", "nrwb"[number % 4],
             number % shared->owners);
    len = sprintf(data, "%s%c%s", n->path, 0, wanted) + 1;
    rc = ask(c, XS_SET_PERMS, 0, data, (size_t)len);

    if (rc > 0) {
        reconnect(c);
        return;
    }
    if (rc < 0) /* it is removed now and then */
        return;
    n->changes++;
    while (ask(c, XS_GET_PERMS, 0, n->path, strlen(n->path) + 1) == 1)
        reconnect(c);
    if (strcmp(c->answer, wanted))
        give_up("%s belongs to %.20s, not %s", n->path, c->answer, wanted);
}

void writer(unsigned int w, bool by_kernel)
{
    struct client c = {.fd = -1, .by_kernel = by_kernel};
    struct node single = {.sent = 0}, pair[2] = {{.sent = 0}};

    sprintf(single.path, "/writer/%u/single", w);
    sprintf(pair[0].path, "/writer/%u/first", w);
    sprintf(pair[1].path, "/writer/%u/second", w);
    reconnect(&c);
    for (unsigned long number = 1; !shared->stop; number++) {
        write_node(&c, &single, number);
        write_pair(&c, pair, number);
        set_owner(&c, &single, number);
        shared->writes[w] = number;
        shared->changes[w] = single.changes;
        shared->longest[w] = c.longest;
        usleep(shared->pause);
    }
    _exit(0);
}

/* --- the daemon ----------------------------------------------------------- */

pid_t start_daemon(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        setenv("XENSTORED_RUNDIR", dir, 1);
        unsetenv("XENSTORED_PATH");
        execl(daemon_path, "xenstored", "--no-domains", "--no-fork", NULL);
        _exit(1);
    }
    return pid;
}

int writers_share(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return -1;
    shared->owners = 1;
    return 0;
}

int writers_begin(void)
{
    const char *build = getenv("BUILD");
    char *path;

    snprintf(daemon_path, sizeof(daemon_path), "%s/bin/xenstored",
             build ? build : "build");
    path = realpath(daemon_path, NULL);
    if (path)
        snprintf(daemon_path, sizeof(daemon_path), "%s", path);
    free(path);
    if (writers_share() || !mkdtemp(dir))
        return -1;
    shared->owners = 1000;
    return 0;
}

int writers_end(void)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}
