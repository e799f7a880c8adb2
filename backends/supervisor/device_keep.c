/* SPDX-License-Identifier: MIT */
/*
 * What of a device must not go with its process (device.h).
 */
#include <poll.h>
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

void device_keep(struct device *d, bool fresh)
{
    if (d->kind->disk && d->worker.pid && !d->gone.armed)
        kept_medium_take(&d->medium, d->worker.process.fd);
    if (d->kept >= 0 || !d->kind->keep)
        return;
    d->kept = d->kind->keep(d->all, d->path, fresh);
    if (d->kept < 0 && d->kept != -ENODEV)
        log_warning("%s: %s", d->path, log_take_reason(d->kept));
}

void device_resized(struct device_gate *g)
{
    struct device *d = container_of(g, struct device, worker.gate);

    device_keep(d, false);
    kept_medium_allow(&d->medium, d->worker.pid, d->worker.process.fd);
}
