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

int xlc_domain_set_handle(xlc_handle *h, uint32_t domid,
                          const xen_domain_handle_t uuid)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_setdomainhandle);

    memcpy(op.u.setdomainhandle.handle, uuid, sizeof(xen_domain_handle_t));
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

int xlc_domain_hypercall_init(xlc_handle *h, uint32_t domid, uint64_t mfn)
{
    struct xen_domctl op = domctl_of(domid, XEN_DOMCTL_hypercall_init);

    op.u.hypercall_init.gmfn = mfn;
    return xlc_domctl(h, &op);
}
