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

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>
#include <xlctrl.h>

#include "../common/device_node.h"
#include "../common/domain_over.h"
#include "../common/xenbus_state.h"
#include "device_status.h"
#include "worker.h"

#define PATH_LEN 128

#define LIFE_MS       1000 /* so long-lived, a process is no failure */
#define WAIT_FIRST_MS 100
#define WAIT_MOST_MS  5000
#define STARTING_MS   10    /* until a process has its number written */
#define OBEY_MS       5000  /* that a process may take to end */
#define GONE_MS       10000 /* after its device, before it is ended */

struct device {
    struct device *next;
    struct devices *all;
    const struct device_kind *kind;
    char path[PATH_LEN]; /* backend/KIND/DOMID/DEVID */
    unsigned int domid;
    int state; /* as last read; 0: it has none */
    struct worker worker;
    int kept;            /* by its kind; below 0: nothing */
    enum worker_end end; /* of its last process */
    struct device_status status;
    bool served;              /* it has had a process */
    unsigned int wait_ms;     /* before the next one, should this one end */
    struct event_timer timer; /* until the next one, or until it is looked at
                               * again; or LIFE_MS of this one */
    struct event_timer gone;  /* the process is of a device before this one */
    bool ended;               /* by SIGKILL, for that reason */
};

/* --- the store --- */

static struct device *find(struct devices *ds, const char *path)
{
    struct device *d = ds->list;

    while (d && strcmp(d->path, path))
        d = d->next;
    return d;
}

/* A node as a number; 0: it is not there, or the store is not. */
static int number_at(struct devices *ds, const char *path, const char *key)
{
    char node[PATH_LEN + 16], *text;
    unsigned int len;
    int value;

    snprintf(node, sizeof(node), "%s/%s", path, key);
    text = xs_read(ds->store->xs, XBT_NULL, node, &len);
    value = text ? atoi(text) : 0;
    free(text);
    return value;
}

static int state_of(struct devices *ds, const char *path)
{
    return number_at(ds, path, "state");
}

static bool is_known(struct devices *ds, unsigned int domid)
{
    char path[32];
    unsigned int len;
    void *node;

    snprintf(path, sizeof(path), "/local/domain/%u", domid);
    node = xs_read(ds->store->xs, XBT_NULL, path, &len);
    free(node);
    return node;
}

/* --- a device without a process --- */

enum next {
    NEXT_FORGET, /* the device is over */
    NEXT_REPORT, /* it is to be closed, with the reason */
    NEXT_SERVE,  /* another process */
    NEXT_WAIT,   /* the store has to say */
};

/* As of the store, or else as it was last: state nodes are watched. */
static bool read_state(struct device *d)
{
    int state = state_of(d->all, d->path);

    if (store_lost(d->all->store))
        return false;
    d->state = state;
    return true;
}

/* The store has no such device, which can mean that it is a new store. */
static enum next next_unknown(struct device *d)
{
    struct devices *ds = d->all;

    if (ds->stopping || d->end == WORKER_DONE || !ds->xlc ||
        domain_over(ds->xlc, d->domid) || is_known(ds, d->domid))
        return NEXT_FORGET;
    event_timer_set(ds->loop, &ds->look, DOMAIN_OVER_MS);
    return NEXT_SERVE;
}

/* A guest has begun with it, or has just ended. */
static bool in_use(const struct device *d)
{
    return d->state >= XenbusStateInitialised;
}

/* False: nobody waits for another process, or none could help. */
static bool can_go_on(const struct device *d)
{
    if (d->all->stopping || domain_over(d->all->xlc, d->domid))
        return false;
    return in_use(d) ? d->kind->record_size : d->end != WORKER_FAILED;
}

static enum next what_next(struct device *d)
{
    bool known = read_state(d);

    if (known && !d->state)
        return next_unknown(d);
    if (known && d->state == XenbusStateClosed &&
        !number_at(d->all, d->path, "online"))
        return d->end == WORKER_FAILED || d->end == WORKER_KILLED ? NEXT_REPORT
                                                                  : NEXT_FORGET;
    if (can_go_on(d))
        return NEXT_SERVE;
    return known ? NEXT_REPORT : NEXT_WAIT;
}

static void forget(struct device *d)
{
    struct device **p = &d->all->list;

    while (*p != d)
        p = &(*p)->next;
    *p = d->next;
    event_timer_cancel(d->all->loop, &d->timer);
    event_timer_cancel(d->all->loop, &d->gone);
    if (d->kept >= 0)
        close(d->kept);
    free(d);
}

/* Says how the process ended and closes the device, so that neither the guest
 * nor the toolstack waits for it. False: the store is away, or refuses it; then
 * it is asked again. */
static bool report(struct device *d)
{
    int rc;

    if (!*d->status.why)
        snprintf(d->status.why, sizeof(d->status.why), "stopped");
    log_error("%s: backend process %s", d->path, d->status.why);
    device_error_write(d->all->store->xs, d->path, d->status.why);
    rc = device_set_state(d->all->store->xs, d->path, XenbusStateClosed);
    if (store_lost(d->all->store))
        return false;
    if (!rc || rc == -ENOENT) /* it has been removed meanwhile */
        return true;
    log_error("%s: cannot close the device: %s", d->path, strerror(-rc));
    event_timer_set(d->all->loop, &d->timer, WAIT_MOST_MS);
    return false;
}

static void end(struct device *d)
{
    struct devices *ds = d->all;
    char path[PATH_LEN];

    snprintf(path, sizeof(path), "%s", d->path);
    device_status_withdraw(ds->store->xs, path);
    worker_remove_files(&d->worker);
    forget(d);
    if (ds->stopping && !ds->list)
        event_loop_stop(ds->loop, 0);
    /* Meanwhile the toolstack may have made the device anew. */
    devices_check(ds, path);
}

/* --- its process --- */

/* What it has now. */
static void tell(struct device *d)
{
    d->status.pid = d->worker.pid;
    device_status_save(&d->status, d->all->run_dir, d->worker.name);
    device_status_publish(d->all->store->xs, d->path, &d->status);
}

/* The next one, now or later. */
static void serve_later(struct device *d)
{
    unsigned int wait = d->wait_ms;

    if (d->end == WORKER_DONE && d->state != XenbusStateInitialising)
        snprintf(d->status.why, sizeof(d->status.why), "stopped");
    if (*d->status.why) {
        log_error("%s: backend process %s; the next one in %u ms", d->path,
                  d->status.why, wait);
        device_error_write(d->all->store->xs, d->path, d->status.why);
    }
    d->wait_ms = wait ? 2 * wait : WAIT_FIRST_MS;
    if (d->wait_ms > WAIT_MOST_MS)
        d->wait_ms = WAIT_MOST_MS;
    tell(d);
    event_timer_set(d->all->loop, &d->timer, wait);
}

/* Somebody may remove it: then it is made anew, for the next process. */
static void drop_removed(struct device *d)
{
    struct pollfd p = {.fd = d->kept};

    if (d->kept < 0 || poll(&p, 1, 0) != 1 || !(p.revents & POLLERR))
        return;
    log_warning("%s: what was kept of it has been removed", d->path);
    close(d->kept);
    d->kept = -1;
}

/* Without a store again when it is back. */
static void keep(struct device *d)
{
    if (d->kept >= 0 || !d->kind->keep || store_lost(d->all->store))
        return;
    d->kept = d->kind->keep(d->all, d->path);
    if (d->kept < 0)
        log_warning("%s: %s", d->path, log_take_reason(d->kept));
}

/* A process of a former supervisor. -ESRCH: there is none. */
static int adopt(struct device *d)
{
    struct devices *ds = d->all;
    int rc = worker_adopt(&d->worker, ds->debug);

    if (rc == -ESRCH)
        return rc;
    if (rc) {
        event_timer_set(ds->loop, &d->timer,
                        rc == -EAGAIN ? STARTING_MS : WAIT_MOST_MS);
        return rc;
    }
    log_info("%s: goes on with process %d", d->path, (int)d->worker.pid);
    keep(d);
    event_timer_set(ds->loop, &d->timer, LIFE_MS);
    d->served = true;
    tell(d);
    if (ds->stopping)
        worker_signal(&d->worker, SIGTERM);
    return 0;
}

static void start(struct device *d)
{
    char program[PATH_MAX];
    struct worker_program p = {program, d->path, d->all->debug,
                               d->kind->record_size,
                               d->state == XenbusStateInitialising};
    int rc;

    snprintf(program, sizeof(program), "%s/%s", d->all->program_dir,
             d->kind->program);
    drop_removed(d);
    keep(d);
    rc = worker_start(&d->worker, &p);
    if (rc) {
        snprintf(d->status.why, sizeof(d->status.why), "cannot be started: %s",
                 strerror(-rc));
        d->end = WORKER_ENDED;
        serve_later(d);
        return;
    }
    log_info("%s: %s started, process %d", d->path, d->kind->program,
             (int)d->worker.pid);
    event_timer_set(d->all->loop, &d->timer, LIFE_MS);
    d->status.restarts += d->served;
    d->served = true;
    tell(d);
}

/* A device of which no process is known. */
static void settle(struct device *d)
{
    if (adopt(d) != -ESRCH)
        return;
    switch (what_next(d)) {
    case NEXT_FORGET:
        if (d->end == WORKER_FAILED)
            log_error("%s: backend process %s", d->path, d->status.why);
        end(d);
        break;
    case NEXT_REPORT:
        if (report(d))
            end(d);
        break;
    case NEXT_SERVE:
        start(d);
        break;
    case NEXT_WAIT:
        break;
    }
}

static void on_timer(struct event_timer *t)
{
    struct device *d = container_of(t, struct device, timer);

    if (!d->worker.pid) {
        settle(d);
        return;
    }
    d->wait_ms = 0;
    device_error_clear(d->all->store->xs, d->path, d->status.why);
}

/* What became of a process of another device, of the same name and gone, is not
 * this one's. */
static void is_anew(struct device *d)
{
    d->status = (struct device_status){0};
    d->served = false;
    d->end = WORKER_DONE;
}

/* A process that waits for its medium in the kernel cannot even be killed. It
 * goes on until the medium answers, without its device's name; the medium is in
 * use for as long. */
static void leave_process(struct device *d)
{
    log_error("%s: process %d of the device before this one cannot be ended: "
              "it waits for its medium",
              d->path, (int)d->worker.pid);
    event_timer_cancel(d->all->loop, &d->timer);
    worker_leave(&d->worker);
    worker_remove_files(&d->worker);
    is_anew(d);
    settle(d);
}

static void on_gone(struct event_timer *t)
{
    struct device *d = container_of(t, struct device, gone);

    if (!d->worker.pid)
        return;
    read_state(d);
    if (store_lost(d->all->store)) {
        event_timer_set(d->all->loop, t, GONE_MS);
        return;
    }
    if (d->state != XenbusStateInitialising)
        return;
    if (d->ended) {
        leave_process(d);
        return;
    }
    log_warning("%s: process %d does not end with the device before this one",
                d->path, (int)d->worker.pid);
    worker_signal(&d->worker, SIGKILL);
    d->ended = true;
    event_timer_set(d->all->loop, t, OBEY_MS);
}

/* A process ends with its device. Another has come meanwhile, under its name,
 * and waits for one of its own. */
static void set_state_of(struct device *d, int state)
{
    bool another =
        state == XenbusStateInitialising && d->state != XenbusStateInitialising;

    d->state = state;
    if (state != XenbusStateInitialising)
        event_timer_cancel(d->all->loop, &d->gone);
    if (!another || d->gone.armed)
        return;
    if (!d->worker.pid) {
        is_anew(d);
        return;
    }
    d->ended = false;
    event_timer_set(d->all->loop, &d->gone, GONE_MS);
}

static void process_ended(struct worker *w, enum worker_end how,
                          const char *words)
{
    struct device *d = container_of(w, struct device, worker);

    d->end = how;
    snprintf(d->status.why, sizeof(d->status.why), "%s", words);
    if (d->gone.armed)
        is_anew(d);
    event_timer_cancel(d->all->loop, &d->timer);
    event_timer_cancel(d->all->loop, &d->gone);
    if (how == WORKER_DONE)
        log_info("%s: backend ended", d->path);
    if (what_next(d) == NEXT_SERVE)
        serve_later(d);
    else
        settle(d);
}

/* --- all devices --- */

static struct device *add(struct devices *ds, const struct device_kind *k,
                          unsigned int domid, unsigned int devid)
{
    struct device *d = calloc(1, sizeof(*d));

    if (!d)
        return NULL;
    *d = (struct device){.next = ds->list,
                         .all = ds,
                         .kind = k,
                         .domid = domid,
                         .kept = -1,
                         .worker = {.dir = ds->run_dir,
                                    .loop = ds->loop,
                                    .ended = process_ended},
                         .timer = {.fire = on_timer},
                         .gone = {.fire = on_gone}};
    snprintf(d->path, sizeof(d->path), "backend/%s/%u/%u", k->name, domid,
             devid);
    d->worker.gate.device = d->path;
    snprintf(d->worker.name, sizeof(d->worker.name), "%s-%u-%u", k->name, domid,
             devid);
    ds->list = d;
    return d;
}

/* What the store has, and no process is known of: a new device; or one that
 * must have had a process, of which nothing is left. */
static void check_device(struct devices *ds, const struct device_kind *k,
                         unsigned int domid, unsigned int devid)
{
    char path[PATH_LEN];
    struct device *d;
    int state;

    snprintf(path, sizeof(path), "backend/%s/%u/%u", k->name, domid, devid);
    state = state_of(ds, path);
    if (store_lost(ds->store))
        return;
    d = find(ds, path);
    if (d && (d->worker.pid || d->timer.armed))
        set_state_of(d, state);
    else if (d)
        settle(d);
    else if (!state)
        device_error_withdraw(ds->store->xs, path);
    else if (state < XenbusStateClosed && !ds->stopping) {
        d = add(ds, k, domid, devid);
        if (d)
            settle(d);
        else
            log_error("%s: no memory", path);
    }
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
    for (const struct device_kind *k = ds->kinds; k->name; k++) {
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

/* A process of a former supervisor, by the name of its file. */
static void found(struct devices *ds, const char *file)
{
    for (const struct device_kind *k = ds->kinds; k->name; k++) {
        char pattern[32];
        unsigned int domid, devid;
        int length = 0;
        struct device *d;

        snprintf(pattern, sizeof(pattern), "%s-%%u-%%u.pid%%n", k->name);
        sscanf(file, pattern, &domid, &devid, &length);
        if (!length || file[length])
            continue;
        d = add(ds, k, domid, devid);
        if (!d)
            continue;
        d->state = XenbusStateConnected; /* until the store says */
        d->end = WORKER_ENDED;
        d->served = true;
        device_status_load(&d->status, ds->run_dir, d->worker.name);
        if (adopt(d) == -ESRCH)
            snprintf(d->status.why, sizeof(d->status.why),
                     "ended with the supervisor");
    }
}

int devices_open(struct devices *ds)
{
    if (mkdir(ds->run_dir, 0700) && errno != EEXIST)
        return -errno;
    ds->dir = opendir(ds->run_dir);
    return ds->dir ? 0 : -errno;
}

void devices_adopt(struct devices *ds)
{
    for (struct dirent *e = readdir(ds->dir); e; e = readdir(ds->dir))
        found(ds, e->d_name);
}

/* --- the end --- */

/* By force what does not obey, and not even that: it waits in the kernel. */
static void insist(struct event_timer *t)
{
    struct devices *ds = container_of(t, struct devices, look);

    for (struct device *d = ds->list; d; d = d->next) {
        if (d->worker.pid)
            log_warning("%s: process %d does not end", d->path,
                        (int)d->worker.pid);
        worker_signal(&d->worker, SIGKILL);
    }
    if (ds->killing)
        event_loop_stop(ds->loop, 1);
    ds->killing = true;
    event_timer_set(ds->loop, t, OBEY_MS);
}

void devices_stop_all(struct devices *ds)
{
    struct device *next;

    ds->stopping = true;
    ds->look.fire = insist;
    event_timer_set(ds->loop, &ds->look, OBEY_MS);
    for (struct device *d = ds->list; d; d = next) {
        next = d->next;
        worker_signal(&d->worker, SIGTERM);
        if (!d->worker.pid)
            settle(d);
    }
    if (!ds->list)
        event_loop_stop(ds->loop, 0);
}

void devices_close(struct devices *ds)
{
    event_timer_cancel(ds->loop, &ds->look);
    while (ds->list) {
        worker_leave(&ds->list->worker);
        forget(ds->list);
    }
    closedir(ds->dir);
}

/* --- without a store, or with one that has forgotten --- */

static void look_at_domains(struct event_timer *t)
{
    struct devices *ds = container_of(t, struct devices, look);
    bool again = store_lost(ds->store);

    for (struct device *d = ds->list; d; d = d->next) {
        if (!d->worker.pid || state_of(ds, d->path))
            continue;
        again = true;
        if (!domain_over(ds->xlc, d->domid))
            continue;
        log_info("%s: the domain is gone", d->path);
        worker_signal(&d->worker, SIGTERM);
    }
    if (again)
        event_timer_set(ds->loop, t, DOMAIN_OVER_MS);
}

void devices_store_changed(struct devices *ds)
{
    struct device *d, *next;

    for (d = ds->list; d; d = next) {
        next = d->next;
        if (d->worker.pid) {
            keep(d);
            tell(d);
        } else if (!d->timer.armed) {
            settle(d);
        }
    }
    if (ds->stopping)
        return;
    ds->look.fire = look_at_domains;
    event_timer_set(ds->loop, &ds->look, DOMAIN_OVER_MS);
}
