/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor does not wait for a guest that sets BUSY in the word of the
 * event at the end of a queue, which asks guests to wait: the sender of the
 * next event executes hardly more instructions. run: count=1
 */
#include <pv/pv.h>

#define PENDING   (1u << EVTCHN_FIFO_PENDING)
#define LINKED    (1u << EVTCHN_FIFO_LINKED)
#define BUSY      (1u << EVTCHN_FIFO_BUSY)
#define LINK_MASK EVTCHN_FIFO_LINK_MASK
#define ROUNDS    20
#define MORE      50 /* instructions */

static uint32_t *words;

/* Instructions of a send that links b behind a, the fewest of some. */
static uint64_t cost(uint32_t a, uint32_t b, uint32_t busy)
{
    uint64_t least = ~0UL;

    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start, t;

        words[a] = words[b] = 0;
        event_send(a);
        words[a] = PENDING | LINKED | busy;
        start = system_time();
        event_send(b);
        t = system_time() - start;
        least = t < least ? t : least;
    }
    return least;
}

int main(void)
{
    struct evtchn_expand_array ex;
    struct evtchn_init_control ic = {.vcpu = 0};
    uint32_t a = event_new_ipi(0), b = event_new_ipi(0);
    uint64_t plain, busy;

    ic.control_gfn = virt_to_mfn(alloc_page());
    words = alloc_page();
    ex.array_gfn = virt_to_mfn(words);
    is(evtchn_op(EVTCHNOP_init_control, &ic), 0, "a control block is set");
    is(evtchn_op(EVTCHNOP_expand_array, &ex), 0, "a page of words is set");
    plain = cost(a, b, 0);
    is(words[a], PENDING | LINKED | b,
       "an event is linked behind the last one");
    busy = cost(a, b, BUSY);
    is(words[a], PENDING | LINKED | b,
       "an event is linked behind a busy one, which is not busy any more");
    if (busy > plain + MORE)
        diag("a send: %lu instructions, behind a busy event: %lu", plain, busy);
    ok(busy <= plain + MORE, "the sender does not wait for a busy event");
    return 0;
}
