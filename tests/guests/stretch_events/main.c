/* SPDX-License-Identifier: MIT */
/*
 * All event channels that a domain can have, in both layouts: the hypervisor
 * looks often enough at what else waits for the CPU.
 * run: count=1 debug=1 ramdisk=1 mem=512 timeout=300
 */
#include <pv/domu.h>
#include <pv/stretch.h>

#define PORTS_2L   4096
#define PORTS_FIFO 131072
#define PAGES      (PORTS_FIFO / 1024)
#define VCPUS      128

static uint32_t open_all(void)
{
    uint32_t port = 0;

    for (;;) {
        struct evtchn_bind_ipi b = {.vcpu = 0};

        if (evtchn_op(EVTCHNOP_bind_ipi, &b))
            return port;
        port = b.port;
    }
}

static void set_all_pending(uint32_t last)
{
    for (uint32_t port = 1; port <= last; port++)
        event_send(port);
}

static void switch_layout(void)
{
    struct evtchn_init_control ic = {.vcpu = 0};

    ic.control_gfn = virt_to_mfn(alloc_page());
    stretch_begin();
    is(evtchn_op(EVTCHNOP_init_control, &ic), 0,
       "a domain with all ports of the 2-level layout gets the other one");
    stretch_ok("init_control");
}

static void expand(void *pages)
{
    struct evtchn_expand_array ex;
    long rc = 0;

    stretch_begin();
    for (unsigned int i = 0; i < PAGES; i++) {
        ex.array_gfn = virt_to_mfn((uint8_t *)pages + i * PAGE_SIZE);
        rc |= evtchn_op(EVTCHNOP_expand_array, &ex);
    }
    is(rc, 0, "all pages of words are added");
    stretch_ok("expand_array");
}

static void reset(const char *what)
{
    struct evtchn_reset r = {.dom = DOMID_SELF};

    stretch_begin();
    is(evtchn_op(EVTCHNOP_reset, &r), 0, "%s: reset", what);
    stretch_ok(what);
}

/* --- a domU with many vcpus, of which one polls --------------------------- */

static evtchn_port_t never;

static void polls(void)
{
    struct sched_poll poll = {.nr_ports = 1};

    set_xen_guest_handle(poll.ports, &never);
    for (;;)
        HC2(sched_op, SCHEDOP_poll, &poll);
}

/* All ports that one page of words is for are pending; the one that is polled,
 * of the next page, is not. 0: the vcpu polls. */
static long prepare(uint64_t unused, uint64_t unused_too)
{
    struct evtchn_init_control ic = {.vcpu = 0};
    struct vcpu_runstate_info rs = {.state = RUNSTATE_running};
    uint64_t end = system_time() + 3000000000UL;
    long rc;

    while ((never = event_new_ipi(0)) && never <= 1024)
        ;
    ic.control_gfn = virt_to_mfn(alloc_page());
    rc = evtchn_op(EVTCHNOP_init_control, &ic);
    set_all_pending(1023);
    rc = rc ? rc : start_vcpu(1, polls);
    while (!rc && rs.state != RUNSTATE_blocked && system_time() < end) {
        HC2(sched_op, SCHEDOP_yield, 0);
        rc = HC3(vcpu_op, VCPUOP_get_runstate_info, 1, &rs);
    }
    return rc ? rc : rs.state != RUNSTATE_blocked;
}

static long add_page(uint64_t unused, uint64_t unused_too)
{
    struct evtchn_expand_array ex = {.array_gfn = virt_to_mfn(alloc_page())};

    return evtchn_op(EVTCHNOP_expand_array, &ex);
}

static void beside_one_that_polls(void)
{
    struct domu *u;

    domu_config.max_evtchn_port = 2047;
    u = domu_start(VCPUS);
    is(domu_call(u, prepare, 0, 0), 0, "a vcpu of a domU polls");
    stretch_begin();
    is(domu_call(u, add_page, 0, 0), 0,
       "1023 ports that are pending get their words");
    stretch_ok("expand_array beside a vcpu that polls");
    domu_destroy(u);
}

int main(void)
{
    void *pages = alloc_pages(PAGES);

    is(open_all(), PORTS_2L - 1, "all ports of the 2-level layout are open");
    set_all_pending(PORTS_2L - 1);
    switch_layout();
    stretch_begin();
    is(open_all(), PORTS_FIFO - 1, "all ports of the FIFO layout are open");
    stretch_ok("opening ports");
    set_all_pending(PORTS_2L - 1);
    set_all_pending(PORTS_FIFO - 1);
    expand(pages);
    reset("a reset with 131071 ports, all pending");
    beside_one_that_polls();
    return 0;
}
