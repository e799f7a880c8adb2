/* SPDX-License-Identifier: MIT */
/*
 * A medium behind a server (nbd_server.h), by the NBD protocol: images in
 * QEMU's formats, and what has a URI. The rest of the backend sees a storage.
 *
 * When the server has gone, however it went, this process can tell nothing of
 * what is in flight and ends: its successor starts another server and does
 * again what the guest was not answered. What the guest was answered must be
 * there then. For the server of an image in a format, or of storage that has a
 * library for it, that takes more than what the kernel holds: where data lies,
 * or data, is in the server's memory until a flush. So a write to such a medium
 * counts as done when a flush that began after it is done, and the guest sees a
 * disk without a cache. One flush is for all writes that have waited for it, so
 * the more are in flight the less it costs.
 */
#ifndef BACKENDS_BLOCK_NBD_H
#define BACKENDS_BLOCK_NBD_H

#include <daemon/event_loop.h>

#include "storage.h"
#include "target.h"

struct nbd_ask {
    struct target target; /* 'device' is found out */
    /* See medium_open(). What is elsewhere has no id. */
    const struct medium_id *id;
    const char *mode;
    bool allow_discard;
    int hold; /* one of nbd_server_plan's held */
    unsigned int domid;
    struct event_loop *loop;
    /* The server has gone, and why: nothing finishes any more. */
    void (*lost)(struct storage *s, const char *why);
    /* Something is in flight, and nothing has finished for so long; it is
     * waited for, as long as it takes. false: that is over. */
    void (*slow)(struct storage *s, bool is);
    unsigned int slow_ms;
};

/* As storage_open(). The guest's sectors are those of the server. */
int nbd_storage_open(struct storage *s, const struct nbd_ask *a);

#endif
