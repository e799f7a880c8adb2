/* SPDX-License-Identifier: MIT */
/*
 * Inside libxlctrl: the handle, and bounce buffers. Every pointer that goes
 * to Xen points to hypercall memory, so callers' arrays are copied there and
 * back ("bounced"). One helper pair does it for all operations. Functions
 * return what Xen says, 0 or more, or -1 with errno; but for interface versions
 * that differ they log nothing, as only the caller knows what a failure means.
 */
#ifndef XLCTRL_PRIVATE_H
#define XLCTRL_PRIVATE_H

#include <errno.h>
#include <string.h>

#include <xencall.h>
#include <xenforeignmemory.h>
#include <xentoollog.h>

#include <xlctrl.h>

#include "../toollog/owned_logger.h"

#pragma GCC visibility push(hidden)

/* Nothing in it changes after xlc_open(), so that threads may share it. */
struct xlc_handle {
    struct owned_logger log;              /* given to the two others, too */
    struct xencall_handle *call;          /* never NULL in an open handle, */
    struct xenforeignmemory_handle *fmem; /* nor is this one */
};

/* Zeroed it is one that bounces nothing. */
struct bounce {
    void *user;   /* the caller's array; NULL: nothing to bounce */
    size_t size;  /* bytes copied each way */
    void *buffer; /* what Xen gets; NULL together with user */
};

/* Copy size bytes in. 0, or -1 with errno; NULL user or 0 bytes is ok. b is set
 * in any case, so bounce_free() may follow whatever the result was. */
int bounce_in(xlc_handle *h, struct bounce *b, const void *user, size_t size);
/* The same without copying in: for arrays that Xen only writes. */
int bounce_new(xlc_handle *h, struct bounce *b, void *user, size_t size);
/* Copy the first size bytes back, and never more than there are. */
void bounce_out(const struct bounce *b, size_t size);
/* Free the buffer; keeps errno. A zeroed bounce is ok. */
void bounce_free(xlc_handle *h, struct bounce *b);

/* An operation of some hypercall on one structure, copied in and, if it was
 * successful, out. Its result; -1 with errno. Nothing is logged. */
int xlc_simple_op(xlc_handle *h, unsigned int hypercall, unsigned int cmd,
                  void *arg, size_t size);

/* Requests with everything else 0; the version is put in when they are made. */
static inline struct xen_domctl domctl_of(uint32_t domid, uint32_t cmd)
{
    return (struct xen_domctl){.cmd = cmd, .domain = (domid_t)domid};
}

/* The same for the host. */
static inline struct xen_sysctl sysctl_of(uint32_t cmd)
{
    return (struct xen_sysctl){.cmd = cmd};
}

#pragma GCC visibility pop

#endif
