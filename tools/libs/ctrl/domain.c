/* SPDX-License-Identifier: MIT */
/* A domain's life cycle and its domain-wide properties: domctl. */
#include "private.h"

static int domctl_simple(xlc_handle *h, uint32_t domid, uint32_t cmd)
{
    struct xen_domctl op = domctl_of(domid, cmd);

    return xlc_domctl(h, &op);
}

int xlc_domain_create(xlc_handle *h, uint32_t *domid,
                      const struct xen_domctl_createdomain *config)
{
    struct xen_domctl op = domctl_of(*domid, XEN_DOMCTL_createdomain);

    op.u.createdomain = *config;
    if (xlc_domctl(h, &op))
        return -1;
    *domid = op.domain;
    return 0;
}

int xlc_domain_destroy(xlc_handle *h, uint32_t domid)
{
    int rc;

    /* Tearing down takes long: Xen may stop in between and ask for more. */
    do
        rc = domctl_simple(h, domid, XEN_DOMCTL_destroydomain);
    while (rc && (errno == EAGAIN || errno == ERESTART));
    return rc;
}

int xlc_domain_pause(xlc_handle *h, uint32_t domid)
{
    return domctl_simple(h, domid, XEN_DOMCTL_pausedomain);
}

int xlc_domain_unpause(xlc_handle *h, uint32_t domid)
{
    return domctl_simple(h, domid, XEN_DOMCTL_unpausedomain);
}

int xlc_domain_resume(xlc_handle *h, uint32_t domid)
{
    return domctl_simple(h, domid, XEN_DOMCTL_resumedomain);
}

int xlc_domain_shutdown(xlc_handle *h, uint32_t domid, unsigned int reason)
{
    struct sched_remote_shutdown arg = {
        .domain_id = (domid_t)domid,
        .reason = reason,
    };

    return xlc_simple_op(h, __HYPERVISOR_sched_op, SCHEDOP_remote_shutdown,
                         &arg, sizeof(arg));
}

int xlc_domain_getinfo(xlc_handle *h, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_getdomaininfo);

    if (xlc_domctl(h, &op))
        return -1;
    /* Xen answers for the next domain when this one does not exist. */
    if (op.u.getdomaininfo.domain != domid) {
        errno = ESRCH;
        return -1;
    }
    *info = op.u.getdomaininfo;
    return 0;
}

/*
 * As many as fit into one page next to the buffer's header: single pages are
 * kept ready by libxencall, and few hosts have more domains than that.
 */
#define INFOS_PER_CALL                                                         \
    ((PAGE_SIZE - 64) / sizeof(struct xen_domctl_getdomaininfo))

static int infolist_chunk(xlc_handle *h, uint32_t first, uint32_t max,
                          struct xen_domctl_getdomaininfo *info)
{
    struct xen_sysctl op = sysctl_of(XEN_SYSCTL_getdomaininfolist);
    struct bounce b;
    uint32_t nr = 0;

    if (bounce_new(h, &b, info, max * sizeof(*info)))
        return -1;
    op.u.getdomaininfolist.first_domain = (domid_t)first;
    op.u.getdomaininfolist.max_domains = max;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, b.buffer);
    if (!xlc_sysctl(h, &op)) {
        nr = op.u.getdomaininfolist.num_domains;
        if (nr > max)
            nr = max;
        bounce_out(&b, nr * sizeof(*info));
        bounce_free(h, &b);
        return (int)nr;
    }
    bounce_free(h, &b);
    return -1;
}

int xlc_domain_getinfolist(xlc_handle *h, uint32_t first, uint32_t max,
                           struct xen_domctl_getdomaininfo *info)
{
    uint32_t total = 0;

    while (total < max && first < DOMID_FIRST_RESERVED) {
        uint32_t want = max - total;
        int got;

        if (want > INFOS_PER_CALL)
            want = INFOS_PER_CALL;
        got = infolist_chunk(h, first, want, info + total);
        if (got < 0)
            return -1;
        total += (uint32_t)got;
        if ((uint32_t)got < want)
            break;
        first = info[total - 1].domain + 1U;
    }
    return (int)total;
}

int xlc_domain_max_vcpus(xlc_handle *h, uint32_t domid, uint32_t max)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_max_vcpus);

    op.u.max_vcpus.max = max;
    return xlc_domctl(h, &op);
}

int xlc_domain_max_mem(xlc_handle *h, uint32_t domid, uint64_t kib)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_max_mem);

    op.u.max_mem.max_memkb = kib;
    return xlc_domctl(h, &op);
}

int xlc_domain_set_address_size(xlc_handle *h, uint32_t domid, uint32_t bits)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_set_address_size);

    op.u.address_size.size = bits;
    return xlc_domctl(h, &op);
}

int xlc_domain_get_address_size(xlc_handle *h, uint32_t domid)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_get_address_size);

    if (xlc_domctl(h, &op))
        return -1;
    return (int)op.u.address_size.size;
}

int xlc_domain_set_handle(xlc_handle *h, uint32_t domid,
                          const xen_domain_handle_t uuid)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_setdomainhandle);

    memcpy(op.u.setdomainhandle.handle, uuid, sizeof(xen_domain_handle_t));
    return xlc_domctl(h, &op);
}

int xlc_domain_set_debugging(xlc_handle *h, uint32_t domid, bool enable)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_setdebugging);

    op.u.setdebugging.enable = enable;
    return xlc_domctl(h, &op);
}

int xlc_domain_subscribe(xlc_handle *h, uint32_t domid, evtchn_port_t port)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_subscribe);

    op.u.subscribe.port = port;
    return xlc_domctl(h, &op);
}

int xlc_domain_set_virq_handler(xlc_handle *h, uint32_t domid, uint32_t virq)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_set_virq_handler);

    op.u.set_virq_handler.virq = virq;
    return xlc_domctl(h, &op);
}

int xlc_domain_send_trigger(xlc_handle *h, uint32_t domid, uint32_t trigger,
                            uint32_t vcpu)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_sendtrigger);

    op.u.sendtrigger.trigger = trigger;
    op.u.sendtrigger.vcpu = vcpu;
    return xlc_domctl(h, &op);
}

int xlc_domain_set_time_offset(xlc_handle *h, uint32_t domid, int64_t seconds)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_settimeoffset);

    op.u.settimeoffset.time_offset_seconds = seconds;
    return xlc_domctl(h, &op);
}

int xlc_domain_set_tsc(xlc_handle *h, uint32_t domid,
                       const struct xen_domctl_tsc_info *tsc)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_settscinfo);

    op.u.tsc_info = *tsc;
    return xlc_domctl(h, &op);
}

int xlc_domain_get_tsc(xlc_handle *h, uint32_t domid,
                       struct xen_domctl_tsc_info *tsc)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_gettscinfo);

    if (xlc_domctl(h, &op))
        return -1;
    *tsc = op.u.tsc_info;
    return 0;
}

int xlc_domain_irq_permission(xlc_handle *h, uint32_t domid, uint32_t pirq,
                              bool allow)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_irq_permission);

    op.u.irq_permission.pirq = pirq;
    op.u.irq_permission.allow_access = allow;
    return xlc_domctl(h, &op);
}

int xlc_domain_ioport_permission(xlc_handle *h, uint32_t domid, uint32_t first,
                                 uint32_t count, bool allow)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_ioport_permission);

    op.u.ioport_permission.first_port = first;
    op.u.ioport_permission.nr_ports = count;
    op.u.ioport_permission.allow_access = allow;
    return xlc_domctl(h, &op);
}

int xlc_domain_iomem_permission(xlc_handle *h, uint32_t domid,
                                uint64_t first_mfn, uint64_t count, bool allow)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_iomem_permission);

    op.u.iomem_permission.first_mfn = first_mfn;
    op.u.iomem_permission.nr_mfns = count;
    op.u.iomem_permission.allow_access = allow;
    return xlc_domctl(h, &op);
}

int xlc_domain_hypercall_init(xlc_handle *h, uint32_t domid, uint64_t mfn)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_hypercall_init);

    op.u.hypercall_init.gmfn = mfn;
    return xlc_domctl(h, &op);
}
