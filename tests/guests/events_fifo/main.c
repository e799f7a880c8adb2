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

static uint32_t new_ipi(void)
{
    struct evtchn_bind_ipi ipi = {.vcpu = 0};

    evtchn_op(EVTCHNOP_bind_ipi, &ipi);
    return ipi.port;
}

static void send(uint32_t port)
{
    struct evtchn_send s = {.port = port};

    evtchn_op(EVTCHNOP_send, &s);
}

int main(void)
{
    struct evtchn_expand_array ex;
    struct evtchn_init_control ic = {.vcpu = 0};
    struct evtchn_set_priority sp;
    struct evtchn_unmask um;
    uint32_t a = new_ipi(), b = new_ipi(), c = new_ipi();

    cb = alloc_page();
    words = alloc_page();
    ex.array_gfn = virt_to_mfn(words);
    is(evtchn_op(EVTCHNOP_expand_array, &ex), -EOPNOTSUPP,
       "array before control block");
    ic.control_gfn = virt_to_mfn(cb);
    ic.offset = 4096 - 8;
    is(evtchn_op(EVTCHNOP_init_control, &ic), -EINVAL, "offset too large");
    ic.offset = 4;
    is(evtchn_op(EVTCHNOP_init_control, &ic), -EINVAL, "offset not aligned");
    ic.offset = 0;
    ic.vcpu = 50;
    is(evtchn_op(EVTCHNOP_init_control, &ic), -ENOENT, "no such vcpu");
    ic.vcpu = 0;
    send(c); /* pending in the 2-level page */
    is(evtchn_op(EVTCHNOP_init_control, &ic), 0, "init_control");
    is(ic.link_bits, EVTCHN_FIFO_LINK_BITS, "link bits");
    is(evtchn_op(EVTCHNOP_init_control, &ic), -EINVAL, "twice");
    is(evtchn_op(EVTCHNOP_expand_array, &ex), 0, "expand_array");
    is(words[c] & (PENDING | LINKED), PENDING | LINKED,
       "what was pending still is");
    is(take(EVTCHN_FIFO_PRIORITY_DEFAULT), c, "and can be taken");

    send(a);
    send(b);
    send(a);
    is(shared_info->vcpu_info[0].evtchn_upcall_pending, 1, "upcall pending");
    is(take(7), a, "first sent, first taken");
    is(take(7), b, "then the second");
    is(take(7), 0, "once each");

    sp.port = c;
    sp.priority = 0;
    is(evtchn_op(EVTCHNOP_set_priority, &sp), 0, "priority 0");
    sp.priority = 16;
    is(evtchn_op(EVTCHNOP_set_priority, &sp), -EINVAL, "priority 16");
    send(c);
    send(a);
    is(cb->ready & 0x81, 0x81, "two queues are ready");
    is(take(0), c, "own queue");
    is(take(7), a, "and the default one");

    __atomic_fetch_or(&words[b], MASKED, __ATOMIC_SEQ_CST);
    send(b);
    is(words[b] & (PENDING | LINKED), PENDING, "masked: pending, not linked");
    um.port = b;
    is(evtchn_op(EVTCHNOP_unmask, &um), 0, "unmask");
    is(take(7), b, "linked then");

    for (int i = 0; i < 100; i++) { /* queue order over many rounds */
        send(a);
        send(b);
        if (take(7) != a) {
            ok(false, "round %d", i);
            return 1;
        }
        send(a);
        if (take(7) != b || take(7) != a || take(7) != 0) {
            ok(false, "round %d", i);
            return 1;
        }
    }
    ok(true, "a hundred rounds in order");
    /* Scribble: we lose our own events, nothing else happens. */
    words[a] = 0xffffffff;
    send(a);
    send(b);
    memset(words, 0xff, PAGE_SIZE);
    memset(cb, 0xff, 128);
    send(a);
    send(b);
    ok(true, "scribbling over the pages harms nobody");
    return 0;
}
