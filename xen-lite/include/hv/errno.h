/* SPDX-License-Identifier: MIT */
/* Xen's error numbers: public values, plus two that never leave us. */
#ifndef HV_ERRNO_H
#define HV_ERRNO_H

#define XEN_ERRNO(name, value) name = value,
enum {
#include <xen/errno.h>
};
#undef XEN_ERRNO

/* -ERESTART: a long operation was preempted; its caller makes a continuation
 * (hypercall_create_continuation()) or passes it up. */

#endif
