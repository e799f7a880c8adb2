/* SPDX-License-Identifier: MIT */
/*
 * Registration of open library handles for xentoolcore_restrict_all().
 *
 * A library embeds struct active_handle in its handle, sets 'restrict_to'
 * and registers it before the handle gets an fd (so that no fd exists that a
 * concurrent restriction would miss), and deregisters it before freeing.
 *
 * ABI     the layout and the two registration functions are shared with
 *         libraries of other builds: a function pointer, then a list node
 *         that belongs to libxentoolcore.
 * Locks   registration and the callback run under libxentoolcore's lock:
 *         the callback must not call these functions.
 */
#ifndef ACTIVE_HANDLE_H
#define ACTIVE_HANDLE_H

#include <xentoolcore.h>

struct active_handle {
    /* Restrict this handle's fds to domid; 0, or -1 with errno. */
    int (*restrict_to)(struct active_handle *handle, domid_t domid);
    struct active_handle *next, **link;
};

void xentoolcore__register_active_handle(struct active_handle *handle);
void xentoolcore__deregister_active_handle(struct active_handle *handle);

/*
 * Replace fd by /dev/null, for a driver that cannot restrict itself; a no-op
 * for fd < 0. 0, or -1 with errno.
 */
int xentoolcore__restrict_by_dup2_null(int fd);

#endif
