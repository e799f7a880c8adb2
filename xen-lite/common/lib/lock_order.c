/* SPDX-License-Identifier: MIT */
/*
 * Debug builds: the lock order of hv/spinlock.h, checked by level on each
 * acquisition. Two locks of one level may nest where their helper fixes the
 * order (grant tables, events, run queues by id).
 */
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/spinlock.h>

#ifdef HV_DEBUG

#define MAX_HELD 12
struct held {
    unsigned int nr;
    spinlock_t *lock[MAX_HELD];
};
static DEFINE_PER_CPU(struct held, held_locks);

static bool pair_allowed(enum lock_level level)
{
    return level == LOCK_GNTTAB || level == LOCK_EVTCHN ||
           level == LOCK_SCHED || level == LOCK_DEVICE;
}

void lock_order_acquire(spinlock_t *l)
{
    unsigned long flags;
    struct held *h;

    if (l->level == LOCK_NONE)
        return;
    flags = local_irq_save();
    h = &this_cpu(held_locks);
    for (unsigned int i = 0; i < h->nr; i++) {
        if (h->lock[i]->level < l->level ||
            (h->lock[i]->level == l->level && pair_allowed(l->level) &&
             h->lock[i] != l))
            continue;
        panic("lock order: level %u taken at %p while level %u is held",
              l->level, __builtin_return_address(0), h->lock[i]->level);
    }
    if (h->nr == MAX_HELD)
        panic("lock order: more than %u locks held", MAX_HELD);
    h->lock[h->nr++] = l;
    local_irq_restore(flags);
}

void lock_order_release(spinlock_t *l)
{
    unsigned long flags;
    struct held *h;

    if (l->level == LOCK_NONE)
        return;
    flags = local_irq_save();
    h = &this_cpu(held_locks);
    for (unsigned int i = h->nr; i-- > 0;) {
        if (h->lock[i] != l)
            continue;
        for (h->nr--; i < h->nr; i++)
            h->lock[i] = h->lock[i + 1];
        break;
    }
    local_irq_restore(flags);
}

void assert_no_irq_locks(void)
{
    unsigned long flags = local_irq_save();
    const struct held *h = &this_cpu(held_locks);

    for (unsigned int i = 0; i < h->nr; i++)
        if (h->lock[i]->level >= LOCK_EVTCHN)
            panic("lock order: %p waits for CPUs with level %u held",
                  __builtin_return_address(0), h->lock[i]->level);
    local_irq_restore(flags);
}

#endif
