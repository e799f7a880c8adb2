/* SPDX-License-Identifier: MIT */
/*
 * The hypercall handle, shared by hypercall.c and buffer.c. Several threads may
 * use one handle: calls need no lock, buffers take cache_lock. A forked child
 * has no use for it but to close it: the buffers are not there.
 */
#ifndef CALL_PRIVATE_H
#define CALL_PRIVATE_H

#include <pthread.h>
#include <stdint.h>

#include <base/page.h>
#include <xencall.h>
#include <xentoollog.h>

#include "../toolcore/device_handle.h"

/* Single free pages kept for the next call: most buffers are one page. */
#define CACHED_PAGES 8

/* What xencall_open() gives. What is not under the lock is constant until the
 * handle is closed, which nobody may do while another thread uses it. */
struct xencall_handle {
    struct device_handle dev; /* /dev/xen/privcmd: takes the hypercalls */
    int buffer_fd; /* /dev/xen/hypercall: gives pinned pages; -1 if absent */
    pthread_mutex_t cache_lock;
    unsigned int cached;       /* protected by cache_lock, as is cache[] */
    void *cache[CACHED_PAGES]; /* mapped; content of the last call */
};

/* Unmap the cached pages; errors do not matter (an inherited handle). It takes
 * no lock: the handle is about to be closed. Keeps errno. */
void buffer_cache_release(xencall_handle *xcall);

#endif
