/* SPDX-License-Identifier: MIT */
/* See worker.h. */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>
#include <daemon/pid_lock.h>

#include "../block/kept.h"
#include "../common/handover.h"

/* A guest may have taken it over, and each request costs this daemon and the
 * store some work. One that asks as it should waits for longer. */
#define REST_MS 50

/* Of what a backend says in a minute: many times what it may say. */
#define LOG_BYTES 65536

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* The last is made first: a supervisor that is started anew finds a device by
 * it. */
static const char *const files[] = {"log",  "socket",   "record",
                                    "ends", "ends.new", "pid"};

static const char *file(const struct worker *w, const char *which)
{
    static char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/%s.%s", w->dir, w->name, which);
    return path;
}

/* --- watching it --- */

static void close_source(struct worker *w, struct event_source *s)
{
    if (!s->added)
        return;
    event_source_remove(w->loop, s);
    close(s->fd);
}

/* 0 or -errno, with fd closed. */
static int open_source(struct worker *w, struct event_source *s, int fd,
                       void (*ready)(struct event_source *s, uint32_t events))
{
    int rc;

    if (fd < 0)
        return fd;
    *s = (struct event_source){fd, .ready = ready};
    rc = event_source_add(w->loop, s, EPOLLIN);
    if (rc)
        close(fd);
    return rc;
}

static void close_requests(struct worker *w)
{
    store_gate_close(&w->gate.gate);
    event_timer_cancel(w->loop, &w->rest);
    close_source(w, &w->requests);
}

static void rested(struct event_timer *t)
{
    struct worker *w = container_of(t, struct worker, rest);

    event_source_change(w->loop, &w->requests, EPOLLIN);
}

static void meet(struct worker *w)
{
    bool first = !w->met;

    w->met = true;
    if (first && w->meets)
        w->meets(w);
}

static void serve_request(struct event_source *s, uint32_t events)
{
    struct worker *w = container_of(s, struct worker, requests);
    int rc = handover_asked(s->fd), fd;

    if (rc > 0) {
        meet(w);
        fd = store_gate_open(&w->gate.gate);
        rc = handover_answer(s->fd, fd);
        if (fd >= 0)
            close(fd);
    }
    if (rc < 0) {
        close_requests(w);
        return;
    }
    event_source_change(w->loop, s, 0);
    event_timer_set(w->loop, &w->rest, REST_MS);
}

void worker_cut(struct worker *w)
{
    close_requests(w);
}

void worker_leave(struct worker *w)
{
    device_log_close(&w->log);
    close_requests(w);
    close_source(w, &w->process);
    w->pid = 0;
}

static enum worker_end how_it_ended(const siginfo_t *i)
{
    if (!i->si_pid) /* no child of ours */
        return WORKER_ENDED;
    if (i->si_code != CLD_EXITED)
        return WORKER_KILLED;
    return i->si_status ? WORKER_FAILED : WORKER_DONE;
}

static void in_words(struct worker *w, enum worker_end end, int status,
                     char *text, size_t n)
{
    static const char *const words[] = {
        [WORKER_DONE] = "",
        [WORKER_FAILED] = "failed with status %d%s%s",
        [WORKER_KILLED] = "killed by signal %d%s%s",
        [WORKER_ENDED] = "ended%.0d%s%s",
    };
    const char *said = w->log.complaint;

    snprintf(text, n, words[end], status, *said ? ": " : "", said);
}

static void process_ends(struct event_source *s, uint32_t events)
{
    struct worker *w = container_of(s, struct worker, process);
    siginfo_t info = {0};
    enum worker_end end;
    char how[320];

    waitid(P_PIDFD, (id_t)s->fd, &info, WEXITED | WNOHANG);
    end = how_it_ended(&info);
    worker_leave(w);
    in_words(w, end, info.si_status, how, sizeof(how));
    w->ended(w, end, how);
}

static int open_log(struct worker *w, bool debug)
{
    return device_log_open(&w->log, w->loop, file(w, "log"), w->name,
                           debug ? 0 : LOG_BYTES);
}

static int open_requests(struct worker *w)
{
    device_gate_begin(&w->gate, w->loop);
    w->rest.fire = rested;
    w->met = false;
    return open_source(w, &w->requests, handover_connect(file(w, "socket")),
                       serve_request);
}

/* --- starting it --- */

/* What it inherits; -1: not there. */
struct inheritance {
    int lock, number, log, socket, record;
};

static void close_all(const struct inheritance *i)
{
    const int all[] = {i->lock, i->number, i->log, i->socket, i->record};

    for (size_t n = 0; n < ARRAY_SIZE(all); n++)
        if (all[n] >= 0)
            close(all[n]);
}

/* A new file, so that nothing of what a former one held is in it; with all its
 * room, since writing to a map of a file that cannot grow would be the end. */
static int new_record(const char *path, size_t size)
{
    int fd, rc;

    if (unlink(path) && errno != ENOENT)
        return -errno;
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    rc = fd < 0 ? -errno : -posix_fallocate(fd, 0, (off_t)size);
    if (!rc)
        return fd;
    if (fd >= 0)
        close(fd);
    unlink(path);
    return rc;
}

/* Descriptor, or -errno. One that is missing or too short tells nothing. */
static int open_record(const char *path, size_t size, bool fresh)
{
    int fd = fresh ? -1 : open(path, O_RDWR | O_CLOEXEC);

    if (fd >= 0 && lseek(fd, 0, SEEK_END) >= (off_t)size &&
        !lseek(fd, 0, SEEK_SET))
        return fd;
    if (fd >= 0)
        close(fd);
    return new_record(path, size);
}

/* 0 or -errno. */
static int prepare(struct worker *w, const struct worker_program *p,
                   struct inheritance *i)
{
    int rc;

    i->lock = pid_lock_take(file(w, "pid"), &i->number);
    if (i->lock < 0)
        return i->lock == -EWOULDBLOCK ? -EBUSY : i->lock;
    rc = open_log(w, p->debug);
    if (rc)
        return rc;
    i->log = device_log_end(file(w, "log"));
    if (i->log < 0)
        return i->log;
    i->socket = handover_listen(file(w, "socket"));
    rc = i->socket < 0 ? i->socket : open_requests(w);
    if (rc || !p->record_size)
        return rc;
    i->record = open_record(file(w, "record"), p->record_size, p->fresh);
    return i->record < 0 ? i->record : 0;
}

struct number {
    char text[16];
};

/* Where the arguments go on. */
static char **keep(char **a, const char *option, int fd, struct number *n)
{
    if (fd < 0)
        return a;
    fd = fcntl(fd, F_DUPFD, KEPT_ABOVE); /* to stay, as the other does not */
    if (fd < 0)
        _exit(127);
    snprintf(n->text, sizeof(n->text), "%d", fd);
    *a++ = (char *)option;
    *a++ = n->text;
    return a;
}

/* It needs no terminal and no file that this daemon was started with. */
static int use_null(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    return fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0;
}

/* In the new process, whose life is its own: a signal from the supervisor's
 * terminal is not meant for it. */
static void exec_program(const struct worker_program *p, struct inheritance *i)
{
    struct number n[5];
    char *argv[16], **a = argv;
    sigset_t none;

    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    unsetenv("NOTIFY_SOCKET"); /* it speaks for this daemon */
    dup2(i->log, STDERR_FILENO);
    if (use_null() || pid_lock_write(i->number, getpid()))
        _exit(127); /* nobody could find it */
    *a++ = (char *)p->path;
    if (p->debug)
        *a++ = (char *)"--debug";
    a = keep(a, "--supervisor", i->socket, &n[0]);
    a = keep(a, "--record", i->record, &n[1]);
    a = keep(a, "--lock", i->lock, &n[2]);
    a = keep(a, "--medium", p->medium, &n[3]);
    a = keep(a, "--errors", p->errors, &n[4]);
    *a++ = (char *)p->device;
    *a = NULL;
    execv(p->path, argv);
    log_error("cannot run %s: %s", p->path, strerror(errno));
    _exit(127);
}

/* 0 or -errno; a child that cannot be watched is none. */
static int make_process(struct worker *w, const struct worker_program *p,
                        struct inheritance *i)
{
    pid_t pid = fork();
    int pidfd, rc;

    if (!pid)
        exec_program(p, i);
    if (pid < 0)
        return -errno;
    pidfd = pidfd_open(pid, 0);
    rc = open_source(w, &w->process, pidfd < 0 ? -errno : pidfd, process_ends);
    if (rc) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return rc;
    }
    w->pid = pid;
    return 0;
}

int worker_start(struct worker *w, const struct worker_program *p)
{
    struct inheritance i = {-1, -1, -1, -1, -1};
    int rc = prepare(w, p, &i);

    w->gate.over = false;
    rc = rc ? rc : make_process(w, p, &i);
    close_all(&i);
    if (rc) {
        close_requests(w);
        device_log_close(&w->log);
    }
    return rc;
}

/* --- that of a former supervisor --- */

static int reach(struct worker *w, bool debug)
{
    int rc = open_log(w, debug);

    if (rc)
        return rc;
    rc = open_requests(w);
    if (rc)
        device_log_close(&w->log);
    return rc;
}

int worker_adopt(struct worker *w, bool debug)
{
    int pidfd = pid_lock_holder(file(w, "pid"), &w->pid);
    int rc = open_source(w, &w->process, pidfd, process_ends);

    if (rc) {
        w->pid = 0;
        return rc;
    }
    rc = reach(w, debug);
    if (rc) {
        log_warning("%s: process %d cannot be reached (%s) and is replaced",
                    w->name, (int)w->pid, strerror(-rc));
        worker_signal(w, SIGKILL);
    }
    return 0;
}

void worker_signal(struct worker *w, int signal)
{
    if (w->pid)
        pidfd_send_signal(w->process.fd, signal, NULL, 0);
}

void worker_remove_files(struct worker *w)
{
    for (size_t i = 0; i < ARRAY_SIZE(files); i++)
        unlink(file(w, files[i]));
}
