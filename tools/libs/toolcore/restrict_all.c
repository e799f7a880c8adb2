/* SPDX-License-Identifier: MIT */
/*
 * xentoolcore_restrict_all(): one process-wide list of open handles, each with
 * a function that limits it to one domain. A device model calls this once,
 * after it has opened all its handles.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "active_handle.h"

static pthread_mutex_t handles_lock = PTHREAD_MUTEX_INITIALIZER;
static struct active_handle *handles; /* protected by handles_lock */

void xentoolcore__register_active_handle(struct active_handle *handle)
{
    pthread_mutex_lock(&handles_lock);
    handle->next = handles;
    if (handles)
        handles->link = &handle->next;
    handles = handle;
    handle->link = &handles;
    pthread_mutex_unlock(&handles_lock);
}

void xentoolcore__deregister_active_handle(struct active_handle *handle)
{
    pthread_mutex_lock(&handles_lock);
    *handle->link = handle->next;
    if (handle->next)
        handle->next->link = handle->link;
    pthread_mutex_unlock(&handles_lock);
}

int xentoolcore__restrict_by_dup2_null(int fd)
{
    int null_fd, saved, r;

    if (fd < 0)
        return 0;
    null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null_fd < 0)
        return -1;
    r = dup3(null_fd, fd, O_CLOEXEC);
    saved = errno;
    close(null_fd);
    errno = saved;
    return r < 0 ? -1 : 0;
}

int xentoolcore_restrict_all(domid_t domid)
{
    struct active_handle *handle;
    int rc = 0;

    pthread_mutex_lock(&handles_lock);
    for (handle = handles; handle && !rc; handle = handle->next)
        if (handle->restrict_to(handle, domid))
            rc = -1;
    pthread_mutex_unlock(&handles_lock);
    return rc;
}
