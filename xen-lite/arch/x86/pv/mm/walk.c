/* SPDX-License-Identifier: MIT */
/*
 * From a guest's virtual address to the L1 table that maps it, in software.
 *
 * No lock is held, so a table may be changed or freed by another vcpu under the
 * walk. Each frame is checked to be the domain's own RAM before it is read; a
 * stale read can at worst name another of the domain's frames, and the user of
 * the result must check its type under the table's lock.
 */
#include "mm.h"

/* The frame that stands in the place of va's L1 table, or INVALID_MFN. */
static mfn_t find_l1(const struct vcpu *v, uint64_t va)
{
    uint16_t owner = v->domain->id;
    mfn_t mfn = v->arch.guest_root;

    if (!guest_addr_ok(va) || !is_canonical(va))
        return INVALID_MFN;
    for (unsigned int level = 4; level > 1; level--) {
        const pte_t *t;
        pte_t e;

        if (!mfn_valid(mfn) || READ_ONCE(mfn_to_page(mfn)->owner) != owner)
            return INVALID_MFN;
        t = mfn_to_virt(mfn);
        e = READ_ONCE(t[PT_INDEX(va, level)]);
        if (!(e & PTE_PRESENT))
            return INVALID_MFN;
        mfn = pte_mfn(e);
    }
    return mfn;
}

struct page_info *walk_to_l1(struct vcpu *v, uint64_t va)
{
    return get_page_from_mfn(find_l1(v, va), v->domain);
}

pte_t guest_l1e(struct vcpu *v, unsigned long va)
{
    mfn_t mfn = find_l1(v, va);
    const struct page_info *pg;

    if (!mfn_valid(mfn))
        return 0;
    pg = mfn_to_page(mfn);
    if (READ_ONCE(pg->owner) != v->domain->id ||
        (READ_ONCE(pg->type) & (PGT_type_mask | PGT_validated)) !=
            (PGT_l1_table | PGT_validated))
        return 0;
    return READ_ONCE(((const pte_t *)mfn_to_virt(mfn))[PT_INDEX(va, 1)]);
}
