/* SPDX-License-Identifier: MIT */
/* See domain_over.h. */
#include "domain_over.h"

#include <errno.h>
#include <xlctrl.h>

bool domain_over(struct xlc_handle *h, unsigned int domid)
{
    struct xen_domctl_getdomaininfo info;

    if (!h)
        return false;
    if (xlc_domain_getinfo(h, domid, &info))
        return errno == ESRCH;
    return info.flags & XEN_DOMINF_dying;
}
