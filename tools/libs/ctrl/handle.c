/* SPDX-License-Identifier: MIT */
/*
 * The handle of libxlctrl and the four ways into Xen that all other files
 * use: domctl, sysctl, memory_op, and an operation on one structure.
 */
#include <stdlib.h>

#include "private.h"

xlc_handle *xlc_open(struct xentoollog_logger *logger)
{
    xlc_handle *h = calloc(1, sizeof(*h));
    int saved;

    if (!h)
        return NULL;
    if (owned_logger_take(&h->log, logger)) {
        free(h);
        return NULL;
    }
    h->call = xencall_open(h->log.logger, 0);
    if (h->call)
        h->fmem = xenforeignmemory_open(h->log.logger, 0);
    if (h->fmem)
        return h;

    saved = errno;
    xlc_close(h);
    errno = saved;
    return NULL;
}

void xlc_close(xlc_handle *h)
{
    if (!h)
        return;
    xenforeignmemory_close(h->fmem);
    xencall_close(h->call);
    owned_logger_drop(&h->log);
    free(h);
}

struct xentoollog_logger *xlc_logger(xlc_handle *h)
{
    return h->log.logger;
}

struct xenforeignmemory_handle *xlc_foreignmemory(xlc_handle *h)
{
    return h->fmem;
}

int bounce_new(xlc_handle *h, struct bounce *b, void *user, size_t size)
{
    *b = (struct bounce){.user = user, .size = size};
    if (!user || !size)
        return 0;
    b->buffer = xencall_alloc_buffer(h->call, size);
    return b->buffer ? 0 : -1;
}

int bounce_in(xlc_handle *h, struct bounce *b, const void *user, size_t size)
{
    int rc = bounce_new(h, b, (void *)user, size);

    if (!rc && b->buffer)
        memcpy(b->buffer, user, size);
    return rc;
}

void bounce_out(const struct bounce *b, size_t size)
{
    if (b->buffer)
        memcpy(b->user, b->buffer, size < b->size ? size : b->size);
}

void bounce_free(xlc_handle *h, struct bounce *b)
{
    int saved = errno;

    xencall_free_buffer(h->call, b->buffer);
    b->buffer = NULL;
    errno = saved;
}

int xlc_simple_op(xlc_handle *h, unsigned int hypercall, unsigned int cmd,
                  void *arg, size_t size)
{
    struct bounce b;
    int rc;

    if (bounce_in(h, &b, arg, size))
        return -1;
    rc = xencall2(h->call, hypercall, cmd, (uintptr_t)b.buffer);
    if (rc >= 0)
        bounce_out(&b, size);
    bounce_free(h, &b);
    return rc;
}

/* The structure goes back to the caller on failure too: some ops say why. */
static int versioned_op(xlc_handle *h, unsigned int hypercall, const char *what,
                        void *op, size_t size)
{
    struct bounce b;
    int rc;

    if (bounce_in(h, &b, op, size))
        return -1;
    rc = xencall1(h->call, hypercall, (uintptr_t)b.buffer);
    bounce_out(&b, size);
    bounce_free(h, &b);
    if (rc < 0 && errno == EACCES)
        xtl_log(h->log.logger, XTL_ERROR, -1, "xlctrl",
                "%s refused: the running Xen has another interface version",
                what);
    return rc;
}

int xlc_domctl(xlc_handle *h, struct xen_domctl *op)
{
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return versioned_op(h, __HYPERVISOR_domctl, "domctl", op, sizeof(*op));
}

int xlc_sysctl(xlc_handle *h, struct xen_sysctl *op)
{
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return versioned_op(h, __HYPERVISOR_sysctl, "sysctl", op, sizeof(*op));
}

long xlc_memory_op(xlc_handle *h, unsigned int cmd, void *arg, size_t size)
{
    struct bounce b;
    long rc;

    if (bounce_in(h, &b, arg, size))
        return -1;
    rc = xencall2L(h->call, __HYPERVISOR_memory_op, cmd, (uintptr_t)b.buffer);
    if (rc >= 0)
        bounce_out(&b, size);
    bounce_free(h, &b);
    return rc;
}
