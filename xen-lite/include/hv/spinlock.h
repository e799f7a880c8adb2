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

enum lock_level {
    LOCK_NONE, /* not checked */
#define X(name) LOCK_##name,
    LOCK_LEVELS(X)
#undef X
};

typedef struct spinlock {
    union {
        uint32_t word;
        struct {
            uint16_t head, tail;
        };
    };
    uint8_t level; /* enum lock_level */
} spinlock_t;

#define SPIN_LOCK_INIT(lvl)                                                    \
    {                                                                          \
        .level = (lvl)                                                         \
    }
static inline void spin_lock_init(spinlock_t *l, enum lock_level level)
{
    *l = (spinlock_t){.level = level};
}

#ifdef HV_DEBUG
void lock_order_acquire(spinlock_t *l); /* before spinning */
/* The same for a lock of any level that has been got by try. */
void lock_order_acquired_by_try(spinlock_t *l);
void lock_order_release(spinlock_t *l);
/* To be called before waiting for other CPUs: they may be waiting for a lock
 * that this CPU holds. */
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

/* Whether this CPU holds l; debug builds only. */
bool lock_is_held(const spinlock_t *l);
/* Needs <hv/lib.h>. Costs nothing in a release build, as ASSERT(). */
#define ASSERT_HELD(l) ASSERT(lock_is_held(l))

static inline void spin_lock(spinlock_t *l)
{
    uint16_t ticket;

    lock_order_acquire(l);
    ticket = __atomic_fetch_add(&l->tail, 1, __ATOMIC_SEQ_CST);
    while (unlikely(__atomic_load_n(&l->head, __ATOMIC_ACQUIRE) != ticket))
        cpu_relax();
}
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
static inline void spin_unlock(spinlock_t *l)
{
    lock_order_release(l);
    __atomic_store_n(&l->head, l->head + 1, __ATOMIC_RELEASE);
}
/* Two different locks of one level, by address: the order is everywhere the
 * same. */
static inline void spin_lock_two(spinlock_t *a, spinlock_t *b)
{
    spin_lock(a < b ? a : b);
    spin_lock(a < b ? b : a);
}
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
