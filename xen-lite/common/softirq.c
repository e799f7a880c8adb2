/* SPDX-License-Identifier: MIT */
/*
 * Soft interrupts, tasklets and deferred freeing.
 *
 * A CPU that runs its softirqs is between two hypercalls: it holds no lock and
 * no unreferenced pointer to a domain. That makes RCU_SOFTIRQ a quiescent
 * state: once every online CPU has run it, structures unlinked before the
 * request can be freed.
 */
#include <hv/lib.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>
#include <hv/stretch.h>

static void (*handlers[NR_SOFTIRQS])(void);

void open_softirq(enum softirq nr, void (*handler)(void))
{
    handlers[nr] = handler;
}

void raise_softirq(enum softirq nr)
{
    atomic_or(&get_cpu_info()->softirq_pending, 1u << nr);
}

void cpu_raise_softirq(unsigned int cpu, enum softirq nr)
{
    struct cpu_info *info = cpu_info_of(cpu);
    uint32_t old = atomic_or(&info->softirq_pending, 1u << nr);

    if (!old && cpu != smp_processor_id())
        smp_send_event_check(cpu);
}

/* In turn: a handler that raises itself, to let others in, comes after them;
 * also if one of these does not return. */
void do_softirq(void)
{
    struct cpu_info *info = get_cpu_info();
    uint32_t pending, later;

    while ((pending = READ_ONCE(info->softirq_pending)) != 0) {
        unsigned int nr;

        later = pending & info->softirq_later;
        nr = ffs64(later ? later : pending);
        info->softirq_later = ~1u << nr;
        /* SCHEDULE may not return, so its bit is cleared first. */
        atomic_and(&info->softirq_pending, ~(1u << nr));
        stretch_point(handlers[nr]);
        handlers[nr]();
    }
    stretch_point(do_softirq);
}

/* --- tasklets ------------------------------------------------------------- */

static struct {
    spinlock_t lock;
    struct tasklet *head, **tail;
} tasklets = {SPIN_LOCK_INIT(LOCK_DEVICE), NULL, &tasklets.head};

void tasklet_schedule(struct tasklet *t)
{
    unsigned long flags = spin_lock_irqsave(&tasklets.lock);

    if (!t->scheduled) {
        t->scheduled = true;
        t->next = NULL;
        *tasklets.tail = t;
        tasklets.tail = &t->next;
        raise_softirq(TASKLET_SOFTIRQ);
    }
    spin_unlock_irqrestore(&tasklets.lock, flags);
}

/* One at a time: the others come in between, also if it schedules itself. */
static void tasklet_action(void)
{
    unsigned long flags = spin_lock_irqsave(&tasklets.lock);
    struct tasklet *t = tasklets.head;

    if (t) {
        tasklets.head = t->next;
        if (tasklets.head)
            raise_softirq(TASKLET_SOFTIRQ);
        else
            tasklets.tail = &tasklets.head;
        t->scheduled = false;
    }
    spin_unlock_irqrestore(&tasklets.lock, flags);
    if (t)
        t->fn(t->data);
}

/* --- deferred freeing ----------------------------------------------------- */

static struct {
    spinlock_t lock;
    struct rcu_head *waiting; /* for the grace period under way */
    struct rcu_head *next;    /* for the one after it */
    cpumask_t outstanding;    /* CPUs the grace period still waits for */
#ifdef HV_DEBUG
    bool held;
    unsigned int running;
#endif
} rcu = {.lock = SPIN_LOCK_INIT(LOCK_DEVICE)};

/* No grace period is under way. */
static void rcu_start(void)
{
    unsigned int cpu;

    ASSERT_HELD(&rcu.lock);
    rcu.waiting = rcu.next;
    rcu.next = NULL;
    rcu.outstanding = cpu_online_map;
    for_each_online_cpu(cpu) cpu_raise_softirq(cpu, RCU_SOFTIRQ);
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
    unsigned long flags = spin_lock_irqsave(&rcu.lock);

    head->fn = fn;
    head->next = rcu.next;
    rcu.next = head;
    if (!rcu.waiting)
        rcu_start();
    spin_unlock_irqrestore(&rcu.lock, flags);
}

#ifdef HV_DEBUG
void rcu_hold(bool hold)
{
    unsigned long flags = spin_lock_irqsave(&rcu.lock);

    rcu.held = hold;
    spin_unlock_irqrestore(&rcu.lock, flags);
    while (hold && READ_ONCE(rcu.running))
        cpu_relax();
    if (!hold)
        raise_softirq(RCU_SOFTIRQ);
}
#define rcu_is_held() rcu.held
#define rcu_runs(n)   atomic_add(&rcu.running, n)
#else
#define rcu_is_held() false
#define rcu_runs(n)   ((void)(n))
#endif

/* One at a time: the others come in between. */
static void rcu_action(void)
{
    unsigned long flags = spin_lock_irqsave(&rcu.lock);
    struct rcu_head *head = NULL;

    cpumask_clear(smp_processor_id(), &rcu.outstanding);
    if (rcu.waiting && cpumask_empty(rcu.outstanding) && !rcu_is_held()) {
        head = rcu.waiting;
        rcu_runs(1);
        rcu.waiting = head->next;
        if (rcu.waiting)
            raise_softirq(RCU_SOFTIRQ);
        else if (rcu.next)
            rcu_start();
    }
    spin_unlock_irqrestore(&rcu.lock, flags);

    if (head) {
        head->fn(head);
        rcu_runs(-1);
    }
}

void softirq_init(void)
{
    open_softirq(TASKLET_SOFTIRQ, tasklet_action);
    open_softirq(RCU_SOFTIRQ, rcu_action);
}
