/* SPDX-License-Identifier: MIT */
/*
 * dom0's side of domains that die (deaths.h). The command line:
 *
 *     cycles=100 first=0 (cycle) audit=0 (cycles between two; 0: at the end)
 *
 * On genuine Xen only the memory differs: its heap of small objects keeps a
 * page now and then.
 *
 * run: smp=2 mem=128 ramdisk=1 timeout=200
 */
#include "deaths.h"

static unsigned int bad_reasons, refusals, leaks, bad_audits, strange;
static unsigned int this_cycle;
static const char *this_way;
static uint64_t at_first; /* free pages */
static bool is_audited;

#define HOLDS_OWN       1
#define HOLDS_DOM0S     2 /* and dom0 its */
#define HOLDS_ANOTHERS  4
#define LET_GO_FIRST    8  /* dom0, before it destroys it */
#define OTHER_ONE_FIRST 16 /* is destroyed */

static void remark(const char *what, long value)
{
    diag("cycle %u, a domU that %s: %s (%ld)", this_cycle, this_way, what,
         value);
}

static long at(struct domu *u, domu_fn fn, uint64_t a, uint64_t b)
{
    return u ? domu_call(u, fn, a, b) : fn(a, b);
}

/* NULL: dom0. Both ways. */
static void meet(struct domu *a, struct domu *b, uint64_t ref)
{
    domid_t id_a = a ? a->id : 0, id_b = b ? b->id : 0;
    uint64_t of_a = at(a, offer, id_b, ref), of_b = at(b, offer, id_a, ref);
    long rc = at(a, take, id_b, of_b);

    rc = rc ? rc : at(b, take, id_a, of_a);
    if (!rc)
        return;
    remark("two domains cannot share", rc);
    refusals++;
}

static unsigned int reason_of(uint32_t flags)
{
    return flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask;
}

static void wait_for_reason(struct domu *u, unsigned int reason)
{
    uint64_t end = system_time() + 10000000000UL;
    uint32_t flags;

    do {
        nap(50000);
        flags = domu_flags(u);
    } while (!(flags & XEN_DOMINF_shutdown) && system_time() < end);
    if (flags & XEN_DOMINF_shutdown && reason_of(flags) == reason)
        return;
    remark(flags & XEN_DOMINF_shutdown ? "another reason is told"
                                       : "it does not end",
           reason_of(flags));
    bad_reasons++;
}

/* The ends, then the works; ns: how long it works. */
static void die(struct domu *u, unsigned int way, uint64_t ns)
{
    const struct work *w = &works[way - nr_ends];

    if (way < nr_ends) {
        this_way = ends[way].name;
        domu_ask(u, ends[way].fn, ends[way].arg, 0);
        wait_for_reason(u, ends[way].reason);
        return;
    }
    this_way = w->name;
    domu_ask(u, again, (uint64_t)w->fn, 0);
    nap(ns);
    if (w->then)
        w->then(u);
}

static void let_dom0_go(void)
{
    long rc = let_go(0, 0);

    if (!rc)
        return;
    remark("dom0 cannot give back what it shared", rc);
    refusals++;
}

static void check_leavings(void)
{
    uint64_t now = wait_for_free_pages(at_first);

    if (now != at_first) {
        remark("free pages that did not come back", at_first - now);
        leaks++;
        at_first = now; /* the next cycle is not to blame */
    }
    if (in_use(REF)) {
        remark("dom0's grant is still in use", REF);
        strange++;
    }
}

static struct xen_domctl control;

static void cycle(unsigned int way, unsigned int holds, uint64_t ns)
{
    struct domu *u = domu_start(4), *other = NULL;

    if (holds & HOLDS_DOM0S)
        meet(u, NULL, REF);
    if (holds & HOLDS_ANOTHERS) {
        other = domu_start(1);
        meet(u, other, REF + 2);
    }
    if (holds & HOLDS_OWN)
        domu_call(u, hold, 0, 0);
    die(u, way, ns);
    if (holds & LET_GO_FIRST)
        let_dom0_go();
    if (other && (holds & OTHER_ONE_FIRST))
        domu_destroy(other);
    domu_destroy(u);
    if (other && !(holds & OTHER_ONE_FIRST))
        domu_destroy(other);
    let_dom0_go();
}

/* One that never gets so far as to run. */
static void half_built(unsigned int steps)
{
    static uint64_t list[64];
    struct xen_memory_reservation r = {.nr_extents = 64};
    long rc;

    memset(&control, 0, sizeof(control));
    control.u.createdomain =
        (struct xen_domctl_createdomain){.max_vcpus = 4,
                                         .max_evtchn_port = 1023,
                                         .max_grant_frames = 4,
                                         .max_maptrack_frames = 4,
                                         .grant_opts = 1};
    rc = domu_control(0, XEN_DOMCTL_createdomain, &control);
    r.domid = control.domain;
    control.u.max_vcpus.max = 4;
    if (steps > 0)
        rc |= domu_control(r.domid, XEN_DOMCTL_max_vcpus, &control);
    control.u.max_mem.max_memkb = 64 * 4;
    set_xen_guest_handle(r.extent_start, list);
    if (steps > 1)
        rc |= domu_control(r.domid, XEN_DOMCTL_max_mem, &control) ||
              HC2(memory_op, XENMEM_populate_physmap, &r) != 64;
    if (rc || domu_control(r.domid, XEN_DOMCTL_destroydomain, &control)) {
        remark("one that is half built cannot be destroyed", rc);
        refusals++;
    }
}

static void check_frames(void)
{
    long errors = is_audited ? audit() : 0;

    if (!errors)
        return;
    remark("the auditor finds errors", errors);
    bad_audits++;
}

/* Ids go up, and each 512 of them take a page for good. */
static void use_all_ids(void)
{
    for (domid_t id = 511; id < DOMID_FIRST_RESERVED; id += 512) {
        memset(&control, 0, sizeof(control));
        control.u.createdomain = (struct xen_domctl_createdomain){
            .max_vcpus = 1, .max_grant_frames = 1, .grant_opts = 1};
        domu_control(id, XEN_DOMCTL_createdomain, &control);
        domu_control(id, XEN_DOMCTL_destroydomain, &control);
    }
}

static unsigned int ports_in_use(void)
{
    unsigned int n = 0;

    for (uint32_t port = 1; port < 512; port++) {
        struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

        n += !evtchn_op(EVTCHNOP_status, &s) && s.status != EVTCHNSTAT_closed;
    }
    return n;
}

/* Numbers of the cycles, well mixed. */
static uint64_t mixed(uint64_t n)
{
    n = (n + 1) * 0x9e3779b97f4a7c15UL;
    return n ^ n >> 32;
}

int main(void)
{
    unsigned int first = option("first", 0), cycles = option("cycles", 100);
    unsigned int between = option("audit", 0), ports;
    uint64_t began;

    is_audited = has_auditor();
    if (!is_audited)
        diag("no auditor: this is no debug build");
    use_all_ids();
    ports = ports_in_use();
    cycle(0, HOLDS_OWN | HOLDS_DOM0S | HOLDS_ANOTHERS, 0);
    at_first = wait_for_free_pages(0); /* which is never: they settle */
    began = at_first;
    for (unsigned int i = first; i < first + cycles; i++) {
        uint64_t how = mixed(i);

        this_cycle = i;
        cycle(i % (nr_ends + nr_works), how & 31, how >> 5 & 0xfffff);
        half_built(i % 3);
        check_leavings();
        if (between && (i + 1) % between == 0)
            check_frames();
    }
    check_frames();
    diag("%u cycles, %u ways to die, %lu free pages", cycles,
         nr_ends + nr_works, began);
    is(bad_reasons, 0, "each domU dies, and its reason is told");
    is(refusals, 0, "what a domU shares can be given back when it is gone");
    is(leaks, 0, "each domU's memory comes back");
    is(strange, 0, "no grant is in use by a domU that is gone");
    is(nr_domains(), 1, "no domU is left");
    is(ports_in_use(), ports, "dom0 has the ports that it had");
    is(bad_audits, 0, "the auditor agrees with every frame");
    return 0;
}
