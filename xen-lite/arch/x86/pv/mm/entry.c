/* SPDX-License-Identifier: MIT */
/*
 * One page-table entry: which bits it may have, what it refers to, and the one
 * way to write it into a validated table.
 *
 * What is checked is the entry as the CPU will read it: entry_adjust() comes
 * first. User entries are GLOBAL so that they survive the switch between a
 * process's user and kernel root; guest-kernel entries are USER for the CPU
 * (ring 3) and carry a software bit instead.
 *
 * References of a present entry: one general count of the frame; an L1 entry
 * with RW also one writable type count; above L1 one count of the type below.
 * Frames that are not RAM have no counts: permission by range decides.
 */
#include "mm.h"
#include <asm/device_access.h>

#define CACHE_ATTRS (PTE_PWT | PTE_PCD | PTE_PAT) /* L1 */
#define SOFT_HIGH   0x7ff0000000000000UL
/* May change without looking at the frame: no count depends on them. */
#define CHEAP_L1                                                               \
    (PTE_ACCESSED | PTE_DIRTY | PTE_AVAIL | PTE_NX | SOFT_HIGH | PTE_USER |    \
     PTE_GLOBAL)
#define FORBIDDEN_UPPER (PTE_PSE | PTE_GLOBAL | PTE_PWT | PTE_PCD)

pte_t entry_adjust(pte_t e, unsigned int level)
{
    if (!(e & PTE_PRESENT))
        return e;
    return level > 1 ? e | PTE_USER : l1_adjust(e);
}

bool entry_flags_ok(pte_t e, unsigned int level)
{
    if ((e & PTE_FRAME) >> boot_cpu.phys_bits)
        return false;
    return level == 1 || !(e & FORBIDDEN_UPPER);
}

/* --- L1: frames ----------------------------------------------------------- */

static bool is_mmio(mfn_t mfn)
{
    return !mfn_valid(mfn) || mfn_to_page(mfn)->owner == DOMID_IO;
}

/* RAM with a cache type of its own: the owner of devices may, and what it
 * leaves in the caches is written back before the frame becomes a table. */
static bool cache_attrs_ok(struct page_info *pg, pte_t e,
                           const struct domain *d)
{
    if (!(e & CACHE_ATTRS))
        return true;
    if (!d->is_privileged)
        return false;
    if (e & PTE_RW)
        atomic_or(&pg->count, PGC_noncoherent);
    return true;
}

static int mmio_take(pte_t *e, const struct domain *d,
                     const struct domain *pg_owner)
{
    unsigned long mfn = mfn_x(pte_mfn(*e));

    if ((pg_owner != d && pg_owner != dom_io) ||
        !iomem_access_permitted(d, mfn, mfn))
        return -EPERM;
    if (iomem_is_read_only(mfn))
        *e &= ~PTE_RW;
    return 0;
}

static int l1_take(pte_t *e, const struct domain *d,
                   const struct domain *pg_owner)
{
    mfn_t mfn = pte_mfn(*e);
    struct page_info *pg;
    int rc = -EINVAL;

    if (likely(pg_owner == d) && entry_take_plain(e, d))
        return 0;
    if (unlikely(is_mmio(mfn)))
        return mmio_take(e, d, pg_owner);
    if (unlikely(pg_owner->is_dying))
        return -EINVAL;
    pg = get_page_from_mfn(mfn, pg_owner);
    if (!pg)
        return -EBUSY;
    if (!cache_attrs_ok(pg, *e, d))
        goto refuse;
    if (*e & PTE_RW) {
        rc = -EBUSY;
        if (get_page_type(pg, PGT_writable))
            goto refuse;
        /* Before this use ends nobody takes the mark away. */
        if (unlikely(pg_owner != d))
            atomic_or(&pg->type, PGT_foreign);
    }
    return 0;
refuse:
    put_page(pg);
    return rc;
}

/* Until now a domain with a foreign mapping could write this frame. */
static void end_writable(struct page_info *pg)
{
    if (unlikely(READ_ONCE(pg->type) & PGT_foreign))
        log_dirty_frame(page_to_mfn(pg));
    put_page_type(pg);
}

static void l1_put(pte_t e)
{
    struct page_info *pg = mfn_to_page(pte_mfn(e));

    if (unlikely(is_mmio(pte_mfn(e))))
        return;
    if (e & PTE_RW)
        end_writable(pg);
    put_page(pg);
}

/* --- any level ------------------------------------------------------------ */

int entry_take(pte_t *e, unsigned int level, struct domain *d,
               struct domain *pg_owner)
{
    struct page_info *pg;
    int rc;

    *e = entry_adjust(*e, level);
    if (!(*e & PTE_PRESENT))
        return 0;
    if (!entry_flags_ok(*e, level)) /* L1: an address that no domain may use */
        return level == 1 ? -EPERM : -EINVAL;
    if (level == 1)
        return l1_take(e, d, pg_owner);
    pg = get_page_from_mfn(pte_mfn(*e), d);
    if (!pg)
        return -EINVAL;
    rc = get_page_type(pg, table_type(level - 1));
    if (rc)
        put_page(pg);
    return rc;
}

int entry_put(pte_t e, unsigned int level)
{
    struct page_info *pg = mfn_to_page(pte_mfn(e));
    int rc;

    if (!(e & PTE_PRESENT))
        return 0;
    if (level == 1) {
        l1_put(e);
        return 0;
    }
    rc = put_page_type_step(pg);
    if (!rc)
        put_page(pg);
    return rc;
}

void entry_drop(pte_t e, unsigned int level)
{
    struct page_info *pg = mfn_to_page(pte_mfn(e));

    if (entry_put(e, level)) {
        queue_undo(pg);
        put_page(pg);
    }
}

/* false: WRITE_COMPARE found something else, now in *old. Only the CPU's
 * Accessed and Dirty can change under the lock. */
static bool store(pte_t *p, pte_t e, enum write_mode mode, pte_t *old)
{
    if (mode == WRITE_COMPARE)
        return atomic_cas(p, old, e);
    if (mode == WRITE_NORMAL) {
        *old = atomic_xchg(p, e);
        return true;
    }
    *old = READ_ONCE(*p);
    while (!atomic_cas(p, old, e | (*old & (PTE_ACCESSED | PTE_DIRTY))))
        ;
    return true;
}

/* Finds what must be given back once e stands where old stood, if no new
 * reference is needed for e: nothing, or the writable type alone. */
enum shortcut { SHORTCUT_NONE, SHORTCUT_FLAGS, SHORTCUT_WRITE_PROTECT };

static enum shortcut find_shortcut(pte_t old, pte_t e)
{
    uint64_t diff = old ^ e;

    if (!(old & e & PTE_PRESENT))
        return SHORTCUT_NONE;
    if (!(diff & ~CHEAP_L1))
        return SHORTCUT_FLAGS;
    if (!(diff & ~(CHEAP_L1 | PTE_RW)) && (old & PTE_RW) &&
        !is_mmio(pte_mfn(e)))
        return SHORTCUT_WRITE_PROTECT;
    return SHORTCUT_NONE;
}

int l1_write(struct page_info *table, unsigned int slot, pte_t e,
             enum write_mode mode, pte_t *old, struct domain *d,
             struct domain *pg_owner)
{
    pte_t *p = (pte_t *)page_to_virt(table) + slot;
    enum shortcut cut = SHORTCUT_NONE;
    int rc = 0;

    ASSERT_LOCKED(table);
    if (mode != WRITE_COMPARE)
        *old = READ_ONCE(*p);
    if (e & PTE_PRESENT) {
        e = entry_adjust(e, 1);
        cut = find_shortcut(*old, e);
        if (cut == SHORTCUT_NONE) {
            rc = entry_take(&e, 1, d, pg_owner);
            if (rc)
                return rc;
        } else if (!entry_flags_ok(e, 1)) {
            return -EINVAL;
        }
    }
    if (!store(p, e, mode, old)) {
        if (cut == SHORTCUT_NONE)
            entry_drop(e, 1);
        return -EAGAIN;
    }
    entry_stored(table, slot, e);
    if (cut == SHORTCUT_NONE)
        entry_drop(*old, 1);
    else if (cut == SHORTCUT_WRITE_PROTECT)
        end_writable(mfn_to_page(pte_mfn(e)));
    return 0;
}

/* The tree behind the new entry is validated before the table is locked, and
 * the one behind the old entry undone after that: who waits for a lock waits
 * for a store, not for that. */
int upper_write(struct page_info *table, unsigned int level, unsigned int slot,
                pte_t e, enum write_mode mode, struct domain *d)
{
    pte_t *p = (pte_t *)page_to_virt(table) + slot, old;
    unsigned int now;
    int rc;

    if (is_hv_slot(level, slot))
        return -EINVAL;
    rc = entry_take(&e, level, d, d);
    if (rc)
        return rc;
    now = table_lock(table);
    if (now == level && table->owner == d->id) {
        store(p, e, mode, &old);
        entry_stored(table, slot, e);
    } else {
        old = e; /* another vcpu has made something else of it */
        rc = -ERESTART;
    }
    if (now)
        table_unlock(table);
    entry_drop(old, level);
    return rc;
}
