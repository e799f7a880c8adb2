/* SPDX-License-Identifier: MIT */
/*
 * Soft interrupts: work that runs on the way out to a guest and in the idle
 * loop, with interrupts enabled and no lock held. A handler may take any lock
 * and may be interrupted; it runs on the CPU for which it was raised.
 */
#ifndef HV_SOFTIRQ_H
#define HV_SOFTIRQ_H

#include <hv/percpu.h>
#include <hv/atomic.h>

enum softirq {
    TIMER_SOFTIRQ,    /* run expired timers */
    SCHEDULE_SOFTIRQ, /* choose the next vcpu */
    TASKLET_SOFTIRQ,  /* deferred work (keyhandler, domain free) */
    RCU_SOFTIRQ,      /* quiescent state reached: free old structures */
    ARCH_SOFTIRQ,     /* the architecture's own */
    NR_SOFTIRQS
};

/*
 * Names the handler; at boot, once. cpu_info.softirq_pending holds the bits, so
 * that the exit path tests one word.
 */
void open_softirq(enum softirq nr, void (*handler)(void));
/* From any context. Raising twice before the handler runs is raising once. */
void raise_softirq(enum softirq nr);                       /* this CPU */
void cpu_raise_softirq(unsigned int cpu, enum softirq nr); /* + IPI */
void softirq_init(void);
/*
 * Runs what is pending until nothing is. Interrupts are on at entry and exit.
 * It may switch to another vcpu and then does not return.
 */
void do_softirq(void); /* irqs enabled on entry and exit */
static inline bool softirq_pending(void)
{
    return READ_ONCE(get_cpu_info()->softirq_pending) != 0;
}

/*
 * A deferred function. It may be scheduled from anywhere, also by itself;
 * scheduling twice before it runs is scheduling once. It runs in
 * TASKLET_SOFTIRQ on the first CPU that gets to it.
 */
struct tasklet {
    struct tasklet *next;
    void (*fn)(void *data);
    void *data;
    bool scheduled;
};
void tasklet_schedule(struct tasklet *t);

/*
 * Calls fn(head) once every CPU has left the hypervisor or idled: until then a
 * CPU that found the object without a lock may still use it. fn runs in a
 * softirq, and may free the object, or queue it again: it is called after one
 * more such time, and other softirqs come in between. No guest does, on this
 * CPU, so what queues itself must get to an end: a dead domain and a log of
 * dirty frames give back some of their parts each time, and have as many as the
 * toolstack allowed.
 */
struct rcu_head {
    struct rcu_head *next;
    void (*fn)(struct rcu_head *head);
};
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));
#ifdef HV_DEBUG
/* Until it is false again no such fn begins on any CPU, and none is running. */
void rcu_hold(bool hold);
#endif

#endif
