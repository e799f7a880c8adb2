/* SPDX-License-Identifier: MIT */
/* Virtual CPUs: register state, run state, and where they may run. */
#include "private.h"

static int vcpu_context_op(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                           uint32_t cmd, vcpu_guest_context_t *context)
{
    struct xen_domctl op = domctl_of(domid, cmd);
    struct bounce b;
    int rc;

    if (bounce_in(h, &b, context, sizeof(*context)))
        return -1;
    op.u.vcpucontext.vcpu = vcpu;
    set_xen_guest_handle(op.u.vcpucontext.ctxt, b.buffer);
    rc = xlc_domctl(h, &op);
    if (!rc && cmd == XEN_DOMCTL_getvcpucontext)
        bounce_out(&b, sizeof(*context));
    bounce_free(h, &b);
    return rc;
}

int xlc_vcpu_setcontext(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                        const vcpu_guest_context_t *context)
{
    return vcpu_context_op(h, domid, vcpu, XEN_DOMCTL_setvcpucontext,
                           (vcpu_guest_context_t *)context);
}

int xlc_vcpu_getcontext(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                        vcpu_guest_context_t *context)
{
    return vcpu_context_op(h, domid, vcpu, XEN_DOMCTL_getvcpucontext, context);
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

static int affinity_op(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                       uint32_t cmd, uint32_t flags, size_t bytes,
                       uint8_t *hard, uint8_t *soft)
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

int xlc_vcpu_setaffinity(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                         uint32_t flags, size_t bytes, uint8_t *hard,
                         uint8_t *soft)
{
    return affinity_op(h, domid, vcpu, XEN_DOMCTL_setvcpuaffinity, flags, bytes,
                       hard, soft);
}

int xlc_vcpu_getaffinity(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                         uint32_t flags, size_t bytes, uint8_t *hard,
                         uint8_t *soft)
{
    return affinity_op(h, domid, vcpu, XEN_DOMCTL_getvcpuaffinity, flags, bytes,
                       hard, soft);
}

static int nodeaffinity_op(xlc_handle *h, uint32_t domid, uint32_t cmd,
                           size_t bytes, uint8_t *nodes)
{
    struct xen_domctl op = domctl_of(domid, cmd);
    struct bounce b;
    int rc;

    if (bounce_in(h, &b, nodes, bytes))
        return -1;
    set_xen_guest_handle(op.u.nodeaffinity.nodemap.bitmap, b.buffer);
    op.u.nodeaffinity.nodemap.nr_bits = (uint32_t)bytes * 8;
    rc = xlc_domctl(h, &op);
    if (!rc && cmd == XEN_DOMCTL_getnodeaffinity)
        bounce_out(&b, bytes);
    bounce_free(h, &b);
    return rc;
}

int xlc_domain_setnodeaffinity(xlc_handle *h, uint32_t domid, size_t bytes,
                               const uint8_t *nodes)
{
    return nodeaffinity_op(h, domid, XEN_DOMCTL_setnodeaffinity, bytes,
                           (uint8_t *)nodes);
}

int xlc_domain_getnodeaffinity(xlc_handle *h, uint32_t domid, size_t bytes,
                               uint8_t *nodes)
{
    return nodeaffinity_op(h, domid, XEN_DOMCTL_getnodeaffinity, bytes, nodes);
}
