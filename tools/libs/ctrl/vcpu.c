/* SPDX-License-Identifier: MIT */
/* Virtual CPUs: register state, run state, and where they may run. */
#include "private.h"

int xlc_vcpu_setcontext(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                        const vcpu_guest_context_t *context)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_setvcpucontext);
    struct bounce b;
    int rc;

    if (bounce_in(h, &b, context, sizeof(*context)))
        return -1;
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, b.buffer);
    rc = xlc_domctl(h, &op);
    bounce_free(h, &b);
    return rc;
}

int xlc_vcpu_getinfo(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                     struct xen_domctl_getvcpuinfo *info)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_getvcpuinfo);

    op.u.getvcpuinfo.vcpu = vcpu;
    if (xlc_domctl(h, &op))
        return -1;
    *info = op.u.getvcpuinfo;
    return 0;
}

int xlc_vcpu_affinity(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                      uint32_t cmd, uint32_t flags, size_t bytes, uint8_t *hard,
                      uint8_t *soft)
{
    struct xen_domctl op = domctl_of(domid, cmd);
    struct xen_domctl_vcpuaffinity *aff = &op.u.vcpuaffinity;
    struct bounce bhard = {0}, bsoft = {0};
    int rc = -1;

    if (bounce_in(h, &bhard, hard, bytes) || bounce_in(h, &bsoft, soft, bytes))
        goto out;
    aff->vcpu = vcpu;
    aff->flags = flags;
    if (flags & XEN_VCPUAFFINITY_HARD) {
        set_xen_guest_handle(aff->cpumap_hard.bitmap, bhard.buffer);
        aff->cpumap_hard.nr_bits = (uint32_t)bytes * 8;
    }
    if (flags & XEN_VCPUAFFINITY_SOFT) {
        set_xen_guest_handle(aff->cpumap_soft.bitmap, bsoft.buffer);
        aff->cpumap_soft.nr_bits = (uint32_t)bytes * 8;
    }
    rc = xlc_domctl(h, &op);
    if (!rc) {
        bounce_out(&bhard, bytes);
        bounce_out(&bsoft, bytes);
    }
out:
    bounce_free(h, &bhard);
    bounce_free(h, &bsoft);
    return rc;
}
