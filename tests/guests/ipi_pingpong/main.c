/* SPDX-License-Identifier: MIT */
/*
 * One vcpu asks, the others wait for that in every way there is, and answer: at
 * any moment of its way to sleep an event or a timer wakes a vcpu, or this test
 * says which was lost. HV_ARGS=dom0_max_vcpus=4 asks more vcpus than there are
 * CPUs. run: smp=2 timeout=60
 */
#include <pv/pv.h>

#define MOST   8
#define TIME   3000000000UL  /* ns */
#define LOST   10000000000UL /* without an answer: a host may be busy */
#define NAP    50000UL       /* at most */
#define DELAYS 2048

enum { BLOCK, BLOCK_WITH_TIMER, POLL, POLL_SEVERAL, NR_WAYS };

static struct responder {
    evtchn_port_t ask, timer, unused;
    volatile uint64_t answers, naps;
    volatile bool napping;
    volatile unsigned int way; /* in which it waits */
    uint32_t rnd;
} responders[MOST];

static evtchn_port_t back;
static unsigned int nr_started = 1;

/* --- a vcpu that answers -------------------------------------------------- */

/* What a vcpu that answers does at an event: it goes on where it was, with
 * events masked. */
extern char mask_and_go_on[];
asm(".text\n"
    "mask_and_go_on:\n\t"
    "pop %rcx; pop %r11\n\t"
    "push %rax; push %rdx\n\t"
    "subq $8, 40(%rsp)\n\t" /* its stack, with rip on it */
    "mov 40(%rsp), %rax; mov 16(%rsp), %rdx; mov %rdx, (%rax)\n\t"
    "pushq 32(%rsp); popfq\n\t"
    "pop %rdx; pop %rax\n\t"
    "lea 24(%rsp), %rsp; pop %rsp; ret\n");

static unsigned int below(struct responder *r, unsigned int n)
{
    r->rnd = r->rnd * 1664525 + 1013904223;
    return (r->rnd >> 8) % n;
}

static void delay(struct responder *r)
{
    for (unsigned int i = below(r, DELAYS); i; i--)
        barrier();
}

static void set_timer(struct responder *r, uint64_t ns)
{
    HC1(set_timer_op, system_time() + ns);
}

static void poll(struct responder *r, evtchn_port_t port, unsigned int nr)
{
    evtchn_port_t ports[2] = {port, r->unused};
    struct sched_poll p = {.nr_ports = nr};

    set_xen_guest_handle(p.ports, ports);
    HC2(sched_op, SCHEDOP_poll, &p);
}

/* Until port is pending; whatever else comes is left pending. */
static void wait(struct responder *r, evtchn_port_t port)
{
    struct vcpu_info *vi = &shared_info->vcpu_info[r - responders];

    for (;;) {
        r->way = below(r, NR_WAYS);
        if (r->way == BLOCK_WITH_TIMER && port != r->timer)
            set_timer(r, below(r, NAP));
        vi->evtchn_upcall_mask = 1;
        vi->evtchn_upcall_pending = 0;
        __atomic_exchange_n(&vi->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
        if (event_pending(port))
            break;
        delay(r); /* what comes now the hypervisor must see */
        if (r->way >= POLL)
            poll(r, port, r->way == POLL ? 1 : 2);
        else
            HC2(sched_op, SCHEDOP_block, 0);
    }
    event_clear(port);
}

/* Nothing but the timer ends it: that an answer is asked for is left pending.
 */
static void nap(struct responder *r)
{
    event_clear(r->timer);
    r->napping = true;
    set_timer(r, below(r, NAP));
    wait(r, r->timer);
    r->napping = false;
    r->naps++;
}

static void unmask(evtchn_port_t port)
{
    struct evtchn_unmask u = {.port = port};

    evtchn_op(EVTCHNOP_unmask, &u);
}

static void respond(void)
{
    struct responder *r =
        &responders[__atomic_fetch_add(&nr_started, 1, __ATOMIC_SEQ_CST)];
    struct callback_register event = {.type = CALLBACKTYPE_event,
                                      .flags = CALLBACKF_mask_events,
                                      .address = (unsigned long)mask_and_go_on};

    HC2(callback_op, CALLBACKOP_register, &event);
    HC3(vcpu_op, VCPUOP_stop_periodic_timer, r - responders, 0);
    unmask(r->ask);
    unmask(r->timer);
    for (;;) {
        r->answers++;
        event_send(back);
        if (!below(r, 4))
            nap(r);
        wait(r, r->ask);
    }
}

/* --- the one that asks ---------------------------------------------------- */

/* By looking at the number, as a kernel waits for all CPUs, or by sleeping. */
static bool answered(struct responder *r, uint64_t before, bool sleeps)
{
    uint64_t end = system_time() + LOST;

    while (r->answers == before && system_time() < end) {
        if (sleeps) {
            wait_event(back, LOST);
            event_clear(back);
        }
    }
    return r->answers != before;
}

static bool start(unsigned int id)
{
    static struct responder *r;
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER, .vcpu = id};
    bool up;

    r = &responders[id];
    r->rnd = id;
    r->ask = event_new_ipi(id);
    r->unused = event_new_ipi(id);
    up = !evtchn_op(EVTCHNOP_bind_virq, &virq);
    r->timer = virq.port;
    event_clear(virq.port);
    return up && !start_vcpu(id, respond) && answered(r, 0, true);
}

/* Asks vcpus 1 to 'last' until the time is over. */
static bool ask(unsigned int last)
{
    static const char *const ways[] = {"a block", "a block with a timer",
                                       "a poll", "a poll of two ports"};
    uint64_t end = system_time() + TIME, rounds = 0, before[MOST];
    struct responder *r;

    while (system_time() < end) {
        bool sleeps = rounds++ & 2;

        for (r = responders + 1; r <= responders + last; r++) {
            before[r - responders] = r->answers;
            event_send(r->ask);
        }
        for (r = responders + 1; r <= responders + last; r++)
            if (!answered(r, before[r - responders], sleeps)) {
                diag("round %lu: vcpu %u gets no %s in %s; both pending: %d %d",
                     rounds, (unsigned int)(r - responders),
                     r->napping ? "timer" : "event", ways[r->way],
                     event_pending(r->ask), event_pending(r->timer));
                return false;
            }
    }
    diag("%lu rounds, %lu naps of vcpu 1", rounds, responders[1].naps);
    return true;
}

int main(void)
{
    unsigned int last = 0;

    HC3(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    back = event_new_ipi(0);
    while (last + 1 < MOST && HC3(vcpu_op, VCPUOP_is_up, last + 1, 0) >= 0 &&
           start(last + 1))
        last++;
    ok(last, "%u vcpus start and answer", last);
    ok(ask(last), "whatever a vcpu does, events and timers reach it");
    return 0;
}
