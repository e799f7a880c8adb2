/* SPDX-License-Identifier: MIT */
/*
 * What of a device must not go with its process (device.h).
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/log.h>

#include "device.h"

void device_drop_removed(struct device *d)
{
    struct pollfd p = {.fd = d->kept};

    if (d->kept < 0 || poll(&p, 1, 0) != 1 || !(p.revents & POLLERR))
        return;
    log_warning("%s: what was kept of it has been removed", d->path);
    close(d->kept);
    d->kept = -1;
}

static char *read_node(struct device *d, const char *key)
{
    char node[DEVICE_PATH + 32];
    unsigned int len;

    snprintf(node, sizeof(node), "%s/%s", d->path, key);
    return xs_read(d->all->store->xs, XBT_NULL, node, &len);
}

/* By what the hotplug script has found, or if there is no store that knows it,
 * by what was kept before. */
static struct medium_id medium_of(struct device *d)
{
    char *text = read_node(d, "physical-device-id");
    char *number = text ? NULL : read_node(d, "physical-device");
    struct medium_id id = medium_id_from(text, number);

    free(text);
    free(number);
    return *id.text ? id : d->status.medium;
}

/* For a supervisor that begins without a store. */
static void note_medium(struct device *d, const struct medium_id *id)
{
    if (!strcmp(id->text, d->status.medium.text))
        return;
    d->status.medium = *id;
    device_status_save(&d->status, d->all->run_dir, d->worker.name);
}

/* Of a medium that no script has named nothing is kept. */
static void keep_medium(struct device *d)
{
    struct kept_medium shown = kept_medium_look(d->worker.process.fd);
    struct medium_id id;

    if (shown.fd < 0)
        return;
    id = medium_of(d);
    if (kept_medium_is(&shown, &id)) {
        kept_medium_let_go(&d->medium);
        d->medium = shown;
        note_medium(d, &id);
    } else {
        kept_medium_let_go(&shown);
    }
}

void device_keep(struct device *d, bool fresh)
{
    if (d->kind->disk && d->worker.pid && d->worker.met && !d->gone.armed &&
        !d->medium.taken)
        keep_medium(d);
    if (d->kept >= 0 || !d->kind->keep)
        return;
    d->kept = d->kind->keep(d->all, d->path, fresh);
    if (d->kept < 0 && d->kept != -ENODEV)
        log_warning("%s: %s", d->path, log_take_reason(d->kept));
}

void device_met(struct worker *w)
{
    device_keep(container_of(w, struct device, worker), false);
}

void device_resized(struct device_gate *g)
{
    struct device *d = container_of(g, struct device, worker.gate);

    device_keep(d, false);
    kept_medium_allow(&d->medium, d->worker.pid, d->worker.process.fd);
}
