/* SPDX-License-Identifier: MIT */
/*
 * nmi_op(command, argument): the handler for NMIs of the calling vcpu. Any
 * domain may register one; the machine's own NMIs go to vcpu 0 of dom0, others
 * come from VCPUOP_send_nmi and XEN_DOMCTL_sendtrigger.
 *
 * Results are 0 or a negative errno.
 */
#ifndef __XEN_PUBLIC_NMI_H__
#define __XEN_PUBLIC_NMI_H__

#include "xen.h"

/* Causes of a machine's NMI, in shared_info.arch.nmi_reason of dom0. */
#define _XEN_NMIREASON_io_error 0
#define XEN_NMIREASON_io_error  (1UL << _XEN_NMIREASON_io_error)
#define _XEN_NMIREASON_pci_serr 1
#define XEN_NMIREASON_pci_serr  (1UL << _XEN_NMIREASON_pci_serr)
#define _XEN_NMIREASON_unknown  2
#define XEN_NMIREASON_unknown   (1UL << _XEN_NMIREASON_unknown)

/*
 * The handler is entered like a trap, with events masked. Errors: -EINVAL an
 * address in the hypervisor's range.
 */
#define XENNMI_register_callback 0
struct xennmi_callback {
    unsigned long handler_address; /* IN */
    unsigned long pad;
};
typedef struct xennmi_callback xennmi_callback_t;
DEFINE_XEN_GUEST_HANDLE(xennmi_callback_t);

#define XENNMI_unregister_callback 1 /* no argument */

#endif
