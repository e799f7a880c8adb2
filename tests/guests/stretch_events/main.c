/* SPDX-License-Identifier: MIT */
/*
 * All event channels that a domain can have, in both layouts: the hypervisor
 * looks often enough at what else waits for the CPU.
 * run: count=1 debug=1 timeout=300
 */
#include <pv/stretch.h>

#define PORTS_2L   4096
#define PORTS_FIFO 131072
#define PAGES      (PORTS_FIFO / 1024)

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
    return 0;
}
