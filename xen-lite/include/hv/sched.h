/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: fair by weight, with caps, hard and soft affinity, one run
 * queue for each CPU. It tells the tools that it is credit2. How it decides
 * stands in common/sched/schedule.c.
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
    /* Of each CPU, under its queue's lock: when a vcpu of this domain last had
     * the running one make room at once. */
    s_time_t asked[NR_CPUS];
};

/* Shortest run before a preemption; 0: none. */
extern unsigned int sched_ratelimit_us;

void scheduler_init(void);
/* Before the idle vcpu of that CPU is made. */
void scheduler_init_cpu(unsigned int cpu);
/*
 * Gives a new vcpu its CPU and its affinities; destroy takes it off its queue
 * for good. v must not be running.
 */
void sched_vcpu_init(struct vcpu *v);
void sched_vcpu_destroy(struct vcpu *v);
/*
 * For a vcpu that has become not runnable (a flag or count was set before):
 * takes it off its CPU. sync returns when it is off, and must not be called for
 * current; nosync only makes that CPU look.
 */
void vcpu_sleep_sync(struct vcpu *v); /* returns when v is off its CPU */
void vcpu_sleep_nosync(struct vcpu *v);
void sched_yield(void); /* current */
/* v has a periodic timer now: arms it on the CPU where v runs, or when v
 * runs. */
void sched_start_ticks(struct vcpu *v);
/* v's hard affinity or pool has changed: takes v off a CPU on which it may not
 * run. */
void vcpu_recheck_cpu(struct vcpu *v);
/*
 * cap: percent of one CPU for all vcpus of d together, 0: none. A domain that
 * has used its cap waits for the next period.
 */
void sched_set_cap(struct domain *d, uint16_t cap);
void sched_dump_cpu(unsigned int cpu);
/* For ASSERT(): whether this CPU holds the lock of v's run queue. */
bool sched_lock_is_held(const struct vcpu *v);

/*
 * Pools of CPUs (common/sched/cpupool.c). They change under the lock of sysctl
 * and may be read without it.
 */
bool cpupool_exists(uint32_t id);
/* Can a domain start in it? 0/-ESRCH/-ENODEV */
int cpupool_check(uint32_t id);
cpumask_t cpupool_cpus(const struct domain *d); /* those online */
/* Called by context_switch() on the new stack/context: prev is off the CPU. */
void sched_context_switched(struct vcpu *prev, struct vcpu *next);

#endif
