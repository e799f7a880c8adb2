/* SPDX-License-Identifier: MIT */
/*
 * Debug builds: the lock order of hv/spinlock.h, checked by level on each
 * acquisition, and how long locks are held.
 */
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/spinlock.h>
#include <hv/stretch.h>

#ifdef HV_DEBUG

#define MAX_HELD 12
struct held {
    unsigned int nr;
    struct {
        spinlock_t *lock;
        uint64_t since;
    } of[MAX_HELD];
    struct hold {
        uint64_t ticks;
        unsigned int level;
        const void *released_at;
    } longest[2]; /* of any lock; of those held with interrupts off */
};
static DEFINE_PER_CPU(struct held, held_locks);

static const char *const level_name[] = {"NONE",
#define X(name) #name,
                                         LOCK_LEVELS(X)
#undef X
};

/* l may be taken with 'held': it stands below, or is the second of a pair. */
static bool in_order(const spinlock_t *held, const spinlock_t *l, bool by_try)
{
    return held->level < l->level ||
           (held->level == l->level && (by_try ? held != l : held < l));
}

static void note_acquired(spinlock_t *l, bool by_try, const void *caller)
{
    unsigned long flags;
    struct held *h;

    if (l->level == LOCK_NONE)
        return;
    flags = local_irq_save();
    h = &this_cpu(held_locks);
    for (unsigned int i = 0; i < h->nr; i++)
        if (!in_order(h->of[i].lock, l, by_try))
            panic("lock order: %s taken at %p while %s is held",
                  level_name[l->level], caller,
                  level_name[h->of[i].lock->level]);
    if (h->nr == MAX_HELD)
        panic("lock order: more than %u locks held", MAX_HELD);
    h->of[h->nr].lock = l;
    h->of[h->nr++].since = stretch_clock();
    local_irq_restore(flags);
}

void lock_order_acquire(spinlock_t *l)
{
    note_acquired(l, false, __builtin_return_address(0));
}

void lock_order_acquired_by_try(spinlock_t *l)
{
    note_acquired(l, true, __builtin_return_address(0));
}

static void note_hold(struct held *h, unsigned int i, const void *where)
{
    struct hold hold = {stretch_clock() - h->of[i].since, h->of[i].lock->level,
                        where};

    for (unsigned int n = 0; n <= (hold.level >= LOCK_EVTCHN); n++)
        if (hold.ticks > h->longest[n].ticks)
            h->longest[n] = hold;
}

void lock_order_release(spinlock_t *l)
{
    const void *caller = __builtin_return_address(0);
    unsigned long flags;
    struct held *h;

    if (l->level == LOCK_NONE)
        return;
    flags = local_irq_save();
    h = &this_cpu(held_locks);
    for (unsigned int i = h->nr; i-- > 0;) {
        if (h->of[i].lock != l)
            continue;
        note_hold(h, i, caller);
        for (h->nr--; i < h->nr; i++)
            h->of[i] = h->of[i + 1];
        break;
    }
    local_irq_restore(flags);
}

void assert_no_irq_locks(void)
{
    unsigned long flags = local_irq_save();
    const struct held *h = &this_cpu(held_locks);

    for (unsigned int i = 0; i < h->nr; i++)
        if (h->of[i].lock->level >= LOCK_EVTCHN)
            panic("lock order: %p waits for CPUs with %s held",
                  __builtin_return_address(0),
                  level_name[h->of[i].lock->level]);
    local_irq_restore(flags);
}

bool lock_is_held(const spinlock_t *l)
{
    unsigned long flags = local_irq_save();
    const struct held *h = &this_cpu(held_locks);
    bool found = false;

    for (unsigned int i = 0; i < h->nr; i++)
        found |= h->of[i].lock == l;
    local_irq_restore(flags);
    return found;
}

void lock_holds_dump(void)
{
    static const char *const which[] = {"", " of those with interrupts off"};
    unsigned int cpu;

    for_each_online_cpu(cpu) for (unsigned int n = 0; n < 2; n++)
    {
        const struct hold *hold = &per_cpu(held_locks, cpu).longest[n];

        printk("CPU%u: longest hold%s %lu ticks, %s", cpu, which[n],
               hold->ticks, level_name[hold->level]);
        print_place(" until ", hold->released_at);
        printk("\n");
    }
}

void lock_holds_reset(void)
{
    unsigned int cpu;

    for_each_online_cpu(cpu)
        memset(per_cpu(held_locks, cpu).longest, 0, sizeof(struct hold[2]));
}

#endif
