/* SPDX-License-Identifier: MIT */
/* The FIFO event ABI: set-up, queues, order, priorities, masking. */
#include <pv/pv.h>

#define PENDING (1u << EVTCHN_FIFO_PENDING)
#define MASKED  (1u << EVTCHN_FIFO_MASKED)
#define LINKED  (1u << EVTCHN_FIFO_LINKED)

static uint32_t *words;
static struct evtchn_fifo_control_block *cb;
static uint32_t head[EVTCHN_FIFO_MAX_QUEUES];

/* Takes the next event of a priority off its queue; 0: none. */
static uint32_t take(unsigned int prio)
{
    uint32_t port = head[prio], w;

    if (!port) {
        if (!(cb->ready >> prio & 1))
            return 0;
        __atomic_fetch_and(&cb->ready, ~(1u << prio), __ATOMIC_SEQ_CST);
        port = cb->head[prio];
    }
    w = __atomic_fetch_and(&words[port], ~(LINKED | EVTCHN_FIFO_LINK_MASK),
                           __ATOMIC_SEQ_CST);
    head[prio] = w & EVTCHN_FIFO_LINK_MASK;
    __atomic_fetch_and(&words[port], ~PENDING, __ATOMIC_SEQ_CST);
    return port;
}

/* As many pages as there can be ports for; then all of it is taken down. */
static void the_end(void)
{
    struct evtchn_expand_array ex = {.array_gfn = virt_to_mfn(alloc_page())};
    struct evtchn_reset reset = {.dom = DOMID_SELF};
    unsigned int n = 1;
    uint32_t port;
    long rc;

    while (!(rc = evtchn_op(EVTCHNOP_expand_array, &ex)) && n < 1000)
        n++;
    is(rc, -ENOSPC, "expand_array beyond the last port is -ENOSPC");
    is(n, EVTCHN_FIFO_NR_CHANNELS / 1024, "there are pages for all ports");
    is(evtchn_op(EVTCHNOP_reset, &reset), 0, "reset returns 0");
    port = event_new_ipi(0);
    event_send(port);
    ok(event_pending(port), "after a reset events are those of two levels");
}

static uint32_t a, b, c; /* ports */

static void refused_control_blocks(void)
{
    struct evtchn_expand_array ex;
    struct evtchn_init_control ic = {.vcpu = 0};

    ex.array_gfn = virt_to_mfn(words);
    is(evtchn_op(EVTCHNOP_expand_array, &ex), -EOPNOTSUPP,
       "expand_array before a control block is refused");
    ic.control_gfn = virt_to_mfn(cb);
    ic.offset = 4096 - 8;
    is(evtchn_op(EVTCHNOP_init_control, &ic), -EINVAL,
       "a control block that crosses its page's end is refused");
    ic.offset = 4;
    is(evtchn_op(EVTCHNOP_init_control, &ic), -EINVAL,
       "a control block that is not aligned is refused");
    ic.offset = 0;
    ic.vcpu = 50;
    is(evtchn_op(EVTCHNOP_init_control, &ic), -ENOENT,
       "init_control for an unknown vcpu is -ENOENT");
    ic.vcpu = 0;
    ic.control_gfn = virt_to_mfn((void *)start_info->pt_base);
    is(evtchn_op(EVTCHNOP_init_control, &ic), -EINVAL,
       "a control block in a page table is refused");
}

static void set_up(void)
{
    struct evtchn_expand_array ex;
    struct evtchn_init_control ic = {.vcpu = 0, .control_gfn = virt_to_mfn(cb)};

    event_send(c); /* pending in the 2-level page */
    is(evtchn_op(EVTCHNOP_init_control, &ic), 0, "init_control returns 0");
    is(ic.link_bits, EVTCHN_FIFO_LINK_BITS, "init_control tells 17 link bits");
    is(evtchn_op(EVTCHNOP_init_control, &ic), -EINVAL,
       "a vcpu cannot have two control blocks");
    ex.array_gfn = virt_to_mfn((void *)start_info->pt_base);
    is(evtchn_op(EVTCHNOP_expand_array, &ex), -EINVAL,
       "expand_array by a page table is refused");
    ex.array_gfn = virt_to_mfn(words);
    is(evtchn_op(EVTCHNOP_expand_array, &ex), 0, "expand_array returns 0");
    is(words[c] & (PENDING | LINKED), PENDING | LINKED,
       "an event that was pending before the switch still is");
    is(take(EVTCHN_FIFO_PRIORITY_DEFAULT), c,
       "an event that was pending before the switch can be taken");
}

static void queues(void)
{
    struct evtchn_set_priority sp;

    event_send(a);
    event_send(b);
    event_send(a);
    is(shared_info->vcpu_info[0].evtchn_upcall_pending, 1,
       "two sends ask for an upcall");
    is(take(7), a, "the event that was sent first is taken first");
    is(take(7), b, "the event that was sent second is taken second");
    is(take(7), 0, "an event is taken once");

    sp.port = c;
    sp.priority = 0;
    is(evtchn_op(EVTCHNOP_set_priority, &sp), 0, "set_priority to 0 returns 0");
    sp.priority = 16;
    is(evtchn_op(EVTCHNOP_set_priority, &sp), -EINVAL,
       "set_priority to 16 is -EINVAL");
    event_send(c);
    event_send(a);
    is(cb->ready & 0x81, 0x81, "two queues of different priority are ready");
    is(take(0), c, "a port of priority 0 is in queue 0");
    is(take(7), a, "a port of the default priority is in its queue");
}

static void masks(void)
{
    struct evtchn_unmask um;

    __atomic_fetch_or(&words[b], MASKED, __ATOMIC_SEQ_CST);
    event_send(b);
    is(words[b] & (PENDING | LINKED), PENDING,
       "a masked port becomes pending and is not linked");
    um.port = b;
    is(evtchn_op(EVTCHNOP_unmask, &um), 0, "unmask of a FIFO port returns 0");
    is(take(7), b, "unmask links a pending port");
}

static void order_over_many_rounds(void)
{
    for (int i = 0; i < 100; i++) {
        event_send(a);
        event_send(b);
        if (take(7) != a) {
            ok(false, "the first event of round %d is taken first", i);
            return;
        }
        event_send(a);
        if (take(7) != b || take(7) != a || take(7) != 0) {
            ok(false, "the second event of round %d is taken second", i);
            return;
        }
    }
    ok(true, "a hundred rounds are taken in order");
}

/* The guest loses events of its own, nothing else happens. */
static void scribbles(void)
{
    event_send(a);
    words[a] |= 0x15555;
    event_send(b);
    is(words[a] & EVTCHN_FIFO_LINK_MASK, b,
       "a link replaces what the guest left there");
    words[a] = 0xffffffff;
    event_send(a);
    event_send(b);
    memset(words, 0xff, PAGE_SIZE);
    memset(cb, 0xff, 128);
    event_send(a);
    event_send(b);
    ok(true, "the guest can scribble over its event pages");
}

int main(void)
{
    a = event_new_ipi(0);
    b = event_new_ipi(0);
    c = event_new_ipi(0);
    cb = alloc_page();
    words = alloc_page();
    refused_control_blocks();
    set_up();
    queues();
    masks();
    order_over_many_rounds();
    scribbles();
    the_end();
    return 0;
}
