/* SPDX-License-Identifier: MIT */
/*
 * Between the files of the PV memory core (arch/x86/pv/mm).
 *
 *   types      counts and types of one frame; every transition
 *   table      validating and undoing the entries of one table; undo list
 *   entry      one entry: flag rules, its references, writing it
 *   update     hypercalls that write entries
 *   mmuext     hypercalls on tables, roots and TLBs
 *   walk       from virtual address to L1 entry
 *   ptwr       writes to tables that trapped
 *   grant      entries of grant maps
 *   teardown   everything of a dying domain
 *
 * xen-lite/README has a tour.
 *
 * "[locked]" before a function: the caller holds the frame's PGT_locked bit. A
 * function that returns -ERESTART has left everything in a state from which a
 * later call goes on, whoever makes it.
 */
#ifndef PV_MM_H
#define PV_MM_H

#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <asm/guest_tables.h>

/* The type of a table of that level, 1..4. */
static inline uint32_t table_type(unsigned int level)
{
    return (uint32_t)level << PGT_type_shift;
}
/* 1..4, or 0 if the type is not a table's. */
static inline unsigned int table_level(uint32_t type)
{
    unsigned int t = type >> PGT_type_shift;

    return t <= 4 ? t : 0;
}
/* Whether a slot is one of ours: guests neither see nor set what is in it. */
static inline bool is_hv_slot(unsigned int level, unsigned int slot)
{
    return level == 4 && slot >= ROOT_SLOT_FIRST && slot <= ROOT_SLOT_LAST;
}

/* --- the counts, where every instruction is felt -------------------------- */
/* Guests leave room for the hypervisor's own marks (hold_page()). */
#define COUNT_LIMIT (PGC_count_mask - 4096)

/* One more general count, if the frame is the owner's and allocated, in one
 * step: no lock. False: nothing taken, also if there are too many. put_page()
 * gives it back. */
static inline bool get_owned_page(struct page_info *pg, uint16_t owner)
{
    struct page_info old, new;

    old.count_owner = READ_ONCE(pg->count_owner);
    do {
        uint32_t n = old.count & PGC_count_mask;

        if (unlikely(old.owner != owner || n - 1 >= COUNT_LIMIT - 1))
            return false;
        new.count_owner = old.count_owner + 1;
    } while (!atomic_cas(&pg->count_owner, &old.count_owner, new.count_owner));
    return true;
}

/* One more writable use, if that is what the frame is used for now. False may
 * be bad luck: then get_page_type() decides. The caller has a general count. */
static inline bool get_writable_again(struct page_info *pg)
{
    uint32_t x = READ_ONCE(pg->type);

    return (x & PGT_type_mask) == PGT_writable && (x & PGT_validated) &&
           (x & PGT_count_mask) < PGT_count_mask &&
           atomic_cas(&pg->type, &x, x + 1);
}

/* Finish d's interrupted table undos: 0/-ERESTART. Waits for those that another
 * CPU has in hand, and serves flushes meanwhile: no lock may be held. */
int mm_finish_pending(struct domain *d);
/* Before anything else on d's tables: what was interrupted. 0/-ERESTART */
static inline int finish_pending(struct domain *d)
{
    return unlikely(READ_ONCE(d->arch.nr_pending_undo)) ? mm_finish_pending(d)
                                                        : 0;
}

/*
 * What a request that failed has dropped is finished before the next one for
 * that domain, whoever makes it. One that dies may have no next one: the same
 * request is made again then, until all is finished, and fails again. is_dying
 * is read after put_page(), a barrier: if it is not set yet, the end of the
 * domain finds the rest.
 */
static inline long after_failure(struct domain *d, long rc)
{
    long left = 0;

    if (rc != -ERESTART && READ_ONCE(d->is_dying))
        left = finish_pending(d);
    return left ? left : rc;
}

/* --- types ---------------------------------------------------------------- */
/* As put_page_type(), but -ERESTART leaves pg partial and not listed. */
int put_page_type_step(struct page_info *pg);
/* Goes on with an interrupted undo, if pg is still in one that is not in the
 * owner's list. 0/-ERESTART */
int finish_undo(struct page_info *pg);
/* [owner's mm_lock] pg, if partial, gets in front of frame 'next' of the list.
 * False: it is another CPU's to go on with, or listed already. */
bool mark_listed(struct page_info *pg, uint32_t next);
/* The same for one that was taken from the list; interrupted again, it gets
 * into the list again. */
void finish_listed_undo(struct page_info *pg);
/* Locks pg if it is a validated table: its level, else 0 (not locked). */
unsigned int table_lock(struct page_info *pg);
/* A release: what was written to the table is visible before. */
static inline void table_unlock(struct page_info *pg)
{
    atomic_and(&pg->type, ~PGT_locked);
}

/* What "[locked]" demands of a caller. */
#define ASSERT_LOCKED(pg) ASSERT(READ_ONCE((pg)->type) & PGT_locked)

/* --- table ---------------------------------------------------------------- */
/* In page_info.resume: the slot to go on at; PT_ENTRIES is a value, too. */
#define RESUME_SLOT 0x3ffu
/* The child at the slot may be in its undo; the entry's general count is still
 * held. */
#define RESUME_CHILD 0x8000u
#define MASK_GROUP   16 /* slots per bit of entry_mask */

/* [locked, not validated] From pg->resume on: 0, -EINVAL, -ERESTART. */
int table_take_entries(struct page_info *pg, unsigned int level,
                       struct domain *d);
/* [locked, not validated] Gives back entries below pg->resume. 0/-ERESTART */
int table_put_entries(struct page_info *pg, unsigned int level);
/* pg's undo was interrupted: into its owner's list, for mm_finish_pending().
 * The caller has a general count. Takes the owner's mm_lock. */
void queue_undo(struct page_info *pg);

/* --- entry ---------------------------------------------------------------- */
/* The entry as the CPU will see it; l1_adjust() takes present ones only. */
static inline pte_t l1_adjust(pte_t e)
{
    if (!(e & PTE_USER))
        e |= PTE_USER | PTE_GUEST_KERNEL;
    return e & PTE_GUEST_KERNEL ? e & ~PTE_GLOBAL : e | PTE_GLOBAL;
}
/* For any level; what is not present stays as the guest wrote it. */
pte_t entry_adjust(pte_t e, unsigned int level);
/* No bit set that the level forbids, judged after entry_adjust(). */
bool entry_flags_ok(pte_t e, unsigned int level);
/* References for what e maps in a table of d; frames must be pg_owner's.
 * e is adjusted. 0, -EINVAL, -EBUSY (writable view of a table), -EPERM,
 * -ERESTART; for not present entries 0. */
int entry_take(pte_t *e, unsigned int level, struct domain *d,
               struct domain *pg_owner);
/* Gives them back: 0, or -ERESTART when the table below went partial; its
 * general count is still the caller's then. */
int entry_put(pte_t e, unsigned int level);
/* The same; an interrupted undo goes to the owner's list. */
void entry_drop(pte_t e, unsigned int level);
/* The plain case of entry_take() at L1: a frame of d's own that is not used as
 * a table, ordinary cache type. False: nothing is taken, ask entry_take(). */
static inline bool entry_take_plain(pte_t *e, const struct domain *d)
{
    struct page_info *pg = mfn_to_page(pte_mfn(*e));
    pte_t a = *e;

    if (!mfn_valid(pte_mfn(a)) || (a & (PTE_PWT | PTE_PCD | PTE_PAT)) ||
        d->is_dying || !get_owned_page(pg, d->id))
        return false;
    if ((a & PTE_RW) && !get_writable_again(pg) &&
        get_page_type(pg, PGT_writable)) {
        put_page(pg);
        return false;
    }
    *e = l1_adjust(a);
    return true;
}

/* [locked] After e was stored in a slot of a validated table. */
static inline void entry_stored(struct page_info *table, unsigned int slot,
                                pte_t e)
{
    ASSERT_LOCKED(table);
    if (e & PTE_PRESENT)
        table->entry_mask |= 1u << (slot / MASK_GROUP);
    log_dirty_frame(page_to_mfn(table));
}

/* What becomes of what stands in the slot, if the CPU changes it meanwhile. */
enum write_mode {
    WRITE_NORMAL,
    WRITE_PRESERVE_AD, /* Accessed and Dirty stay as they are */
    WRITE_COMPARE,     /* only if it is *old; -EAGAIN and *old if not */
};
/* [locked by table_lock()] Replaces a slot of a validated L1 table of d. *old
 * is what stood there, and its references are given back; frames must be
 * pg_owner's. Errors are those of entry_take(), and -EAGAIN: nothing has
 * changed then. */
int l1_write(struct page_info *table, unsigned int slot, pte_t e,
             enum write_mode mode, pte_t *old, struct domain *d,
             struct domain *pg_owner);
/* The same in a table of d's above L1, which is locked in here; not
 * WRITE_COMPARE. Errors are those of entry_take(), -EINVAL for a slot of ours;
 * -ERESTART also if it is no such table any more. */
int upper_write(struct page_info *table, unsigned int level, unsigned int slot,
                pte_t e, enum write_mode mode, struct domain *d);

/* --- walk ----------------------------------------------------------------- */
/* The L1 table that maps va under v's kernel root, with a reference; NULL. No
 * lock: what it is a table of is only known once table_lock() says level 1. */
struct page_info *walk_to_l1(struct vcpu *v, uint64_t va);

/* CPUs that may run the vcpus of a guest's bitmap, which is read at that
 * address; *rc: 0, or -EFAULT if it cannot be. */
uint64_t vcpumask_to_cpus(struct domain *d, uint64_t bitmap, int *rc);

/* --- a call with a list of requests: mmu_update and mmuext_op ------------- */
/* Requests lie one behind the other in guest memory and are read one at a time.
 */
struct batch {
    unsigned int call; /* number of the hypercall */
    uint32_t size;     /* of a request */
    uint64_t reqs;     /* guest address of the list */
    uint64_t pdone;    /* guest address of the number of requests done, or 0 */
    uint32_t count;
    uint32_t before; /* requests done before the call was continued */
};
/* In the count of a call that is continued: *pdone has a value. */
#define BATCH_CONTINUED (1u << 31)

/* Nothing of b but call to count is set: 0/-EFAULT */
static inline int batch_begin(struct batch *b)
{
    uint32_t before = 0;

    if (unlikely(b->count & BATCH_CONTINUED)) {
        b->count &= ~BATCH_CONTINUED;
        if (b->pdone && copy_object_from_guest(&before, b->pdone))
            return -EFAULT;
    }
    b->before = before;
    return 0;
}

/* done requests were finished now, then came rc; -ERESTART continues the call.
 * Returns what the hypercall returns. */
static inline long batch_end(const struct batch *b, uint32_t done, long rc)
{
    uint32_t all = b->before + done;

    if (b->pdone && copy_object_to_guest(b->pdone, &all))
        return rc && rc != -ERESTART ? rc : -EFAULT;
    if (rc != -ERESTART)
        return rc;
    hypercall_set_arg(0, b->reqs + (uint64_t)done * b->size);
    hypercall_set_arg(1, (b->count - done) | BATCH_CONTINUED);
    return hypercall_again(b->call);
}

/* --- the foreign-domain argument of mmu_update and mmuext_op -------------- */
/*
 * The domain that owns the frames to be mapped, or one of the pseudo domains;
 * NULL with the reason in *rc. The caller must call put_pg_owner().
 */
struct domain *get_pg_owner(domid_t id, int *rc);
void put_pg_owner(struct domain *d);

#endif
