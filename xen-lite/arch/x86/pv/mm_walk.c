/* SPDX-License-Identifier: MIT */
/*
 * From a guest's virtual address to the L1 table that maps it, in software.
 *
 * No lock is held, so a table may be changed or freed by another vcpu under
 * the walk. Each frame is checked to be the domain's own RAM before it is
 * read; a stale read can at worst name another of the domain's frames, and
 * whoever uses the result checks its type under the table's lock.
 */
#include <asm/pv_mm.h>

struct page_info *walk_to_l1(struct vcpu *v, uint64_t va)
{
    const struct domain *d = v->domain;
    mfn_t mfn = v->arch.guest_root;

    if (!guest_addr_ok(va) || !is_canonical(va))
        return NULL;
    for (unsigned int level = 4; level > 1; level--) {
        const pte_t *t;
        pte_t e;

        if (!mfn_valid(mfn) || READ_ONCE(mfn_to_page(mfn)->owner) != d->id)
            return NULL;
        t = mfn_to_virt(mfn);
        e = READ_ONCE(t[PT_INDEX(va, level)]);
        if (!(e & PTE_PRESENT) || (e & PTE_PSE))
            return NULL;
        mfn = pte_mfn(e);
    }
    return get_page_from_mfn(mfn, d);
}

pte_t guest_l1e(struct vcpu *v, unsigned long va)
{
    struct page_info *pg = walk_to_l1(v, va);
    pte_t e = 0;

    if (!pg)
        return 0;
    if ((READ_ONCE(pg->type) & (PGT_type_mask | PGT_validated)) ==
        (PGT_l1_table | PGT_validated))
        e = READ_ONCE(((pte_t *)page_to_virt(pg))[PT_INDEX(va, 1)]);
    put_page(pg);
    return e;
}
