/* SPDX-License-Identifier: MIT */
/* The daemons as processes, and their clients: see store_compare.h. */
#include "store_compare.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store_xen.h"

#define WAIT_MS 5000

static struct {
    char dir[64];
    pid_t pid;
    int events;
} side[2];

struct peer peer[PEERS];
uint32_t seed, step;

void die(const char *what)
{
    printf("Bail out! seed %u, step %u: %s: %s\n", seed, step, what,
           strerror(errno));
    exit(1);
}

/* --- bytes ---------------------------------------------------------------- */

static void notify(int s, uint32_t port)
{
    if (write(side[s].events, &port, sizeof(port)) != sizeof(port))
        die("an event");
}

/* What is asked from now on is asked after the event. */
static void wait_until_heard(int s)
{
    int waiting;

    while (ioctl(side[s].events, FIONREAD, &waiting) == 0 && waiting)
        usleep(10);
}

static uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* What can be had of a ring of @size bytes; the daemon copies the other index.
 */
static uint32_t ring_move(struct peer *p, int s, char *data, uint32_t len,
                          bool send)
{
    struct xenstore_domain_interface *r = p->ring[s];
    uint32_t *mine = send ? &r->req_prod : &r->rsp_cons;
    uint32_t *other = send ? &r->req_cons : &r->rsp_prod;
    uint32_t theirs = __atomic_load_n(other, __ATOMIC_ACQUIRE);
    uint32_t can =
        send ? XENSTORE_RING_SIZE - (*mine - theirs) : theirs - *mine;

    if (len > can)
        len = can;
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = MASK_XENSTORE_IDX(*mine + i);

        if (send)
            r->req[at] = data[i];
        else
            data[i] = r->rsp[at];
    }
    __atomic_store_n(mine, *mine + len, __ATOMIC_RELEASE);
    if (len)
        notify(s, RING_PORT + p->domid);
    return len;
}

/* All of it, or false: the daemon does not go on. */
static bool move(struct peer *p, int s, void *data, uint32_t len, bool send)
{
    uint64_t until = now_ms() + WAIT_MS;
    char *at = data;

    while (len) {
        struct pollfd f = {p->fd[s], send ? POLLOUT : POLLIN, 0};
        ssize_t n;

        if (p->on_ring) {
            n = ring_move(p, s, at, len, send);
        } else {
            poll(&f, 1, WAIT_MS);
            n = send ? write(f.fd, at, len) : read(f.fd, at, len);
            if (n <= 0)
                return false;
        }
        at += n;
        len -= (uint32_t)n;
        if (n == 0 && now_ms() > until)
            return false;
        if (n == 0)
            usleep(10);
    }
    return true;
}

/* --- messages ------------------------------------------------------------- */

static void add_event(struct event_list *l, const struct message *m)
{
    char text[2 * PAYLOAD_MAX], *to = text;

    for (uint32_t i = 0; i < m->len; i++)
        *to++ = m->data[i] ? m->data[i] : ' ';
    *to = '\0';
    /* How often is the daemon's choice. */
    for (unsigned int i = 0; i < l->count; i++)
        if (!strcmp(l->event[i], text))
            return;
    if (l->count < sizeof(l->event) / sizeof(l->event[0]))
        l->event[l->count++] = strdup(text);
}

/* One request and its answer; events are kept. */
void ask(struct peer *p, int s, const struct request *r, struct message *answer)
{
    uint32_t tx = r->in_transaction ? p->transaction[s] : 0;
    struct xsd_sockmsg h = {r->type, 77, tx, r->len};

    answer->type = DEAD;
    answer->len = 0;
    if (!move(p, s, &h, sizeof(h), true) ||
        !move(p, s, (void *)(uintptr_t)r->data, r->len, true))
        return;
    do {
        if (!move(p, s, &h, sizeof(h), false) || h.len > PAYLOAD_MAX ||
            !move(p, s, answer->data, h.len, false)) {
            answer->type = DEAD;
            answer->len = 0;
            return;
        }
        answer->type = h.type;
        answer->len = h.len;
        answer->data[h.len] = '\0';
        if (h.type == XS_WATCH_EVENT)
            add_event(&p->events[s], answer);
    } while (h.type == XS_WATCH_EVENT);
    if (h.req_id != 77 || h.tx_id != tx)
        die("an answer to another request");
}

/* --- daemons -------------------------------------------------------------- */

static void put_file(int s, const char *name, const char *text, off_t size)
{
    char path[256];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", side[s].dir, name);
    unlink(path);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) < 0 ||
        (size && ftruncate(fd, size)))
        die(path);
    close(fd);
}

static void *map_page(int s, const char *name)
{
    char path[256];
    void *page;
    int fd;

    snprintf(path, sizeof(path), "%s/%s", side[s].dir, name);
    fd = open(path, O_RDWR);
    page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (page == MAP_FAILED)
        die(path);
    return page;
}

int daemon_connect(int s)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd;

    snprintf(a.sun_path, sizeof(a.sun_path), "%s/socket", side[s].dir);
    for (int i = 0; i < 5000; i++) {
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
            return fd;
        close(fd);
        usleep(1000);
    }
    die("connecting");
}

pid_t daemon_start_by(int s, const char *runner, const char *program,
                      const char *preload)
{
    char path[256], command[4096];

    snprintf(command, sizeof(command), "exec %s %s --no-fork",
             runner ? runner : "", program);
    snprintf(side[s].dir, sizeof(side[s].dir), "/dev/shm/store-XXXXXX");
    if (!mkdtemp(side[s].dir))
        die("a directory");
    snprintf(path, sizeof(path), "%s/events", side[s].dir);
    if (mkfifo(path, 0600))
        die(path);
    side[s].events = open(path, O_RDWR | O_NONBLOCK);
    put_file(s, "xsd_kva", "", 4096);
    put_file(s, "xsd_port", "5", 0);
    side[s].pid = fork();
    if (side[s].pid == 0) {
        if (!freopen("/dev/null", "w", stdout) ||
            !freopen("/dev/null", "w", stderr))
            _exit(1);
        setenv("XENSTORED_RUNDIR", side[s].dir, 1);
        unsetenv("XENSTORED_PATH");
        setenv("LD_PRELOAD", preload, 1);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(1);
    }
    for (int i = 0; i < 2; i++)
        peer[i].fd[s] = daemon_connect(s);
    peer[2].ring[s] = map_page(s, "xsd_kva");
    return side[s].pid;
}

void daemon_start(int s, const char *program, const char *preload)
{
    daemon_start_by(s, NULL, program, preload);
}

void daemon_stop(int s)
{
    char command[256];

    kill(side[s].pid, SIGKILL);
    waitpid(side[s].pid, NULL, 0);
    for (int i = 0; i < 2; i++)
        close(peer[i].fd[s]);
    close(side[s].events);
    snprintf(command, sizeof(command), "rm -rf %s", side[s].dir);
    if (system(command))
        die(command);
}

void domain_begin(struct peer *p)
{
    char name[32];

    snprintf(name, sizeof(name), "dom.%u", p->domid);
    for (int s = 0; s < 2; s++) {
        put_file(s, name, "", 4096);
        p->ring[s] = map_page(s, name);
    }
}

void domain_end(struct peer *p)
{
    char path[256];

    for (int s = 0; s < 2; s++) {
        snprintf(path, sizeof(path), "%s/dom.%u", side[s].dir, p->domid);
        unlink(path);
        munmap(p->ring[s], 4096);
        notify(s, EXC_PORT);
        wait_until_heard(s);
    }
    p->introduced = false;
    memset(p->transaction, 0, sizeof(p->transaction));
}
