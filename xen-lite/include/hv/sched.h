/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: fair by weight, with caps and hard affinity, one run queue
 * per CPU, boost for vcpus that wake. Reports itself as credit2 to the tools.
 */
#ifndef HV_SCHED_H
#define HV_SCHED_H

#include <hv/types.h>
#include <hv/list.h>
#include <hv/percpu.h>

struct vcpu;
struct domain;

#define SCHED_DEFAULT_WEIGHT 256

/* Scheduler's part of a vcpu; all fields [SCHED] of v->processor. */
struct sched_vcpu {
    struct list_head runq; /* on the CPU's queue while runnable */
    int64_t vruntime;      /* weighted ns */
    s_time_t started;      /* when it was put on the CPU */
    s_time_t cap_left;     /* budget of this period, ns */
    bool capped;           /* out of budget: parked until refill */
    bool queued;
    cpumask_t hard_affinity, soft_affinity;
};
struct sched_domain {
    uint16_t weight;
    uint16_t cap; /* percent of one CPU, 0 = none */
};

/* Shortest run before a preemption; 0: none. */
extern unsigned int sched_ratelimit_us;

void scheduler_init(void);
/* Before the idle vcpu of that CPU is made. */
void scheduler_init_cpu(unsigned int cpu);
void sched_vcpu_init(struct vcpu *v);
void sched_vcpu_destroy(struct vcpu *v);
void vcpu_sleep_sync(struct vcpu *v); /* returns when v is off its CPU */
void vcpu_sleep_nosync(struct vcpu *v);
void sched_yield(void); /* current */
int vcpu_set_affinity(struct vcpu *v, cpumask_t hard);
/* Called by context_switch() on the new stack/context: prev is off the CPU. */
void sched_context_switched(struct vcpu *prev, struct vcpu *next);

#endif
