/* SPDX-License-Identifier: MIT */
/*
 * Xen's error numbers: the public values, and two that never leave the
 * hypervisor, EINTR and ERESTART. Functions return them negative. The public
 * values are those that Linux has, so dom0's kernel passes them on as they are.
 */
#ifndef HV_ERRNO_H
#define HV_ERRNO_H

#define XEN_ERRNO(name, value) name = value,
enum {
#include <xen/errno.h>
};
#undef XEN_ERRNO

/* -ERESTART: a long operation was preempted; its caller makes a continuation
 * (hypercall_again()) or passes it up. A guest never sees it. */

#endif
