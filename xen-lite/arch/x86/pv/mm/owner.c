/* SPDX-License-Identifier: MIT */
/* The domain whose frames a page-table request is about. */
#include "mm.h"

struct domain *get_pg_owner(domid_t id, int *rc)
{
    struct domain *cd = current->domain, *d;

    *rc = -ESRCH;
    if (id == DOMID_SELF)
        return get_domain(cd) ? cd : NULL;
    if (id == cd->id)
        return NULL; /* Xen's rule: oneself has no number here */
    if (id == DOMID_IO)
        return dom_io;
    if (!cd->is_privileged) {
        *rc = -EPERM;
        return NULL;
    }
    if (id == DOMID_XEN)
        return dom_xen;
    d = get_domain_by_id(id);
    if (d && d->is_special) {
        put_domain(d);
        d = NULL;
    }
    return d;
}

void put_pg_owner(struct domain *d)
{
    if (d != dom_io && d != dom_xen)
        put_domain(d);
}
