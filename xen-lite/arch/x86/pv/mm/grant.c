/* SPDX-License-Identifier: MIT */
/*
 * Entries that map granted frames. The grant table decides which domain may map
 * what and how long; here the entry is found, written and removed like any
 * other, with its own references on the frame.
 */
#include "mm.h"
#include <xen/grant_table.h>

/* The locked L1 table of the current domain that holds the entry, or NULL. */
static struct page_info *lock_l1(uint64_t addr, bool is_pte, unsigned int *slot)
{
    struct domain *d = current->domain;
    struct page_info *table;
    unsigned int level;

    if (is_pte) {
        if (addr & (sizeof(pte_t) - 1))
            return NULL;
        table = get_page_from_mfn(_mfn(addr >> PAGE_SHIFT), d);
        *slot = (addr & ~PAGE_MASK) / sizeof(pte_t);
    } else {
        table = walk_to_l1(current, addr);
        *slot = PT_INDEX(addr, 1);
    }
    if (!table)
        return NULL;
    level = table_lock(table);
    if (level > 1)
        table_unlock(table);
    if (level != 1) {
        put_page(table);
        return NULL;
    }
    return table;
}

static void unlock_l1(struct page_info *table)
{
    table_unlock(table);
    put_page(table);
}

static pte_t read_slot(struct page_info *table, unsigned int slot)
{
    return READ_ONCE(((pte_t *)page_to_virt(table))[slot]);
}

int create_grant_host_mapping(uint64_t addr, mfn_t frame, unsigned int flags)
{
    struct domain *d = current->domain, *owner;
    struct page_info *table;
    unsigned int slot;
    pte_t e, old;
    int rc;

    owner = domain_by_owner_id(mfn_to_page(frame)->owner);
    table = owner ? lock_l1(addr, flags & GNTMAP_contains_pte, &slot) : NULL;
    if (!table)
        return GNTST_general_error;
    e = pte_make(frame, PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY);
    if (!(flags & GNTMAP_readonly))
        e |= PTE_RW;
    if (flags & GNTMAP_application_map)
        e |= PTE_USER;
    e |= (uint64_t)(flags >> _GNTMAP_guest_avail0 & 7) << 9;
    rc = l1_write(table, slot, e, WRITE_NORMAL, &old, d, owner);
    unlock_l1(table);
    return rc ? GNTST_general_error : GNTST_okay;
}

/* Replace the entry by e if it maps frame as flags say. */
static int replace_entry(uint64_t addr, mfn_t frame, pte_t e,
                         unsigned int flags)
{
    struct domain *d = current->domain;
    struct page_info *table;
    unsigned int slot;
    int rc = -EINVAL;
    pte_t old;

    table = lock_l1(addr, flags & GNTMAP_contains_pte, &slot);
    if (!table)
        return GNTST_general_error;
    old = read_slot(table, slot);
    /* Only the CPU's Accessed and Dirty can make it try again. */
    while ((old & PTE_PRESENT) && mfn_eq(pte_mfn(old), frame) &&
           !(old & PTE_RW) == !!(flags & GNTMAP_readonly)) {
        rc = l1_write(table, slot, e, WRITE_COMPARE, &old, d, d);
        if (rc != -EAGAIN)
            break;
    }
    unlock_l1(table);
    return rc ? GNTST_general_error : GNTST_okay;
}

int replace_grant_host_mapping(uint64_t addr, mfn_t frame, uint64_t new_addr,
                               unsigned int flags)
{
    struct domain *d = current->domain;
    struct page_info *table;
    unsigned int slot;
    pte_t e, old;
    int rc;

    if (!new_addr)
        return replace_entry(addr, frame, 0, flags);
    if (flags & GNTMAP_contains_pte)
        return GNTST_general_error;
    table = lock_l1(new_addr, false, &slot);
    if (!table)
        return GNTST_general_error;
    e = read_slot(table, slot);
    unlock_l1(table);
    /* It takes a reference of its own, on a page that the domain owns. Between
     * two mappings of another's page none would be taken, and one that stays in
     * the old place, which other vcpus may hide meanwhile, would outlive its
     * grant. */
    if ((e & PTE_PRESENT) && mfn_eq(pte_mfn(e), frame) &&
        mfn_to_page(frame)->owner != d->id)
        return GNTST_general_error;
    rc = replace_entry(addr, frame, e, flags);
    if (rc)
        return rc;
    /* The entry has moved: it leaves its old place. */
    table = lock_l1(new_addr, false, &slot);
    if (table) {
        rc = l1_write(table, slot, 0, WRITE_NORMAL, &old, d, d);
        unlock_l1(table);
    }
    return rc ? GNTST_general_error : GNTST_okay;
}
