/* SPDX-License-Identifier: MIT */
/*
 * Long calls that are interrupted and continued, by events that are masked
 * again in between: each part is done once, and results and counts are those of
 * an undisturbed call.
 */
#include <pv/domu.h>
#include <xen/sysctl.h>

#define CALLS   128
#define UPDATES 256
#define DOMAINS 40
#define TICKS   20

static volatile unsigned int ticks, in_the_middle;
static struct mmu_update updates[UPDATES];
static struct multicall_entry batch[CALLS];

static void tick(uint32_t port)
{
    ticks++;
    if (batch[0].result != 77 && batch[CALLS - 1].result == 77)
        in_the_middle++;
}

/* Calls that are short, so that only the batch itself lets others in. */
static bool short_calls_are_right(void)
{
    for (unsigned int i = 0; i < CALLS; i++)
        batch[i] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
                                            .args = {XENVER_pagesize},
                                            .result = 77};
    if (HC2(multicall, batch, CALLS))
        return false;
    for (unsigned int i = 0; i < CALLS; i++)
        if (batch[i].result != PAGE_SIZE)
            return false;
    return true;
}
static unsigned int done[CALLS];

static bool batch_is_right(void)
{
    for (unsigned int i = 0; i < CALLS; i++) {
        batch[i] =
            (struct multicall_entry){.op = __HYPERVISOR_mmu_update,
                                     .args = {(uint64_t)updates, UPDATES,
                                              (uint64_t)&done[i], DOMID_SELF},
                                     .result = 77};
        done[i] = 0;
    }
    if (HC2(multicall, batch, CALLS))
        return false;
    for (unsigned int i = 0; i < CALLS; i++)
        if (batch[i].result || done[i] != UPDATES)
            return false;
    return true;
}

static bool call_is_right(void)
{
    unsigned int n = 0;

    return !HC4(mmu_update, updates, UPDATES, &n, DOMID_SELF) && n == UPDATES;
}

static bool copies_are_right(uint8_t *from, uint8_t *to)
{
    static struct gnttab_copy c[65]; /* the last one is not asked for */

    for (unsigned int i = 0; i < 64; i++) {
        c[i] = (struct gnttab_copy){.source.domid = DOMID_SELF,
                                    .source.u.gmfn = virt_to_mfn(from),
                                    .source.offset = i,
                                    .dest.domid = DOMID_SELF,
                                    .dest.u.gmfn = virt_to_mfn(to),
                                    .dest.offset = i,
                                    .len = 1,
                                    .status = 77};
        to[i] = 0;
    }
    c[64].status = 77;
    if (HC3(grant_table_op, GNTTABOP_copy, c, 64))
        return false;
    for (unsigned int i = 0; i < 64; i++)
        if (c[i].status || to[i] != from[i])
            return false;
    return c[64].status == 77;
}

static domid_t ids[DOMAINS + 1]; /* of dom0, and others that never run */

static bool make_domains(void)
{
    static struct xen_domctl d;
    bool good = true;

    for (unsigned int i = 1; i <= DOMAINS; i++) {
        d.u.createdomain = domu_config;
        d.u.createdomain.max_vcpus = 1;
        good = good && !domu_control(0, XEN_DOMCTL_createdomain, &d);
        ids[i] = d.domain;
    }
    return good;
}

static bool list_is_right(void)
{
    static struct xen_domctl_getdomaininfo list[DOMAINS + 2];
    static struct xen_sysctl s;
    struct xen_sysctl_getdomaininfolist *l = &s.u.getdomaininfolist;

    memset(list, 77, sizeof(list));
    s.cmd = XEN_SYSCTL_getdomaininfolist;
    s.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    l->first_domain = 0;
    l->max_domains = DOMAINS + 2;
    set_xen_guest_handle(l->buffer, list);
    if (HC1(sysctl, &s) || l->num_domains != DOMAINS + 1 || l->first_domain)
        return false;
    for (unsigned int i = 0; i <= DOMAINS; i++)
        if (list[i].domain != ids[i])
            return false;
    return list[DOMAINS + 1].domain == 77 * 257;
}

int main(void)
{
    struct vcpu_set_periodic_timer period = {.period_ns = 1000000};
    uint8_t *page = alloc_page(), *from = alloc_page(), *to = alloc_page();
    bool shorts = true, batches = true, calls = true, copies = true;
    bool lists = true;
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};

    for (unsigned int i = 0; i < UPDATES; i++)
        updates[i] = (struct mmu_update){
            pte_maddr(page), i & 1 ? virt_to_mfn(page) * PAGE_SIZE | PTE_P |
                                         PTE_U | PTE_A | PTE_W | PTE_D
                                   : 0};
    for (unsigned int i = 0; i < 64; i++)
        from[i] = i + 1;
    evtchn_op(EVTCHNOP_bind_virq, &virq);
    bind_handler(virq.port, tick);
    events_enable();
    is(HC3(vcpu_op, VCPUOP_set_periodic_timer, 0, &period), 0,
       "a timer ticks every millisecond");
    for (ticks = 0; ticks < TICKS;)
        shorts = shorts && short_calls_are_right();
    ok(shorts, "a multicall of short calls does each once");
    ok(in_the_middle, "an event comes in the middle of a multicall");
    for (ticks = 0; ticks < TICKS;)
        batches = batches && batch_is_right();
    ok(batches, "a multicall that is continued does each part once");
    for (ticks = 0; ticks < TICKS;)
        calls = calls && call_is_right();
    ok(calls, "an mmu_update that is continued does each part once");
    for (ticks = 0; ticks < TICKS;)
        copies = copies && copies_are_right(from, to);
    ok(copies, "a list of copies that is continued does each part once");
    ok(make_domains(), "%u domains are made", DOMAINS);
    for (ticks = 0; ticks < TICKS;)
        lists = lists && list_is_right();
    ok(lists, "a list of domains that is continued has each once");
    HC3(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    events_disable();
    return 0;
}
