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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>

#include "../common/device_node.h"
#include "../common/xenbus_state.h"
#include "device_log.h"

#define PATH_LEN 128

struct device {
    struct device *next;
    char path[PATH_LEN]; /* backend/KIND/DOMID/DEVID */
    pid_t pid;
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

/* The device's state node as a number; 0: no such device. */
static int state_of(struct devices *ds, const char *path)
{
    char node[PATH_LEN + 8], *text;
    unsigned int len;
    int state;

    snprintf(node, sizeof(node), "%s/state", path);
    text = xs_read(ds->xs, XBT_NULL, node, &len);
    state = text ? atoi(text) : 0;
    free(text);
    return state;
}

static void exec_backend(struct devices *ds, const struct device_kind *k,
                         char *path, int log_fd)
{
    char program[256];
    char *argv[4], **a = argv;
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    unsetenv("NOTIFY_SOCKET"); /* it speaks for this daemon */
    dup2(log_fd, STDERR_FILENO);
    snprintf(program, sizeof(program), "%s/%s", ds->program_dir, k->program);
    *a++ = program;
    if (ds->debug)
        *a++ = (char *)"--debug";
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
    int log_fd = device_log_open(&d->log, ds->loop), rc = 0;

    if (log_fd < 0)
        return log_fd;
    d->pid = fork();
    if (!d->pid)
        exec_backend(ds, k, d->path, log_fd);
    if (d->pid < 0)
        rc = -errno;
    close(log_fd);
    if (rc)
        device_log_close(&d->log);
    return rc;
}

static void start(struct devices *ds, const struct device_kind *k,
                  const char *path)
{
    struct device *d = calloc(1, sizeof(*d));
    int rc = -ENOMEM;

    if (d) {
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
    if (!xs_rm(ds->xs, XBT_NULL, node))
        return;
    while ((slash = strrchr(node, '/'))) {
        *slash = 0;
        names = xs_directory(ds->xs, XBT_NULL, node, &n);
        free(names);
        if (!names || n || !xs_rm(ds->xs, XBT_NULL, node))
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
        start(ds, k, path);
    else if (!state)
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
    names = xs_directory(ds->xs, XBT_NULL, path, &n);
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

/* A backend that died left its device in some state; say so and close it, so
 * that neither the guest nor the toolstack waits for it. */
static void close_orphan(struct devices *ds, const char *path, const char *why)
{
    char node[PATH_LEN + 16];

    if (!state_of(ds, path))
        return;
    log_error("%s: backend process %s", path, why);
    snprintf(node, sizeof(node), "error/%s/error", path);
    xs_write(ds->xs, XBT_NULL, node, why, strlen(why));
    device_set_state(ds->xs, path, XenbusStateClosed);
}

static bool is_open(int state)
{
    return state > XenbusStateInitialising && state < XenbusStateClosed;
}

static void reaped(struct devices *ds, struct device *d, int status)
{
    char why[320], path[PATH_LEN];
    const char *said = d->log.complaint;
    bool killed = WIFSIGNALED(status);

    device_log_close(&d->log);
    snprintf(path, sizeof(path), "%s", d->path);
    snprintf(why, sizeof(why), "%s %d%s%s",
             killed ? "killed by signal" : "failed with status",
             killed ? WTERMSIG(status) : WEXITSTATUS(status), *said ? ": " : "",
             said);
    free(d);
    if (killed || WEXITSTATUS(status)) {
        close_orphan(ds, path, why);
    } else if (is_open(state_of(ds, path))) {
        close_orphan(ds, path, "stopped");
    } else {
        log_info("%s: backend ended", path);
    }
    /* Meanwhile the toolstack may have made the device anew. */
    devices_check(ds, path);
}

void devices_reap(struct devices *ds)
{
    struct device **p, *d;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        for (p = &ds->list; *p && (*p)->pid != pid; p = &(*p)->next)
            ;
        d = *p;
        if (!d)
            continue;
        *p = d->next;
        reaped(ds, d, status);
    }
}

void devices_stop_all(struct devices *ds)
{
    for (struct device *d = ds->list; d; d = d->next)
        kill(d->pid, SIGTERM);
    while (ds->list) {
        struct device *d = ds->list;

        waitpid(d->pid, NULL, 0);
        device_log_close(&d->log);
        close_orphan(ds, d->path, "stopped with the supervisor");
        ds->list = d->next;
        free(d);
    }
}
