/* SPDX-License-Identifier: MIT */
/* domctl and sysctl: versions, unknown operations, unknown domains, and a few
 * answers that tools rely on. */
#include <pv/pv.h>
#include <xen/domctl.h>
#include <xen/sysctl.h>

static struct xen_domctl d;
static struct xen_sysctl s;

static long domctl(uint32_t cmd, domid_t dom)
{
    d.cmd = cmd;
    d.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    d.domain = dom;
    return HC1(domctl, &d);
}

static long sysctl(uint32_t cmd)
{
    s.cmd = cmd;
    s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return HC1(sysctl, &s);
}

/* The number that it says, which was 7 before; -1: the call fails. */
static long domains_from(domid_t first, uint32_t most)
{
    static struct xen_domctl_getdomaininfo list[8];
    struct xen_sysctl_getdomaininfolist *l = &s.u.getdomaininfolist;

    memset(&s, 0, sizeof(s));
    *l = (struct xen_sysctl_getdomaininfolist){
        .first_domain = first, .max_domains = most, .num_domains = 7};
    set_xen_guest_handle(l->buffer, list);
    return sysctl(XEN_SYSCTL_getdomaininfolist) ? -1 : (long)l->num_domains;
}

static void lists_of_domains(void)
{
    is(domains_from(0, 8), 1, "one domain is there");
    is(s.u.getdomaininfolist.first_domain, 0, "the first id stays as it was");
    is(domains_from(0, 0), 0, "a list without room is empty");
    is(domains_from(1, 8), 0, "above the last domain there is none");
    is(domains_from(0x7ff0, 8), 0, "above the highest id there is none");
    is(domains_from(0x8000, 8), 0, "above all ids of domains there is none");
    is(s.u.getdomaininfolist.first_domain, 0x8000,
       "that first id stays as it was, too");
    is(domains_from(0x8000, 3), 0, "whatever the room is");
    is(domains_from(0xffff, 8), 0, "above the last number there is none");
}

int main(void)
{
    memset(&d, 0, sizeof(d));
    is(domctl(XEN_DOMCTL_getdomaininfo, 0), 0,
       "getdomaininfo of the caller returns 0");
    is(d.domain, 0, "getdomaininfo says that the caller is domain 0");
    is(d.u.getdomaininfo.tot_pages, start_info->nr_pages,
       "getdomaininfo counts the caller's pages");
    ok(d.u.getdomaininfo.flags & XEN_DOMINF_running,
       "getdomaininfo says that the caller runs");
    is(domctl(XEN_DOMCTL_getdomaininfo, 1), -ESRCH,
       "getdomaininfo past the last domain is -ESRCH");
    is(domctl(XEN_DOMCTL_pausedomain, 0), -EINVAL,
       "pausedomain of the caller is -EINVAL");
    is(domctl(XEN_DOMCTL_destroydomain, 0), -EINVAL,
       "destroydomain of the caller is -EINVAL");
    is(domctl(XEN_DOMCTL_unpausedomain, 99), -ESRCH,
       "unpausedomain of no domain is -ESRCH");
    is(domctl(XEN_DOMCTL_max_mem, 99), -ESRCH,
       "max_mem of no domain is -ESRCH");
    is(domctl(5000, 0), -ENOSYS, "an unknown domctl is -ENOSYS");
    memset(&d.u, 0xff, sizeof(d.u));
    is(domctl(XEN_DOMCTL_createdomain, 0xffff), -EINVAL,
       "createdomain with all flags is refused");
    d.cmd = XEN_DOMCTL_getdomaininfo;
    d.interface_version = 0x14;
    is(HC1(domctl, &d), -13, "a domctl of another version is -EACCES");

    memset(&s, 0, sizeof(s));
    is(sysctl(XEN_SYSCTL_physinfo), 0, "physinfo returns 0");
    ok(s.u.physinfo.nr_cpus >= 1 && s.u.physinfo.total_pages > 10000 &&
           s.u.physinfo.free_pages < s.u.physinfo.total_pages,
       "physinfo tells %u CPUs, %lu of %lu pages free", s.u.physinfo.nr_cpus,
       s.u.physinfo.free_pages, s.u.physinfo.total_pages);
    ok(s.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_pv,
       "physinfo says that PV guests can run");
    is(sysctl(XEN_SYSCTL_sched_id), 0, "sched_id returns 0");
    is(s.u.sched_id.sched_id, 6, "sched_id is credit2's number");
    lists_of_domains();
    is(sysctl(5000), -ENOSYS, "an unknown sysctl is -ENOSYS");
    s.cmd = XEN_SYSCTL_physinfo;
    s.interface_version = 0x14;
    is(HC1(sysctl, &s), -13, "a sysctl of another version is -EACCES");
    return 0;
}
