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
    bool capped;           /* queued, but its domain has used its cap */
    bool queued;
    cpumask_t hard_affinity, soft_affinity;
};
struct sched_domain {
    uint16_t weight;
    uint16_t cap; /* percent of one CPU, 0 = none */
    uint8_t cpupool;
    s_time_t cap_since;  /* when the cap was set */
    s_time_t cap_period; /* start of this period, atomic */
    int64_t cap_left;    /* ns of it that all vcpus together have, atomic */
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
/* v has a periodic timer now: from where it runs, or when it does. */
void sched_start_ticks(struct vcpu *v);
/* CPUs on which v may run now: never none. */
cpumask_t vcpu_cpus(const struct vcpu *v);
/* What vcpu_cpus() says of v has changed: off a CPU that is not among them. */
void vcpu_recheck_cpu(struct vcpu *v);
void sched_set_cap(struct domain *d, uint16_t cap);
void sched_dump_cpu(unsigned int cpu);

/* Pools of CPUs (common/sched/cpupool.c). */
bool cpupool_exists(uint32_t id);
/* Can a domain start in it? 0/-ESRCH/-ENODEV */
int cpupool_check(uint32_t id);
cpumask_t cpupool_cpus(const struct domain *d); /* those online */
/* Called by context_switch() on the new stack/context: prev is off the CPU. */
void sched_context_switched(struct vcpu *prev, struct vcpu *next);

#endif
