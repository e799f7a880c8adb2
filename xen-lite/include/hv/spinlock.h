/* SPDX-License-Identifier: MIT */
/*
 * Ticket spin locks (fair) and THE lock order.
 *
 * Order, outermost first; a lock may be taken only while every lock already
 * held by this CPU stands above it. Debug builds check it by level.
 *
 *   DOMCTL      one control operation at a time (taken by try)
 *   DOMLIST     creation and removal of domains
 *   DOMAIN      d->lock: hypercall-level state of one domain
 *   GNTTAB      grant table of one domain; two: lower domid first
 *   MAPTRACK    grant handles of one domain
 *   PAGETABLE   not a spinlock: PGT_locked of a table; child inside parent
 *   HEAP        page allocator, object heap
 *   PAGING      hypervisor's own page tables, vmap
 *   EVTCHN      ports of one domain; two: lower domid first
 *   EVTPEND     how events of one domain are shown to it
 *   PIRQ        a domain's names for physical interrupts
 *   SCHED       run queue of one CPU; two: lower cpu first
 *   TIMER       timer heap of one CPU
 *   IRQ         one interrupt descriptor
 *   DEVICE      serial, console ring, IO-APIC, PCI config, RTC
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

enum lock_level {
    LOCK_NONE = 0, /* not checked */
    LOCK_DOMCTL,
    LOCK_DOMLIST,
    LOCK_DOMAIN,
    LOCK_GNTTAB,
    LOCK_MAPTRACK,
    LOCK_HEAP,
    LOCK_PAGING,
    LOCK_EVTCHN, /* from here on interrupt handlers take them */
    LOCK_PIRQ,
    LOCK_EVTPEND,
    LOCK_SCHED,
    LOCK_TIMER,
    LOCK_IRQ,
    LOCK_DEVICE,
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
void lock_order_release(spinlock_t *l);
/* To be called before waiting for other CPUs: they may be waiting for a lock
 * that this CPU holds. */
void assert_no_irq_locks(void);
#else
static inline void lock_order_acquire(spinlock_t *l)
{
}
static inline void lock_order_release(spinlock_t *l)
{
}
static inline void assert_no_irq_locks(void)
{
}
#endif

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
    lock_order_acquire(l);
    return true;
}
static inline void spin_unlock(spinlock_t *l)
{
    lock_order_release(l);
    __atomic_store_n(&l->head, l->head + 1, __ATOMIC_RELEASE);
}
static inline bool spin_is_locked(const spinlock_t *l)
{
    return READ_ONCE(l->head) != READ_ONCE(l->tail);
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
