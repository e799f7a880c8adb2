/* SPDX-License-Identifier: MIT */
/* See device.h. */
#include "device.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/clock.h>
#include <daemon/log.h>
#include <xlctrl.h>

#include "../common/device_node.h"
#include "../common/domain_over.h"
#include "../common/kernel_driver.h"
#include "../common/xenbus_state.h"
#include "disk_stats.h"

#define LIFE_MS       1000 /* so long-lived, a process is no failure */
#define WAIT_FIRST_MS 100
#define WAIT_MOST_MS  5000
/* Of those that were killed so many are followed at once, one more each ... */
#define SPARED      10
#define SPARED_MS   1000
#define STARTING_MS 10 /* until a process has its number written */
#define GONE_MS                                                                \
    6000 /* after its device, before it is told to end; more                   \
          * than it waits for its medium by itself */

/* --- the store --- */

/* A node as a number; 0: it is not there, or the store is not. */
static int number_at(struct devices *ds, const char *path, const char *key)
{
    char node[DEVICE_PATH + 16], *text;
    unsigned int len;
    int value;

    snprintf(node, sizeof(node), "%s/%s", path, key);
    text = xs_read(ds->store->xs, XBT_NULL, node, &len);
    value = text ? atoi(text) : 0;
    free(text);
    return value;
}

static bool is_node(struct devices *ds, const char *path)
{
    unsigned int len;
    char *text = xs_read(ds->store->xs, XBT_NULL, path, &len);
    bool there = text;

    free(text);
    return there;
}

/* A backend writes only of what there is, but its state may come when the
 * directory has just been removed. This node is the toolstack's alone. */
static bool has_frontend(struct devices *ds, const char *path)
{
    char node[DEVICE_PATH + 16];

    snprintf(node, sizeof(node), "%s/frontend", path);
    return is_node(ds, node);
}

int device_state(struct devices *ds, const char *path)
{
    int state = number_at(ds, path, "state");

    return state && has_frontend(ds, path) ? state : 0;
}

bool device_is_ours(struct devices *ds, const struct device_kind *k,
                    const char *path)
{
    char node[DEVICE_PATH + 8], *type;
    unsigned int len;
    bool ours;

    if (!k->type)
        return true;
    snprintf(node, sizeof(node), "%s/type", path);
    type = xs_read(ds->store->xs, XBT_NULL, node, &len);
    ours = type && !strcmp(type, k->type);
    free(type);
    return ours;
}

static bool is_known(struct devices *ds, unsigned int domid)
{
    char path[32];

    snprintf(path, sizeof(path), "/local/domain/%u", domid);
    return is_node(ds, path);
}

/* --- a device without a process --- */

enum next {
    NEXT_FORGET, /* the device is over */
    NEXT_REPORT, /* it is to be closed, with the reason */
    NEXT_SERVE,  /* another process */
    NEXT_WAIT,   /* the store has to say */
};

/* As of the store, or else as it was last: state nodes are watched. The guest
 * of a process that was killed waits, so one answer must do: if there is no
 * such device, the next process ends at once. */
static bool read_state(struct device *d)
{
    bool urgent = !d->worker.pid && d->end == WORKER_KILLED;
    int state = urgent ? number_at(d->all, d->path, "state")
                       : device_state(d->all, d->path);

    if (store_lost(d->all->store))
        return false;
    d->state = state;
    d->guessed = false;
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

    if (kernel_driver(d->kind->name))
        return NEXT_FORGET;
    if (known && !d->state)
        return next_unknown(d);
    if (known && !device_is_ours(d->all, d->kind, d->path) &&
        !store_lost(d->all->store))
        return NEXT_FORGET; /* another has been made in its place */
    if (known && d->state == XenbusStateClosed &&
        !number_at(d->all, d->path, "online"))
        return d->end == WORKER_FAILED || d->end == WORKER_KILLED ? NEXT_REPORT
                                                                  : NEXT_FORGET;
    if (can_go_on(d))
        return NEXT_SERVE;
    if (known)
        return NEXT_REPORT;
    return d->all->killing ? NEXT_FORGET : NEXT_WAIT;
}

void device_forget(struct device *d)
{
    struct device **p = &d->all->list;

    while (*p != d)
        p = &(*p)->next;
    *p = d->next;
    disk_stats_check(d->all, d->domid);
    event_timer_cancel(d->all->loop, &d->timer);
    event_timer_cancel(d->all->loop, &d->gone);
    if (d->kept >= 0)
        close(d->kept);
    kept_medium_let_go(&d->medium);
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

/* The status goes last: by it devices_store_changed() finds what a store that
 * was away has kept. */
void device_withdraw(struct devices *ds, const char *path)
{
    disk_stats_withdraw(ds->store->xs, path);
    device_status_withdraw(ds->store->xs, path);
}

static void end(struct device *d)
{
    struct devices *ds = d->all;
    char path[DEVICE_PATH];

    snprintf(path, sizeof(path), "%s", d->path);
    device_withdraw(ds, path);
    worker_remove_files(&d->worker);
    device_forget(d);
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
    disk_stats_publish(d->all->store->xs, d->path);
}

/* A process of a former supervisor. -ESRCH: there is none. */
int device_adopt(struct device *d)
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
    device_keep(d, false);
    event_timer_set(ds->loop, &d->timer, LIFE_MS);
    d->served = true;
    tell(d);
    if (ds->stopping)
        worker_signal(&d->worker, SIGTERM);
    return 0;
}

/* How the last one ended, where an administrator looks. */
static void complain(struct device *d, unsigned int wait_ms)
{
    if (!*d->status.why)
        return;
    log_error("%s: backend process %s; the next one in %u ms", d->path,
              d->status.why, wait_ms);
    device_error_write(d->all->store->xs, d->path, d->status.why);
}

static void serve_later(struct device *d)
{
    event_timer_set(d->all->loop, &d->timer, d->wait_ms);
    complain(d, d->wait_ms);
    d->wait_ms *= 2;
    if (d->wait_ms > WAIT_MOST_MS)
        d->wait_ms = WAIT_MOST_MS;
    tell(d);
}

/* False: d->status says why not. */
static bool start(struct device *d)
{
    char program[PATH_MAX];
    struct worker_program p = {program,
                               d->path,
                               d->all->debug,
                               d->kind->record_size,
                               d->state == XenbusStateInitialising,
                               -1,
                               -1};
    int rc;

    snprintf(program, sizeof(program), "%s/%s", d->all->program_dir,
             d->kind->program);
    device_drop_removed(d);
    d->medium.taken = false;
    if (p.fresh) {
        kept_medium_let_go(&d->medium);
        d->status.medium = (struct medium_id){""};
        device_keep(d, true);
    }
    p.medium = d->medium.fd;
    p.errors = d->medium.errors;
    rc = worker_start(&d->worker, &p);
    if (rc) {
        snprintf(d->status.why, sizeof(d->status.why), "cannot be started: %s",
                 strerror(-rc));
        d->end = WORKER_ENDED;
        return false;
    }
    log_info("%s: %s started, process %d", d->path, d->kind->program,
             (int)d->worker.pid);
    event_timer_set(d->all->loop, &d->timer, LIFE_MS);
    d->status.restarts += d->served;
    d->served = true;
    return true;
}

/* The guest waits: what there is to be told is told when the process has been
 * started. */
static void serve(struct device *d)
{
    if (!start(d)) {
        d->wait_ms = d->wait_ms ? d->wait_ms : WAIT_FIRST_MS;
        serve_later(d);
        return;
    }
    tell(d);
}

/* Who is killed has not failed: mostly it was somebody's will, and the guest
 * waits. A guest that knows how to do it may do so now and then. */
static bool is_spared(struct device *d)
{
    uint64_t now = now_ms();

    if (d->end != WORKER_KILLED && d->end != WORKER_ENDED)
        return false;
    if (d->spared_to < now)
        d->spared_to = now;
    if (d->spared_to - now > (SPARED - 1) * SPARED_MS)
        return false;
    d->spared_to += SPARED_MS;
    return true;
}

/* The next one: the first at once. */
static void serve_again(struct device *d)
{
    bool spared = is_spared(d);

    if (d->end == WORKER_DONE && d->state != XenbusStateInitialising)
        snprintf(d->status.why, sizeof(d->status.why), "stopped");
    if (d->wait_ms && !spared) {
        serve_later(d);
        return;
    }
    d->wait_ms = WAIT_FIRST_MS;
    if (start(d)) {
        complain(d, 0);
        tell(d);
    } else {
        serve_later(d);
    }
}

/* A device of which no process is known. */
void device_settle(struct device *d)
{
    if (device_adopt(d) != -ESRCH)
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
        serve(d);
        break;
    case NEXT_WAIT:
        break;
    }
}

static void on_timer(struct event_timer *t)
{
    struct device *d = container_of(t, struct device, timer);

    if (!d->worker.pid) {
        device_settle(d);
        return;
    }
    d->wait_ms = 0;
    device_keep(d, false);
    device_error_clear(d->all->store->xs, d->path, d->status.why);
}

/* What became of a process of another device, of the same name and gone, is not
 * this one's. */
static void is_anew(struct device *d)
{
    kept_medium_let_go(&d->medium);
    d->status = (struct device_status){0};
    d->served = false;
    d->end = WORKER_DONE;
}

/* A process that waits for its medium in the kernel cannot even be killed. It
 * goes on until the medium answers, without its device's name; the medium is in
 * use for as long. */
static void leave_process(struct device *d)
{
    log_error(
        "%s: process %d cannot be ended with its device: it waits for its "
        "medium",
        d->path, (int)d->worker.pid);
    event_timer_cancel(d->all->loop, &d->timer);
    worker_leave(&d->worker);
    worker_remove_files(&d->worker);
    d->told = 0;
    is_anew(d);
    device_settle(d);
}

/* The device is no more, or will not be used again. A store that has forgotten
 * the guest as well says nothing. */
static bool is_over(struct device *d)
{
    if (!d->state)
        return is_known(d->all, d->domid) || domain_over(d->all->xlc, d->domid);
    return d->state == XenbusStateClosed &&
           !number_at(d->all, d->path, "online");
}

/* The process should have ended by itself: its guest may have taken it over. */
static void insist(struct device *d)
{
    switch (d->told++) {
    case 0:
        log_warning("%s: process %d does not end with its device", d->path,
                    (int)d->worker.pid);
        worker_cut(&d->worker);
        worker_signal(&d->worker, SIGTERM);
        break;
    case 1:
        worker_signal(&d->worker, SIGKILL);
        break;
    default:
        leave_process(d);
        return;
    }
    event_timer_set(d->all->loop, &d->gone, OBEY_MS);
}

static void on_gone(struct event_timer *t)
{
    struct device *d = container_of(t, struct device, gone);
    bool over;

    if (!d->worker.pid)
        return;
    read_state(d);
    over = d->state == XenbusStateInitialising || is_over(d);
    if (store_lost(d->all->store))
        event_timer_set(d->all->loop, t, GONE_MS);
    else if (over)
        insist(d);
}

/* A process ends with its device. Another may come meanwhile, under its name,
 * and waits for one of its own. What the process writes from then on would
 * bring the directory back, or be the other's. */
void device_state_seen(struct device *d, int state)
{
    bool another = state == XenbusStateInitialising && !d->guessed &&
                   d->state != XenbusStateInitialising;
    bool over = another || (state == XenbusStateInitialising && d->gone.armed);

    d->state = state;
    d->guessed = false;
    if (!d->worker.pid) {
        if (another)
            is_anew(d);
        else if (is_over(d)) /* which is seen to when the timer fires */
            kept_medium_let_go(&d->medium);
        return;
    }
    d->worker.gate.over = over = over || is_over(d);
    if (!over) {
        event_timer_cancel(d->all->loop, &d->gone);
        device_keep(d, false);
    } else if (!d->gone.armed) {
        kept_medium_let_go(&d->medium);
        event_timer_set(d->all->loop, &d->gone, GONE_MS);
    }
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
    d->told = 0;
    if (how == WORKER_DONE)
        log_info("%s: backend ended", d->path);
    if (what_next(d) == NEXT_SERVE)
        serve_again(d);
    else
        device_settle(d);
}

struct device *device_add(struct devices *ds, const struct device_kind *k,
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
                         .medium = KEPT_NO_MEDIUM,
                         .worker = {.dir = ds->run_dir,
                                    .loop = ds->loop,
                                    .meets = device_met,
                                    .ended = process_ended},
                         .timer = {.fire = on_timer},
                         .gone = {.fire = on_gone}};
    snprintf(d->path, sizeof(d->path), "backend/%s/%u/%u", k->name, domid,
             devid);
    d->worker.gate.device = d->path;
    d->worker.gate.resized = device_resized;
    snprintf(d->worker.name, sizeof(d->worker.name), "%s-%u-%u", k->name, domid,
             devid);
    ds->list = d;
    disk_stats_check(ds, domid);
    return d;
}

void device_store_back(struct device *d)
{
    int state;

    if (!d->worker.pid) {
        if (!d->timer.armed)
            device_settle(d);
        return;
    }
    device_keep(d, false);
    tell(d);
    state = device_state(d->all, d->path);
    if (!store_lost(d->all->store))
        device_state_seen(d, state);
}
