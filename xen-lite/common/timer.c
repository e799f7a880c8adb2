/* SPDX-License-Identifier: MIT */
/*
 * Timers: one pairing heap per CPU.
 *
 * Insert and "is it the earliest" are O(1), removal is O(log n) amortised, and
 * the links live in the timers themselves. The earliest deadline is programmed
 * into the hardware; when it becomes later the hardware is left alone, as one
 * early interrupt costs less than a reprogramming on every change.
 */
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <hv/spinlock.h>
#include <hv/symbols.h>
#include <hv/timer.h>

struct timer_cpu {
    spinlock_t lock;
    struct timer *root;
    struct timer *running; /* its handler is being called */
};
static DEFINE_PER_CPU(struct timer_cpu, timer_cpu);

/* --- the heap, under the CPU's lock --------------------------------------- */

static struct timer *meld(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->expires < a->expires) {
        struct timer *t = a;
        a = b;
        b = t;
    }
    b->sibling = a->child;
    if (b->sibling)
        b->sibling->back = b;
    b->back = a;
    a->child = b;
    return a;
}

/* Melds a list of siblings pairwise, then the pairs from the last one. */
static struct timer *meld_siblings(struct timer *t)
{
    struct timer *pairs = NULL, *root = NULL;

    while (t) {
        struct timer *a = t, *b = t->sibling;

        t = b ? b->sibling : NULL;
        a->sibling = a->back = NULL;
        if (b)
            b->sibling = b->back = NULL;
        a = meld(a, b);
        a->sibling = pairs; /* borrowed as a stack link */
        pairs = a;
    }
    while (pairs) {
        struct timer *a = pairs;

        pairs = a->sibling;
        a->sibling = NULL;
        root = meld(root, a);
    }
    return root;
}

static void heap_insert(struct timer_cpu *tc, struct timer *t)
{
    ASSERT_HELD(&tc->lock);
    t->child = t->sibling = t->back = NULL;
    t->active = true;
    tc->root = meld(tc->root, t);
}

static void heap_remove(struct timer_cpu *tc, struct timer *t)
{
    struct timer *rest;

    ASSERT_HELD(&tc->lock);
    rest = meld_siblings(t->child);
    if (t == tc->root) {
        tc->root = rest;
    } else {
        if (t->back->child == t)
            t->back->child = t->sibling;
        else
            t->back->sibling = t->sibling;
        if (t->sibling)
            t->sibling->back = t->back;
        tc->root = meld(tc->root, rest);
    }
    t->child = t->sibling = t->back = NULL;
    t->active = false;
}

/* --- locking: the timer's CPU may change until its lock is held ----------- */

static struct timer_cpu *timer_lock(struct timer *t, unsigned long *flags)
{
    for (;;) {
        unsigned int cpu = READ_ONCE(t->cpu);
        struct timer_cpu *tc = &per_cpu(timer_cpu, cpu);

        *flags = spin_lock_irqsave(&tc->lock);
        if (likely(t->cpu == cpu))
            return tc;
        spin_unlock_irqrestore(&tc->lock, *flags);
    }
}

/* t is the earliest of its CPU now: make the hardware know. */
static void kick_hardware(struct timer *t)
{
    ASSERT_HELD(&per_cpu(timer_cpu, t->cpu).lock);
    if (t->cpu != smp_processor_id())
        cpu_raise_softirq(t->cpu, TIMER_SOFTIRQ);
    else if (!reprogram_timer(t->expires))
        raise_softirq(TIMER_SOFTIRQ);
}

void init_timer(struct timer *t, void (*fn)(void *), void *data,
                unsigned int cpu)
{
    *t = (struct timer){.fn = fn, .data = data, .cpu = cpu};
}

void set_timer(struct timer *t, s_time_t expires)
{
    unsigned long flags;
    struct timer_cpu *tc = timer_lock(t, &flags);

    if (t->active)
        heap_remove(tc, t);
    t->expires = expires;
    if (!t->killed) {
        heap_insert(tc, t);
        if (tc->root == t)
            kick_hardware(t);
    }
    spin_unlock_irqrestore(&tc->lock, flags);
}

void stop_timer(struct timer *t)
{
    unsigned long flags;
    struct timer_cpu *tc = timer_lock(t, &flags);

    if (t->active)
        heap_remove(tc, t);
    spin_unlock_irqrestore(&tc->lock, flags);
}

/* In one step: stopped meanwhile, the timer would be armed again. */
void migrate_timer(struct timer *t, unsigned int cpu)
{
    struct timer_cpu *to = &per_cpu(timer_cpu, cpu), *from;
    unsigned long flags;
    unsigned int was;

    while ((was = READ_ONCE(t->cpu)) != cpu) {
        from = &per_cpu(timer_cpu, was);
        flags = local_irq_save();
        spin_lock_two(&from->lock, &to->lock);
        if (t->cpu == was) {
            t->cpu = cpu;
            if (t->active) {
                heap_remove(from, t);
                heap_insert(to, t);
                if (to->root == t)
                    kick_hardware(t);
            }
        }
        spin_unlock(&to->lock);
        spin_unlock(&from->lock);
        local_irq_restore(flags);
    }
}

void kill_timer(struct timer *t)
{
    unsigned long flags;
    struct timer_cpu *tc;
    unsigned int cpu;

    if (!t->fn) /* never initialised */
        return;
    tc = timer_lock(t, &flags);
    if (t->active)
        heap_remove(tc, t);
    t->killed = true;
    spin_unlock_irqrestore(&tc->lock, flags);

    for_each_online_cpu(cpu) while (
        READ_ONCE(per_cpu(timer_cpu, cpu).running) == t &&
        cpu != smp_processor_id()) cpu_relax();
}

/* Guests can make any number expire at one moment: after some of them the CPU
 * looks at what else waits. */
#define MOST_AT_ONCE 32

static void timer_softirq(void)
{
    struct timer_cpu *tc = &this_cpu(timer_cpu);
    unsigned int left = MOST_AT_ONCE;
    s_time_t deadline;

    spin_lock_irq(&tc->lock);
    do {
        s_time_t now = get_s_time();
        struct timer *t;

        while ((t = tc->root) != NULL && t->expires <= now) {
            if (!left--) {
                raise_softirq(TIMER_SOFTIRQ);
                spin_unlock_irq(&tc->lock);
                return;
            }
            heap_remove(tc, t);
            tc->running = t;
            spin_unlock_irq(&tc->lock);
            t->fn(t->data);
            spin_lock_irq(&tc->lock);
            tc->running = NULL;
        }
        deadline = t ? t->expires : STIME_MAX;
    } while (!reprogram_timer(deadline));
    spin_unlock_irq(&tc->lock);
}

/* The next node of the heap in depth-first order. */
static const struct timer *walk(const struct timer *t)
{
    if (t->child)
        return t->child;
    while (t && !t->sibling) {
        while (t->back && t->back->child != t) /* to the leftmost */
            t = t->back;
        t = t->back; /* its parent */
    }
    return t ? t->sibling : NULL;
}

#define NR_SHOWN 8

void timer_dump_cpu(unsigned int cpu)
{
    struct timer_cpu *tc = &per_cpu(timer_cpu, cpu);
    struct timer shown[NR_SHOWN];
    unsigned int n = 0;
    unsigned long flags = spin_lock_irqsave(&tc->lock), offset;
    s_time_t now = get_s_time();

    for (const struct timer *t = tc->root; t; t = walk(t), n++)
        if (n < NR_SHOWN)
            shown[n] = *t;
    spin_unlock_irqrestore(&tc->lock, flags);
    printk("CPU%u: %u timers\n", cpu, n);
    for (unsigned int i = 0; i < MIN(n, (unsigned int)NR_SHOWN); i++) {
        const char *name = symbol_lookup((unsigned long)shown[i].fn, &offset);

        printk("  in %ld us: %s(%p)\n", (long)(shown[i].expires - now) / 1000,
               name ? name : "?", shown[i].data);
    }
}

void timer_init_cpu(unsigned int cpu)
{
    spin_lock_init(&per_cpu(timer_cpu, cpu).lock, LOCK_TIMER);
}

void __init timer_init(void)
{
    open_softirq(TIMER_SOFTIRQ, timer_softirq);
    timer_init_cpu(smp_processor_id());
}
