/* SPDX-License-Identifier: MIT */
/*
 * A domain with thousands of open ports gets another one with few more
 * instructions than one that has few: nobody waits while the hypervisor goes
 * through them with interrupts off. Genuine Xen does go through them, and fails
 * the second test. run: count=1
 */
#include <pv/pv.h>

#define MANY   4000
#define ROUNDS 20
#define MORE   5000 /* instructions */

static uint32_t open_port(void)
{
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF,
                                     .remote_dom = DOMID_SELF};

    return evtchn_op(EVTCHNOP_alloc_unbound, &a) ? 0 : a.port;
}

static void close_port(uint32_t port)
{
    struct evtchn_close c = {.port = port};

    evtchn_op(EVTCHNOP_close, &c);
}

/* Instructions to open the port behind all others, the fewest of some: a low
 * one has just been closed and opened. */
static uint64_t cost(uint32_t low)
{
    uint64_t least = ~0UL;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start, t;
        uint32_t port;

        close_port(low);
        if (open_port() != low)
            return ~0UL;
        start = system_time();
        port = open_port();
        t = system_time() - start;
        close_port(port);
        least = t < least ? t : least;
    }
    return least;
}

int main(void)
{
    uint32_t low = open_port(), n = 1;
    uint64_t few = cost(low), many;

    while (n < MANY && open_port())
        n++;
    is(n, MANY, "a domain opens thousands of ports");
    many = cost(low);
    diag("%lu instructions, with many ports %lu", few, many);
    ok(many < few + MORE, "opening one more takes few more instructions");
    return 0;
}
