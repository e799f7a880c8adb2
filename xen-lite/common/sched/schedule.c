/* SPDX-License-Identifier: MIT */
/*
 * The scheduler: fair by weight, one run queue per CPU.
 *
 * Each vcpu has a virtual runtime: real time on a CPU divided by its weight.
 * The runnable vcpu with the least runs next, until it is a little ahead of the
 * first that waits, and for at most a time slice. A vcpu that slept starts a
 * little behind the queue's minimum, so one that waits for I/O preempts at
 * once, and one that slept long gains no more than that. An idle CPU takes
 * waiting vcpus from others. A cap limits a domain to a share of each period,
 * which its vcpus use up together; then they stay on the queue, passed over,
 * until the next period. What was used too much is owed.
 *
 * A vcpu that has the CPU keeps it for sched_ratelimit_us, whichever vcpu
 * wakes. Two domains that hand each other packets would otherwise change places
 * at each of them, and a change costs all cached translations; so they work in
 * batches. A CPU that idles is given at once.
 *
 * A vcpu is on the queue of v->processor while it is runnable and not the one
 * running. v->processor changes only under the old queue's lock and while
 * v->is_running is false. is_running is cleared when the vcpu's state has left
 * the CPU (sched_context_switched()), so no CPU picks it up earlier.
 */
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/smp.h>

#define SLICE       MILLISECS(10)
#define SLEEP_BONUS MILLISECS(2)
/* A waking vcpu preempts only when it is behind by more than this. */
#define WAKE_MARGIN MICROSECS(100)
#define CAP_PERIOD  MILLISECS(30)
/* No shorter turns, however little of a cap is left: they would be all cost. */
#define CAP_MIN_RUN MICROSECS(100)
#define MIN_TURN    MICROSECS(500)

unsigned int sched_ratelimit_us = 1000; /* Xen's default */
HV_OPTION(OPT_UINT, "sched_ratelimit_us", sched_ratelimit_us);

struct runq {
    spinlock_t lock;
    struct list_head queue; /* ascending vruntime; never the running vcpu */
    int64_t min_vruntime;
    struct vcpu *curr;
    struct timer slice, refill;
    unsigned int nr_queued;
};
static DEFINE_PER_CPU(struct runq, runq);

static struct runq *vcpu_runq_lock(const struct vcpu *v, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = READ_ONCE(v->processor);
        struct runq *rq = &per_cpu(runq, cpu);

        *flags = spin_lock_irqsave(&rq->lock);
        if (likely(v->processor == cpu))
            return rq;
        spin_unlock_irqrestore(&rq->lock, *flags);
    }
}

#ifdef HV_DEBUG
bool sched_lock_is_held(const struct vcpu *v)
{
    return lock_is_held(&per_cpu(runq, v->processor).lock);
}
#endif

/* --- caps ----------------------------------------------------------------- */

static int64_t cap_budget(const struct sched_domain *sd)
{
    return CAP_PERIOD * sd->cap / 100;
}

/* Has v's domain used its share? Begins a new period where one is due. */
static bool is_over_cap(const struct vcpu *v, s_time_t now)
{
    struct sched_domain *sd = &v->domain->sched;
    s_time_t start = atomic_load(&sd->cap_period);
    int64_t budget = cap_budget(sd), periods = (now - start) / CAP_PERIOD, left;

    if (!budget)
        return false;
    if (periods > 0 &&
        atomic_cas(&sd->cap_period, &start, start + periods * CAP_PERIOD)) {
        left = atomic_load(&sd->cap_left);
        while (!atomic_cas(&sd->cap_left, &left,
                           MIN(left + MIN(periods, 1000) * budget, budget)))
            ;
    }
    return atomic_load(&sd->cap_left) <= 0;
}

void sched_set_cap(struct domain *d, uint16_t cap)
{
    struct sched_domain *sd = &d->sched;
    struct vcpu *v;

    sd->cap_since = get_s_time();
    atomic_store(&sd->cap_period, sd->cap_since);
    atomic_store(&sd->cap_left, CAP_PERIOD * cap / 100);
    WRITE_ONCE(sd->cap, cap);
    for_each_vcpu (d, v) /* its turn gets an end */
        cpu_raise_softirq(v->processor, SCHEDULE_SOFTIRQ);
}

/* --- queue, under its lock ------------------------------------------------ */

static void set_capped(struct runq *rq, struct vcpu *v, s_time_t now)
{
    s_time_t due;

    ASSERT_HELD(&rq->lock);
    v->sched.capped = is_over_cap(v, now);
    due = v->domain->sched.cap_period + CAP_PERIOD;
    if (v->sched.capped &&
        (!timer_is_active(&rq->refill) || due < rq->refill.expires))
        set_timer(&rq->refill, due);
}

static void enqueue(struct runq *rq, struct vcpu *v, s_time_t now)
{
    struct list_head *pos = &rq->queue;

    ASSERT_HELD(&rq->lock);
    if (v->sched.queued)
        return;
    /* From the tail: a vcpu whose slice ended belongs near it. */
    while (pos->prev != &rq->queue &&
           list_entry(pos->prev, struct vcpu, sched.runq)->sched.vruntime >
               v->sched.vruntime)
        pos = pos->prev;
    list_add_tail(&v->sched.runq, pos);
    v->sched.queued = true;
    rq->nr_queued++;
    set_capped(rq, v, now);
}

static void dequeue(struct runq *rq, struct vcpu *v)
{
    ASSERT_HELD(&rq->lock);
    if (!v->sched.queued)
        return;
    list_del(&v->sched.runq);
    v->sched.queued = v->sched.capped = false;
    rq->nr_queued--;
}

/* Charges the running vcpu for the time since it was last charged. */
static void account(struct vcpu *v, s_time_t now)
{
    struct sched_domain *sd = &v->domain->sched;
    s_time_t started = v->sched.started, delta = now - started;

    v->sched.started = now;
    if (is_idle_vcpu(v) || delta <= 0)
        return;
    v->sched.vruntime += delta * SCHED_DEFAULT_WEIGHT / sd->weight;
    if (sd->cap)
        atomic_sub(&sd->cap_left, now - MAX(started, sd->cap_since));
}

/* Charges the running vcpu. While no vcpu waits there is no end of turn, so the
 * minimum follows here, when a vcpu comes or the one that ran goes: neither may
 * be that far behind the other. */
static void advance_minimum(struct runq *rq, s_time_t now)
{
    ASSERT_HELD(&rq->lock);
    account(rq->curr, now);
    if (!is_idle_vcpu(rq->curr) && !rq->nr_queued)
        rq->min_vruntime = MAX(rq->min_vruntime, rq->curr->sched.vruntime);
}

/* A domain's period ended: its vcpus here may go on, or wait for the next. */
static void refill_caps(void *data)
{
    struct runq *rq = data;
    struct vcpu *v;
    unsigned long flags = spin_lock_irqsave(&rq->lock);
    s_time_t now = get_s_time();

    list_for_each_entry (v, &rq->queue, sched.runq)
        if (v->sched.capped)
            set_capped(rq, v, now);
    spin_unlock_irqrestore(&rq->lock, flags);
    raise_softirq(SCHEDULE_SOFTIRQ);
}

/* --- choice --------------------------------------------------------------- */

/* The CPUs on which v may run now: hard affinity and pool, or the pool alone if
 * they do not meet, or all that are online. Never empty. */
static cpumask_t vcpu_cpus(const struct vcpu *v)
{
    cpumask_t pool = cpupool_cpus(v->domain);
    cpumask_t both = cpumask_and(pool, v->sched.hard_affinity);

    /* The pool may have lost the CPUs it was bound to. */
    return !cpumask_empty(both)   ? both
           : !cpumask_empty(pool) ? pool
                                  : cpu_online_map;
}

static struct vcpu *first_eligible(struct runq *rq, unsigned int cpu)
{
    struct vcpu *v;

    ASSERT_HELD(&rq->lock);
    list_for_each_entry (v, &rq->queue, sched.runq)
        if (!v->sched.capped && cpumask_test(cpu, vcpu_cpus(v)) &&
            (!v->is_running || v == rq->curr))
            return v;
    return NULL;
}

/* An idle CPU looks for work elsewhere; only by trylock, so no order. */
static struct vcpu *steal(struct runq *rq, unsigned int cpu)
{
    unsigned int other;

    for_each_online_cpu(other)
    {
        struct runq *from = &per_cpu(runq, other);
        struct vcpu *v;

        if (other == cpu || !READ_ONCE(from->nr_queued) ||
            !spin_trylock(&from->lock))
            continue;
        v = first_eligible(from, cpu);
        if (v && !v->is_running) {
            dequeue(from, v);
            v->sched.vruntime += rq->min_vruntime - from->min_vruntime;
            v->processor = cpu;
        } else {
            v = NULL;
        }
        spin_unlock(&from->lock);
        if (v)
            return v;
    }
    return NULL;
}

static void set_runstate(struct vcpu *prev, struct vcpu *next, s_time_t now)
{
    vcpu_runstate_change(prev,
                         vcpu_runnable(prev) ? RUNSTATE_runnable
                         : prev->pause_flags & (1u << VPF_BLOCKED)
                             ? RUNSTATE_blocked
                             : RUNSTATE_offline,
                         now);
    vcpu_runstate_change(next, RUNSTATE_running, now);
}

/* How long v may run before the first that waits deserves it more. */
static s_time_t fair_turn(const struct runq *rq, const struct vcpu *v)
{
    const struct vcpu *first =
        list_entry(rq->queue.next, struct vcpu, sched.runq);
    int64_t behind = first->sched.vruntime - v->sched.vruntime;
    s_time_t lead = MAX(MICROSECS(sched_ratelimit_us), MIN_TURN);

    behind = MAX(MIN(behind, SLICE * SCHED_DEFAULT_WEIGHT), 0);
    behind = behind * v->domain->sched.weight / SCHED_DEFAULT_WEIGHT;
    return MAX(MIN(behind + lead, SLICE), lead);
}

/* When next's turn ends at the latest; STIME_MAX if nothing ends it. */
static s_time_t turn_end(const struct runq *rq, const struct vcpu *next,
                         s_time_t now)
{
    const struct sched_domain *sd = &next->domain->sched;
    s_time_t left = READ_ONCE(sd->cap_left), turn = SLICE;

    if (is_idle_vcpu(next) || (!sd->cap && !rq->nr_queued))
        return STIME_MAX;
    if (rq->nr_queued)
        turn = fair_turn(rq, next);
    return now + (sd->cap ? MIN(MAX(left, CAP_MIN_RUN), turn) : turn);
}

static void schedule(void)
{
    unsigned int cpu = smp_processor_id();
    struct runq *rq = &this_cpu(runq);
    struct vcpu *prev = current, *next;
    s_time_t now, end;

    spin_lock_irq(&rq->lock);
    now = get_s_time();
    advance_minimum(rq, now);
    if (!is_idle_vcpu(prev) && vcpu_runnable(prev))
        enqueue(rq, prev, now);
    next = first_eligible(rq, cpu);
    if (next)
        dequeue(rq, next);
    else
        next = steal(rq, cpu);
    if (!next)
        next = idle_vcpu[cpu];
    else
        rq->min_vruntime = MAX(rq->min_vruntime, next->sched.vruntime);

    next->sched.started = now;
    rq->curr = next;
    end = turn_end(rq, next, now);
    if (end != STIME_MAX)
        set_timer(&rq->slice, end);
    else if (timer_is_active(&rq->slice))
        stop_timer(&rq->slice);
    if (unlikely(READ_ONCE(next->periodic_period)))
        vcpu_resume_ticks(next);
    if (next == prev) {
        spin_unlock_irq(&rq->lock);
        return;
    }
    set_runstate(prev, next, now);
    next->is_running = true;
    spin_unlock(&rq->lock);
    context_switch(prev, next);
}

/* --- wake and sleep ------------------------------------------------------- */

/* No vcpu but v itself, which may be queued there, wants this CPU. */
static bool is_idle_for(const struct vcpu *v, unsigned int cpu)
{
    struct runq *rq = &per_cpu(runq, cpu);
    unsigned int own = v->sched.queued && v->processor == cpu;

    return is_idle_vcpu(READ_ONCE(rq->curr)) && READ_ONCE(rq->nr_queued) == own;
}

/* Where a waking vcpu should go: its last CPU unless that is busy and another
 * one idles, of those that it prefers or else of those that it may use. */
static unsigned int pick_cpu(const struct vcpu *v)
{
    cpumask_t may = vcpu_cpus(v);
    cpumask_t likes = cpumask_and(may, v->sched.soft_affinity);
    unsigned int cpu = v->processor;

    if (cpumask_empty(likes))
        likes = may;
    if (cpumask_test(cpu, likes) && is_idle_for(v, cpu))
        return cpu;
    for_each_cpu (cpu, likes)
        if (is_idle_for(v, cpu))
            return cpu;
    for_each_cpu (cpu, may)
        if (is_idle_for(v, cpu))
            return cpu;
    return cpumask_test(v->processor, likes) ? v->processor : ffs64(likes.bits);
}

/* Queued vcpu v: when must the one that runs make room for it? Not at once if
 * it was to a moment ago for this domain: vcpus that come, and are gone again
 * when their turn has come, would take the other's time for decisions. */
static void preempt_if_better(struct runq *rq, struct vcpu *v, s_time_t now)
{
    const struct vcpu *curr = rq->curr;
    s_time_t *asked = &v->domain->sched.asked[v->processor];
    s_time_t entry = curr->runstate.state_entry_time, due = now;

    ASSERT_HELD(&rq->lock);
    if (!is_idle_vcpu(curr)) {
        if (v->sched.vruntime + WAKE_MARGIN < curr->sched.vruntime)
            due = MAX(entry, *asked) + MICROSECS(sched_ratelimit_us);
        else
            due = now + fair_turn(rq, curr);
    }
    if (due <= now) {
        *asked = now;
        cpu_raise_softirq(v->processor, SCHEDULE_SOFTIRQ);
    } else if (!timer_is_active(&rq->slice) || due < rq->slice.expires) {
        set_timer(&rq->slice, due);
    }
}

/*
 * Moves a vcpu that is on no CPU from a locked queue to another one, which is
 * returned locked in its place. In between the vcpu is on no queue; a CPU that
 * finds it then may queue it on the new one.
 */
static struct runq *migrate(struct runq *from, struct vcpu *v, unsigned int cpu)
{
    struct runq *to = &per_cpu(runq, cpu);

    ASSERT_HELD(&from->lock);
    dequeue(from, v);
    v->sched.vruntime += READ_ONCE(to->min_vruntime) - from->min_vruntime;
    v->processor = cpu;
    spin_unlock(&from->lock);
    spin_lock(&to->lock);
    return to;
}

void vcpu_wake(struct vcpu *v)
{
    unsigned long flags;
    struct runq *rq = vcpu_runq_lock(v, &flags);
    unsigned int cpu;
    s_time_t now;

    if (vcpu_runnable(v) && rq->curr != v && !v->is_running) {
        cpu = pick_cpu(v);
        if (cpu != v->processor)
            rq = migrate(rq, v, cpu);
    }
    if (vcpu_runnable(v) && rq->curr != v &&
        rq == &per_cpu(runq, v->processor)) {
        now = get_s_time();
        advance_minimum(rq, now);
        if (v->runstate.state >= RUNSTATE_blocked)
            vcpu_runstate_change(v, RUNSTATE_runnable, now);
        if (!v->sched.queued) {
            v->sched.vruntime =
                MAX(v->sched.vruntime, rq->min_vruntime - SLEEP_BONUS);
            enqueue(rq, v, now);
        }
        if (!v->sched.capped)
            preempt_if_better(rq, v, now);
    }
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_sleep_nosync(struct vcpu *v)
{
    unsigned long flags;
    struct runq *rq = vcpu_runq_lock(v, &flags);

    if (!vcpu_runnable(v)) {
        if (v->runstate.state == RUNSTATE_runnable)
            vcpu_runstate_change(v, RUNSTATE_offline, get_s_time());
        dequeue(rq, v);
        if (rq->curr == v)
            cpu_raise_softirq(v->processor, SCHEDULE_SOFTIRQ);
    }
    spin_unlock_irqrestore(&rq->lock, flags);
}

void sched_start_ticks(struct vcpu *v)
{
    unsigned long flags;
    struct runq *rq = vcpu_runq_lock(v, &flags);

    if (rq->curr == v)
        cpu_raise_softirq(v->processor, SCHEDULE_SOFTIRQ);
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_sleep_sync(struct vcpu *v)
{
    vcpu_sleep_nosync(v);
    while (!vcpu_runnable(v) && READ_ONCE(v->is_running))
        cpu_relax();
    smp_rmb();
}

void sched_yield(void)
{
    unsigned long flags;
    struct runq *rq = vcpu_runq_lock(current, &flags);

    /* Behind the first waiting one, if there is any. */
    if (rq->nr_queued) {
        struct vcpu *first =
            list_entry(rq->queue.next, struct vcpu, sched.runq);

        current->sched.vruntime =
            MAX(current->sched.vruntime, first->sched.vruntime + 1);
        raise_softirq(SCHEDULE_SOFTIRQ);
    }
    spin_unlock_irqrestore(&rq->lock, flags);
}

void vcpu_recheck_cpu(struct vcpu *v)
{
    unsigned long flags;
    struct runq *rq = vcpu_runq_lock(v, &flags);

    if (!cpumask_test(v->processor, vcpu_cpus(v))) {
        if (v->is_running)
            cpu_raise_softirq(v->processor, SCHEDULE_SOFTIRQ);
        else if (!vcpu_runnable(v))
            rq = migrate(rq, v, pick_cpu(v));
    }
    spin_unlock_irqrestore(&rq->lock, flags);
    if (!v->is_running)
        vcpu_wake(v);
}

void sched_context_switched(struct vcpu *prev, struct vcpu *next)
{
    if (prev == next)
        return;
    smp_wmb(); /* state saved before another CPU may load it */
    WRITE_ONCE(prev->is_running, false);
    if (is_idle_vcpu(prev))
        return;
    /* The vcpu waits here, or is being woken: an idle CPU that passed it over
     * may take it now, and so may a CPU to which it is bound. Pairs with the
     * change of a flag before vcpu_wake(), which looks at is_running: one of
     * the two sees the other's. */
    smp_mb();
    if (vcpu_runnable(prev))
        vcpu_wake(prev);
}

/* --- set-up --------------------------------------------------------------- */

void sched_vcpu_init(struct vcpu *v)
{
    unsigned int cpu, n;

    list_init(&v->sched.runq);
    if (is_idle_vcpu(v)) {
        v->sched.hard_affinity = cpumask_of(v->processor);
        v->is_running = true;
        per_cpu(runq, v->processor).curr = v;
    } else {
        v->sched.hard_affinity = CPUMASK_ALL;
        v->sched.soft_affinity = CPUMASK_ALL;
        /* Spread by id over its CPUs; balanced later by wake-ups. */
        n = (v->domain->id + v->vcpu_id) % hweight64(vcpu_cpus(v).bits);
        for_each_cpu (cpu, vcpu_cpus(v))
            if (n-- == 0)
                v->processor = cpu;
    }
}

void sched_vcpu_destroy(struct vcpu *v)
{
    unsigned long flags;
    struct runq *rq = vcpu_runq_lock(v, &flags);

    dequeue(rq, v);
    spin_unlock_irqrestore(&rq->lock, flags);
}

/* Under the lock, lest a change under way be counted twice. */
void vcpu_runstate_get(const struct vcpu *v,
                       struct vcpu_runstate_info *runstate)
{
    unsigned long flags;
    struct runq *rq = vcpu_runq_lock(v, &flags);
    s_time_t delta;

    *runstate = v->runstate;
    delta = get_s_time() - (s_time_t)runstate->state_entry_time;
    if (delta > 0)
        runstate->time[runstate->state] += delta;
    spin_unlock_irqrestore(&rq->lock, flags);
}

void sched_dump_cpu(unsigned int cpu)
{
    struct runq *rq = &per_cpu(runq, cpu);
    unsigned long flags = spin_lock_irqsave(&rq->lock);
    struct vcpu *v;

    printk("CPU%u: runs d%dv%u, %u wait:", cpu, rq->curr->domain->id,
           rq->curr->vcpu_id, rq->nr_queued);
    list_for_each_entry (v, &rq->queue, sched.runq)
        printk(" d%dv%u%s", v->domain->id, v->vcpu_id,
               v->sched.capped ? "(cap)" : "");
    spin_unlock_irqrestore(&rq->lock, flags);
    printk("\n");
}

/* There is one scheduler, which tools know as credit2. */
static int __init parse_sched(const char *name)
{
    if (strcmp(name, "credit2"))
        printk(XENLOG_WARNING
               "sched=%s: ignored, credit2 is the only scheduler\n",
               name);
    return 0;
}
HV_OPTION_FN("sched", parse_sched);

static void slice_ended(void *data)
{
    raise_softirq(SCHEDULE_SOFTIRQ);
}

void scheduler_init_cpu(unsigned int cpu)
{
    struct runq *rq = &per_cpu(runq, cpu);

    spin_lock_init(&rq->lock, LOCK_SCHED);
    list_init(&rq->queue);
    init_timer(&rq->slice, slice_ended, NULL, cpu);
    init_timer(&rq->refill, refill_caps, rq, cpu);
}

void scheduler_init(void)
{
    open_softirq(SCHEDULE_SOFTIRQ, schedule);
    scheduler_init_cpu(smp_processor_id());
}
