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
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>
#include <xlctrl.h>

#include "../common/domain_over.h"
#include "../common/kernel_driver.h"
#include "../common/xenbus_state.h"
#include "device.h"

static struct device *find(struct devices *ds, const char *path)
{
    struct device *d = ds->list;

    while (d && strcmp(d->path, path))
        d = d->next;
    return d;
}

/* Said when it begins and when it ends. */
static bool left_to_kernel(struct device_kind *k)
{
    const char *driver = kernel_driver(k->name);

    if (!!driver != k->left)
        log_info("%s devices are %s the kernel's %s", k->name,
                 driver ? "left to" : "no longer left to",
                 driver ? driver : "driver");
    k->left = driver;
    return k->left;
}

/* Loaded by somebody, it has taken the devices that are served here, too. */
static void warn_of_two(struct device_kind *k, const struct device *d)
{
    if (!k->left && left_to_kernel(k))
        log_error("%s: process %d serves it, and so does the kernel's %s that "
                  "has been loaded: shut its guest down",
                  d->path, (int)d->worker.pid, kernel_driver(k->name));
}

/* What the store has, and no process is known of: a new device; or one that
 * must have had a process, of which nothing is left. */
static void check_device(struct devices *ds, struct device_kind *k,
                         unsigned int domid, unsigned int devid)
{
    char path[DEVICE_PATH];
    struct device *d;
    int state;

    snprintf(path, sizeof(path), "backend/%s/%u/%u", k->name, domid, devid);
    state = device_state(ds, path);
    if (store_lost(ds->store))
        return;
    d = find(ds, path);
    if (d && d->worker.pid)
        warn_of_two(k, d);
    if (d && (d->worker.pid || d->timer.armed))
        device_state_seen(d, state);
    else if (d)
        device_settle(d);
    else if (!state)
        device_error_withdraw(ds->store->xs, path);
    else if (state != XenbusStateClosed && !ds->stopping &&
             !left_to_kernel(k) && device_is_ours(ds, k, path)) {
        d = device_add(ds, k, domid, devid);
        if (d)
            device_settle(d);
        else
            log_error("%s: no memory", path);
    }
}

/* A directory above those of a guest's devices has been removed. */
static void check_guest(struct devices *ds, struct device_kind *k,
                        unsigned int domid)
{
    struct device *next;

    for (struct device *d = ds->list; d; d = next) {
        unsigned int devid;

        next = d->next;
        if (d->kind == k && d->domid == domid &&
            sscanf(d->path, "backend/%*[^/]/%*u/%u", &devid) == 1)
            check_device(ds, k, domid, devid);
    }
}

/* Calls itself once per level of backend/KIND/DOMID/DEVID. */
static void scan(struct devices *ds, struct device_kind *k, int domid)
{
    char path[DEVICE_PATH], **names;
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
    if (domid < 0)
        left_to_kernel(k);
}

void devices_check(struct devices *ds, const char *path)
{
    for (struct device_kind *k = ds->kinds; k->name; k++) {
        char pattern[48], leaf[16];
        unsigned int domid, devid;
        int fields;

        if (!path) {
            scan(ds, k, -1);
            continue;
        }
        snprintf(pattern, sizeof(pattern), "backend/%s/%%u/%%u/%%15s", k->name);
        fields = sscanf(path, pattern, &domid, &devid, leaf);
        if (fields == 1)
            check_guest(ds, k, domid);
        /* Everything else below a device is its backend's business. What is to
         * be kept may have another name after its script. */
        if (fields == 2 || (fields == 3 && (!strcmp(leaf, "state") ||
                                            !strcmp(leaf, "hotplug-status"))))
            check_device(ds, k, domid, devid);
    }
}

/* A process of a former supervisor, by the name of its file. */
static void found(struct devices *ds, const char *file)
{
    for (struct device_kind *k = ds->kinds; k->name; k++) {
        char pattern[32];
        unsigned int domid, devid;
        int length = 0;
        struct device *d;

        snprintf(pattern, sizeof(pattern), "%s-%%u-%%u.pid%%n", k->name);
        sscanf(file, pattern, &domid, &devid, &length);
        if (!length || file[length])
            continue;
        d = device_add(ds, k, domid, devid);
        if (!d)
            continue;
        d->state = XenbusStateConnected; /* until the store says */
        d->guessed = true;
        d->end = WORKER_ENDED;
        d->served = true;
        device_status_load(&d->status, ds->run_dir, d->worker.name);
        if (device_adopt(d) == -ESRCH)
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
    struct device *next;
    bool again = ds->killing;

    ds->killing = true;
    for (struct device *d = ds->list; d; d = next) {
        next = d->next;
        if (!d->worker.pid) {
            device_settle(d);
            continue;
        }
        log_warning("%s: process %d does not end", d->path, (int)d->worker.pid);
        worker_signal(&d->worker, SIGKILL);
    }
    if (again && ds->list)
        event_loop_stop(ds->loop, 1);
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
            device_settle(d);
    }
    if (!ds->list)
        event_loop_stop(ds->loop, 0);
}

void devices_close(struct devices *ds)
{
    event_timer_cancel(ds->loop, &ds->look);
    while (ds->list) {
        worker_leave(&ds->list->worker);
        device_forget(ds->list);
    }
    closedir(ds->dir);
}

/* --- without a store, or with one that has forgotten --- */

static void look_at_domains(struct event_timer *t)
{
    struct devices *ds = container_of(t, struct devices, look);
    bool again = store_lost(ds->store);

    for (struct device *d = ds->list; d; d = d->next) {
        if (!d->worker.pid || device_state(ds, d->path))
            continue;
        again = true;
        if (!domain_over(ds->xlc, d->domid))
            continue;
        log_info("%s: the domain is gone", d->path);
        worker_signal(&d->worker, SIGTERM);
        device_state_seen(d, 0);
    }
    if (again)
        event_timer_set(ds->loop, t, DOMAIN_OVER_MS);
}

/* Of a device that has ended while the store was away, or with the supervisor
 * before this one. */
static void withdraw_rest(void *arg, const char *path)
{
    struct devices *ds = arg;

    if (find(ds, path))
        return;
    device_withdraw(ds, path);
    if (!device_state(ds, path) && !store_lost(ds->store))
        device_error_withdraw(ds->store->xs, path);
}

void devices_store_changed(struct devices *ds)
{
    struct device *d, *next;

    if (!store_lost(ds->store))
        for (struct device_kind *k = ds->kinds; k->name; k++)
            device_status_each(ds->store->xs, k->name, withdraw_rest, ds);
    for (d = ds->list; d; d = next) {
        next = d->next;
        device_store_back(d);
    }
    if (ds->stopping)
        return;
    ds->look.fire = look_at_domains;
    event_timer_set(ds->loop, &ds->look, DOMAIN_OVER_MS);
}
