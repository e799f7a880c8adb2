/* SPDX-License-Identifier: MIT */
/*
 * One backend process per device instance: started when the toolstack has made
 * the device's nodes (state Initialising), gone when the device is. The process
 * ends by itself; the nodes are the toolstack's to remove.
 *
 * Only what dom0's own part of the store says is believed here: a guest cannot
 * make this daemon start anything.
 */
#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>
#include <xlctrl.h>

#include "../common/device_node.h"
#include "../common/domain_over.h"
#include "../common/handover.h"
#include "../common/xenbus_state.h"
#include "device_log.h"

#define PATH_LEN 128

/* Of what a backend says in a minute: many times what it may say. */
#define LOG_BYTES 65536

struct device {
    struct device *next;
    struct devices *all;
    char path[PATH_LEN]; /* backend/KIND/DOMID/DEVID */
    unsigned int domid;
    pid_t pid;                    /* 0: ended, and the store is to be told */
    char why[320];                /* and this is how; "": as it should */
    struct event_source requests; /* its end of handover.h */
    struct device_log log;
};

const struct device_kind device_kinds[] = {
    {"vbd", "xen-block-backend"},
    {"vif", "xen-net-backend"},
};
const unsigned int nr_device_kinds = ARRAY_SIZE(device_kinds);

static struct device *find(struct devices *ds, const char *path)
{
    struct device *d = ds->list;

    while (d && strcmp(d->path, path))
        d = d->next;
    return d;
}

/* The device's state node as a number; 0: no such device, or no store. */
static int state_of(struct devices *ds, const char *path)
{
    char node[PATH_LEN + 8], *text;
    unsigned int len;
    int state;

    snprintf(node, sizeof(node), "%s/state", path);
    text = xs_read(ds->store->xs, XBT_NULL, node, &len);
    state = text ? atoi(text) : 0;
    free(text);
    return state;
}

static void close_requests(struct device *d)
{
    if (!d->requests.added)
        return;
    event_source_remove(d->all->loop, &d->requests);
    close(d->requests.fd);
}

static void serve_request(struct event_source *s, uint32_t events)
{
    struct device *d = container_of(s, struct device, requests);
    int rc = handover_serve(s->fd);

    if (rc && rc != -EAGAIN)
        close_requests(d);
}

/* 0 or -errno; *end: for the process. */
static int open_requests(struct device *d, int *end)
{
    int pair[2], rc = handover_pair(pair);

    if (rc)
        return rc;
    d->requests = (struct event_source){pair[0], .ready = serve_request};
    rc = event_source_add(d->all->loop, &d->requests, EPOLLIN);
    *end = pair[1];
    if (rc) {
        close(pair[0]);
        close(pair[1]);
    }
    return rc;
}

static void exec_backend(struct devices *ds, const struct device_kind *k,
                         char *path, int log_fd, int requests)
{
    char program[256], number[16];
    char *argv[6], **a = argv;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    unsetenv("NOTIFY_SOCKET"); /* it speaks for this daemon */
    dup2(log_fd, STDERR_FILENO);
    snprintf(program, sizeof(program), "%s/%s", ds->program_dir, k->program);
    *a++ = program;
    if (ds->debug)
        *a++ = (char *)"--debug";
    fcntl(requests, F_SETFD, 0);
    snprintf(number, sizeof(number), "%d", requests);
    *a++ = (char *)"--supervisor";
    *a++ = number;
    *a++ = path;
    *a = NULL;
    execv(program, argv);
    log_error("cannot run %s: %s", program, strerror(errno));
    _exit(127);
}

/* 0 or -errno. */
static int start_process(struct devices *ds, const struct device_kind *k,
                         struct device *d)
{
    int log_fd =
        device_log_open(&d->log, ds->loop, d->path, ds->debug ? 0 : LOG_BYTES);
    int requests, rc;

    if (log_fd < 0)
        return log_fd;
    rc = open_requests(d, &requests);
    if (!rc) {
        d->pid = fork();
        if (!d->pid)
            exec_backend(ds, k, d->path, log_fd, requests);
        if (d->pid < 0)
            rc = -errno;
        close(requests);
    }
    close(log_fd);
    if (rc) {
        close_requests(d);
        device_log_close(&d->log);
    }
    return rc;
}

static void start(struct devices *ds, const struct device_kind *k,
                  unsigned int domid, const char *path)
{
    struct device *d = calloc(1, sizeof(*d));
    int rc = -ENOMEM;

    if (d) {
        d->all = ds;
        d->domid = domid;
        snprintf(d->path, sizeof(d->path), "%s", path);
        rc = start_process(ds, k, d);
    }
    if (rc) {
        log_error("cannot start the backend of %s: %s", path, strerror(-rc));
        free(d);
        return;
    }
    log_info("%s: %s started, process %d", path, k->program, (int)d->pid);
    d->next = ds->list;
    ds->list = d;
}

/* The error text of a device that is gone, and the directories above it that
 * it leaves empty. */
static void forget_errors(struct devices *ds, const char *path)
{
    char node[PATH_LEN + 8], **names, *slash;
    unsigned int n;

    snprintf(node, sizeof(node), "error/%s", path);
    if (!xs_rm(ds->store->xs, XBT_NULL, node))
        return;
    while ((slash = strrchr(node, '/'))) {
        *slash = 0;
        names = xs_directory(ds->store->xs, XBT_NULL, node, &n);
        free(names);
        if (!names || n || !xs_rm(ds->store->xs, XBT_NULL, node))
            return;
    }
}

static void check_device(struct devices *ds, const struct device_kind *k,
                         unsigned int domid, unsigned int devid)
{
    char path[PATH_LEN];
    int state;

    snprintf(path, sizeof(path), "backend/%s/%u/%u", k->name, domid, devid);
    if (find(ds, path))
        return;
    state = state_of(ds, path);
    if (state == XenbusStateInitialising)
        start(ds, k, domid, path);
    else if (!state && !store_lost(ds->store))
        forget_errors(ds, path);
}

/* Calls itself once per level of backend/KIND/DOMID/DEVID. */
static void scan(struct devices *ds, const struct device_kind *k, int domid)
{
    char path[PATH_LEN], **names;
    unsigned int n = 0;

    if (domid < 0)
        snprintf(path, sizeof(path), "backend/%s", k->name);
    else
        snprintf(path, sizeof(path), "backend/%s/%d", k->name, domid);
    names = xs_directory(ds->store->xs, XBT_NULL, path, &n);
    for (unsigned int i = 0; names && i < n; i++) {
        unsigned int id = strtoul(names[i], NULL, 10);

        if (domid < 0)
            scan(ds, k, id);
        else
            check_device(ds, k, domid, id);
    }
    free(names);
}

void devices_check(struct devices *ds, const char *path)
{
    for (unsigned int i = 0; i < nr_device_kinds; i++) {
        const struct device_kind *k = &device_kinds[i];
        char pattern[48], leaf[16];
        unsigned int domid, devid;
        int fields;

        if (!path) {
            scan(ds, k, -1);
            continue;
        }
        snprintf(pattern, sizeof(pattern), "backend/%s/%%u/%%u/%%15s", k->name);
        fields = sscanf(path, pattern, &domid, &devid, leaf);
        /* Everything else below a device is its backend's business. */
        if (fields == 2 || (fields == 3 && !strcmp(leaf, "state")))
            check_device(ds, k, domid, devid);
    }
}

static bool is_open(int state)
{
    return state > XenbusStateInitialising && state < XenbusStateClosed;
}

/* A backend that died left its device in some state; say so and close it, so
 * that neither the guest nor the toolstack waits for it. False: no store. */
static bool close_orphan(struct devices *ds, struct device *d)
{
    int state = state_of(ds, d->path);
    const char *why = *d->why ? d->why : is_open(state) ? "stopped" : NULL;
    char node[PATH_LEN + 16];

    if (!state || !why)
        return !store_lost(ds->store);
    log_error("%s: backend process %s", d->path, why);
    snprintf(node, sizeof(node), "error/%s/error", d->path);
    xs_write(ds->store->xs, XBT_NULL, node, why, strlen(why));
    device_set_state(ds->store->xs, d->path, XenbusStateClosed);
    return !store_lost(ds->store);
}

static void forget(struct devices *ds, struct device *d)
{
    struct device **p = &ds->list;

    while (*p != d)
        p = &(*p)->next;
    *p = d->next;
    free(d);
}

/* The process has ended. */
static void settle(struct devices *ds, struct device *d)
{
    char path[PATH_LEN];

    if (!close_orphan(ds, d))
        return; /* again when there is a store */
    snprintf(path, sizeof(path), "%s", d->path);
    forget(ds, d);
    /* Meanwhile the toolstack may have made the device anew. */
    devices_check(ds, path);
}

static void reaped(struct devices *ds, struct device *d, int status)
{
    const char *said = d->log.complaint;
    bool killed = WIFSIGNALED(status);

    d->pid = 0;
    close_requests(d);
    device_log_close(&d->log);
    if (killed || WEXITSTATUS(status))
        snprintf(d->why, sizeof(d->why), "%s %d%s%s",
                 killed ? "killed by signal" : "failed with status",
                 killed ? WTERMSIG(status) : WEXITSTATUS(status),
                 *said ? ": " : "", said);
    else
        log_info("%s: backend ended", d->path);
    settle(ds, d);
}

void devices_reap(struct devices *ds)
{
    struct device *d;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (d = ds->list; d && d->pid != pid; d = d->next)
            ;
        if (d)
            reaped(ds, d, status);
    }
}

void devices_stop_all(struct devices *ds)
{
    for (struct device *d = ds->list; d; d = d->next)
        if (d->pid)
            kill(d->pid, SIGTERM);
    while (ds->list) {
        struct device *d = ds->list;

        if (d->pid) {
            waitpid(d->pid, NULL, 0);
            device_log_close(&d->log);
            close_requests(d);
            snprintf(d->why, sizeof(d->why), "stopped with the supervisor");
        }
        close_orphan(ds, d);
        forget(ds, d);
    }
}

/* --- without a store, or with one that has forgotten --- */

static void look_at_domains(struct event_timer *t)
{
    struct devices *ds = container_of(t, struct devices, look);
    bool again = store_lost(ds->store);

    for (struct device *d = ds->list; d; d = d->next) {
        if (!d->pid || state_of(ds, d->path))
            continue;
        again = true;
        if (!domain_over(ds->xlc, d->domid))
            continue;
        log_info("%s: the domain is gone", d->path);
        kill(d->pid, SIGTERM);
    }
    if (again)
        event_timer_set(ds->loop, t, DOMAIN_OVER_MS);
}

void devices_store_changed(struct devices *ds)
{
    struct device *d, *next;

    for (d = ds->list; d; d = next) {
        next = d->next;
        if (!d->pid)
            settle(ds, d);
    }
    ds->look.fire = look_at_domains;
    event_timer_set(ds->loop, &ds->look, DOMAIN_OVER_MS);
}
