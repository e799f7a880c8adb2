/* SPDX-License-Identifier: MIT */
/*
 * callback_op(command, argument): where the hypervisor enters the guest's
 * kernel for something that is not a trap. The callbacks are those of the
 * calling vcpu. Any domain may call; results are 0 or a negative errno.
 *
 * set_callbacks(event, failsafe, syscall) sets the first three by address in
 * one call and leaves their flags as they are.
 */
#ifndef __XEN_PUBLIC_CALLBACK_H__
#define __XEN_PUBLIC_CALLBACK_H__

#include "xen.h"

/*
 * Types. event and failsafe are entered in kernel mode on the kernel's stack,
 * the others as the CPU enters a handler. An event callback always has events
 * masked on entry.
 */
#define CALLBACKTYPE_event               0 /* an event is pending */
#define CALLBACKTYPE_failsafe            1 /* a selector could not be loaded */
#define CALLBACKTYPE_syscall             2 /* syscall in 64-bit user mode */
#define CALLBACKTYPE_sysenter_deprecated 3
#define CALLBACKTYPE_nmi                 4
#define CALLBACKTYPE_sysenter            5
#define CALLBACKTYPE_syscall32           7 /* syscall in 32-bit user mode */

/* The upcall mask is set on entry. */
#define _CALLBACKF_mask_events 0
#define CALLBACKF_mask_events  (1U << _CALLBACKF_mask_events)

/*
 * Errors: -EINVAL an address in the hypervisor's range; -ENOSYS a type that is
 * not served.
 */
#define CALLBACKOP_register 0
struct callback_register {
    uint16_t type;          /* IN: CALLBACKTYPE_* */
    uint16_t flags;         /* IN: CALLBACKF_* */
    xen_callback_t address; /* IN */
};
typedef struct callback_register callback_register_t;
DEFINE_XEN_GUEST_HANDLE(callback_register_t);

/*
 * Errors: -EINVAL event, failsafe or syscall: a guest cannot run without them;
 * -ENOSYS a type that is not served.
 */
#define CALLBACKOP_unregister 1
struct callback_unregister {
    uint16_t type; /* IN */
    uint16_t _unused;
};
typedef struct callback_unregister callback_unregister_t;
DEFINE_XEN_GUEST_HANDLE(callback_unregister_t);

#endif
