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

int main(void)
{
    memset(&d, 0, sizeof(d));
    is(domctl(XEN_DOMCTL_getdomaininfo, 0), 0, "getdomaininfo of ourselves");
    is(d.domain, 0, "is domain 0");
    is(d.u.getdomaininfo.tot_pages, start_info->nr_pages, "its pages");
    ok(d.u.getdomaininfo.flags & XEN_DOMINF_running, "it runs");
    is(domctl(XEN_DOMCTL_getdomaininfo, 1), -ESRCH, "no further domain");
    is(domctl(XEN_DOMCTL_pausedomain, 0), -EINVAL, "pause ourselves");
    is(domctl(XEN_DOMCTL_destroydomain, 0), -EINVAL, "destroy ourselves");
    is(domctl(XEN_DOMCTL_unpausedomain, 99), -ESRCH, "unpause nobody");
    is(domctl(XEN_DOMCTL_max_mem, 99), -ESRCH, "max_mem of nobody");
    is(domctl(5000, 0), -ENOSYS, "unknown operation");
    memset(&d.u, 0xff, sizeof(d.u));
    is(domctl(XEN_DOMCTL_createdomain, 0xffff), -EINVAL,
       "create with all flags");
    d.cmd = XEN_DOMCTL_getdomaininfo;
    d.interface_version = 0x14;
    is(HC1(domctl, &d), -13, "domctl of another version: -EACCES");

    memset(&s, 0, sizeof(s));
    is(sysctl(XEN_SYSCTL_physinfo), 0, "physinfo");
    ok(s.u.physinfo.nr_cpus >= 1 && s.u.physinfo.total_pages > 10000 &&
           s.u.physinfo.free_pages < s.u.physinfo.total_pages,
       "%u CPUs, %lu of %lu pages free", s.u.physinfo.nr_cpus,
       s.u.physinfo.free_pages, s.u.physinfo.total_pages);
    ok(s.u.physinfo.capabilities & XEN_SYSCTL_PHYSCAP_pv, "can do PV");
    is(sysctl(XEN_SYSCTL_sched_id), 0, "scheduler");
    is(s.u.sched_id.sched_id, 6, "is credit2's number");
    is(sysctl(5000), -ENOSYS, "unknown operation");
    s.cmd = XEN_SYSCTL_physinfo;
    s.interface_version = 0x14;
    is(HC1(sysctl, &s), -13, "sysctl of another version: -EACCES");
    return 0;
}
