/* SPDX-License-Identifier: MIT */
/*
 * Ticket spin locks (fair) and THE lock order: LOCK_LEVELS, below.
 *
 * A lock may be taken only while every lock already held by this CPU stands
 * above it. Two locks of one level may be held only if the second is taken by
 * spin_lock_two() or by try. Debug builds check both, and ASSERT_HELD() checks
 * what a comment says of a caller.
 *
 * From EVTCHN on, interrupt handlers take them, too: they are held with
 * interrupts off (the _irqsave forms), and may be taken by an interrupt that
 * came while any of the others is held. A CPU that spins on one of these locks
 * cannot answer IPIs, so a holder must never wait for another CPU. Allocation
 * may flush the TLBs of all CPUs: memory must not be allocated under these
 * locks.
 */
#ifndef HV_SPINLOCK_H
#define HV_SPINLOCK_H

#include <hv/atomic.h>
#include <asm/processor.h>

/* clang-format off */
/* Outermost first. The enum and the names in a panic are made of this list. */
#define LOCK_LEVELS(X)                                                         \
    X(DOMCTL)    /* one control operation at a time (taken by try) */          \
    X(DOMLIST)   /* creation and removal of domains */                         \
    X(DOMAIN)    /* d->lock: hypercall-level state of one domain */            \
    X(GNTTAB)    /* grant table of one domain */                               \
    X(MAPTRACK)  /* grant handles of one domain */                             \
    X(PAGETABLE) /* not a spinlock: PGT_locked of a table, child in parent */  \
    X(LDT)       /* pages of one vcpu's LDT that are mapped */                 \
    X(UNDO)      /* a domain's interrupted releases of page tables */          \
    X(HEAP)      /* page allocator, object heap */                             \
    X(PAGING)    /* hypervisor's own page tables, vmap */                      \
    X(EVTCHN)    /* ports of one domain; from here on also in interrupts */    \
    X(PIRQ)      /* a domain's names for physical interrupts */                \
    X(EVTPEND)   /* how events of one domain are shown to it */                \
    X(SCHED)     /* run queue of one CPU; a second one only by try */          \
    X(TIMER)     /* timer heap of one CPU */                                   \
    X(IRQ)       /* one interrupt descriptor */                                \
    X(DEVICE)    /* vectors, IO-APIC, PCI config, RTC, tasklets, RCU */        \
    X(CONSOLE)   /* serial, console ring: messages come from everywhere */
/* clang-format on */

/* Places in the order. A lock has one for life. */
enum lock_level {
    LOCK_NONE, /* not checked: locks that never meet another */
#define X(name) LOCK_##name,
    LOCK_LEVELS(X)
#undef X
};

/*
 * A caller takes the ticket 'tail' and waits until 'head' has come to it; equal
 * halves mean that the lock is free. Both wrap at 2^16, far above the number of
 * CPUs. All zero is a free lock that is not checked.
 */
typedef struct spinlock {
    union {
        uint32_t word;
        struct {
            uint16_t head, tail;
        };
    };
    uint8_t level; /* enum lock_level */
} spinlock_t;

/*
 * A free lock of this level. Memory in which some CPU holds or wants a lock
 * must not be initialised again or freed.
 */
#define SPIN_LOCK_INIT(lvl)                                                    \
    {                                                                          \
        .level = (lvl)                                                         \
    }
/* The same at run time. */
static inline void spin_lock_init(spinlock_t *l, enum lock_level level)
{
    *l = (spinlock_t){.level = level};
}

/*
 * Bookkeeping of debug builds (common/lib/lock_order.c), called by the
 * functions below. Each keeps the list of locks that this CPU holds; a lock out
 * of order is a panic that names both. Release builds have nothing of it.
 */
#ifdef HV_DEBUG
/* Before spinning: a wrong order is reported instead of a deadlock. */
void lock_order_acquire(spinlock_t *l);
/* For a lock that has been got by try, which cannot deadlock: another lock of
 * the same level may be held, whatever its address. */
void lock_order_acquired_by_try(spinlock_t *l);
/* Before the release; in any order. */
void lock_order_release(spinlock_t *l);
/* To be called before waiting for other CPUs: they may be waiting, deaf to
 * IPIs, for a lock that this CPU holds. Panics with a lock from EVTCHN on. */
void assert_no_irq_locks(void);
#else
static inline void lock_order_acquire(spinlock_t *l)
{
}
static inline void lock_order_acquired_by_try(spinlock_t *l)
{
}
static inline void lock_order_release(spinlock_t *l)
{
}
static inline void assert_no_irq_locks(void)
{
}
#endif

/*
 * Whether this CPU holds l; debug builds only, and never for LOCK_NONE, of
 * which no list is kept.
 */
bool lock_is_held(const spinlock_t *l);
/* What a contract says of its caller ("d->lock is held"), checked. Needs
 * <hv/lib.h>. Costs nothing in a release build, as ASSERT(). */
#define ASSERT_HELD(l) ASSERT(lock_is_held(l))

/*
 * Takes l; returns when this CPU holds it. What the last holder wrote before
 * its release is seen. Callers get it in the order in which they came. A lock
 * is not recursive: taking it twice never returns (debug builds panic), and so
 * does taking it in an interrupt that came while its CPU holds it.
 */
static inline void spin_lock(spinlock_t *l)
{
    uint16_t ticket;

    lock_order_acquire(l);
    ticket = __atomic_fetch_add(&l->tail, 1, __ATOMIC_SEQ_CST);
    while (unlikely(__atomic_load_n(&l->head, __ATOMIC_ACQUIRE) != ticket))
        cpu_relax();
}
/* The same for a CPU that has to do something for others while it waits. */
static inline void spin_lock_serving(spinlock_t *l, void (*serve)(void))
{
    uint16_t ticket;

    lock_order_acquire(l);
    ticket = __atomic_fetch_add(&l->tail, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&l->head, __ATOMIC_ACQUIRE) != ticket)
        serve();
}
/*
 * Takes l if it is free this moment; false if it is not, and then nothing has
 * happened. It never waits, and may also fail because another CPU is just
 * trying: a caller must have something else to do.
 */
static inline bool spin_trylock(spinlock_t *l)
{
    spinlock_t old = {.word = READ_ONCE(l->word)}, new = old;

    if (old.head != old.tail)
        return false;
    new.tail++;
    if (!__atomic_compare_exchange_n(&l->word, &old.word, new.word, false,
                                     __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        return false;
    lock_order_acquired_by_try(l);
    return true;
}
/*
 * Gives l up; this CPU must hold it. Only the holder writes 'head', so that a
 * plain store is enough. A holder need not be the function that took it, but
 * must be the same CPU.
 */
static inline void spin_unlock(spinlock_t *l)
{
    lock_order_release(l);
    __atomic_store_n(&l->head, l->head + 1, __ATOMIC_RELEASE);
}
/* Two different locks of one level, by address: the order is everywhere the
 * same, so that two CPUs with the same pair cannot wait for each other. Each is
 * released by itself. */
static inline void spin_lock_two(spinlock_t *a, spinlock_t *b)
{
    spin_lock(a < b ? a : b);
    spin_lock(a < b ? b : a);
}
/*
 * For locks from EVTCHN on: interrupts go off before the lock is taken and come
 * back, as they were, after it is given up. The result belongs to this pair of
 * calls and must not be used for another lock.
 */
static inline unsigned long spin_lock_irqsave(spinlock_t *l)
{
    unsigned long flags = local_irq_save();
    spin_lock(l);
    return flags;
}
static inline void spin_unlock_irqrestore(spinlock_t *l, unsigned long flags)
{
    spin_unlock(l);
    local_irq_restore(flags);
}
/* The same for a caller who knows that interrupts are on. */
static inline void spin_lock_irq(spinlock_t *l)
{
    local_irq_disable();
    spin_lock(l);
}
static inline void spin_unlock_irq(spinlock_t *l)
{
    spin_unlock(l);
    local_irq_enable();
}

#endif
