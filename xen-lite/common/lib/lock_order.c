/* SPDX-License-Identifier: MIT */
/*
 * Debug builds: the lock order of hv/spinlock.h, checked by level on each
 * acquisition.
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
        if (!in_order(h->lock[i], l, by_try))
            panic("lock order: %s taken at %p while %s is held",
                  level_name[l->level], caller, level_name[h->lock[i]->level]);
    if (h->nr == MAX_HELD)
        panic("lock order: more than %u locks held", MAX_HELD);
    h->lock[h->nr++] = l;
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
            panic("lock order: %p waits for CPUs with %s held",
                  __builtin_return_address(0), level_name[h->lock[i]->level]);
    local_irq_restore(flags);
}

bool lock_is_held(const spinlock_t *l)
{
    unsigned long flags = local_irq_save();
    const struct held *h = &this_cpu(held_locks);
    bool found = false;

    for (unsigned int i = 0; i < h->nr; i++)
        found |= h->lock[i] == l;
    local_irq_restore(flags);
    return found;
}

#endif
