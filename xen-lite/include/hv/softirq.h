/* SPDX-License-Identifier: MIT */
/*
 * Soft interrupts: work that runs on the way out to a guest and in the idle
 * loop, with interrupts enabled and no lock held.
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
    NR_SOFTIRQS
};

/* cpu_info.softirq_pending holds the bits, so the exit path tests one word. */
void open_softirq(enum softirq nr, void (*handler)(void));
void raise_softirq(enum softirq nr);                       /* this CPU */
void cpu_raise_softirq(unsigned int cpu, enum softirq nr); /* + IPI */
void softirq_init(void);
void do_softirq(void); /* irqs enabled on entry and exit */
static inline bool softirq_pending(void)
{
    return READ_ONCE(get_cpu_info()->softirq_pending) != 0;
}

/* Deferred function on some CPU's softirq; may be scheduled from anywhere. */
struct tasklet {
    struct tasklet *next;
    void (*fn)(void *data);
    void *data;
    bool scheduled;
};
void tasklet_schedule(struct tasklet *t);

/* Free p (by fn) once every CPU has left the hypervisor or idled once. */
struct rcu_head {
    struct rcu_head *next;
    void (*fn)(struct rcu_head *head);
};
void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head));

#endif
