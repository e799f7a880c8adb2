/* SPDX-License-Identifier: MIT */
/*
 * The window through which the CPU reads a guest's LDT. A page of it is mapped
 * when the CPU first faults on it: the guest's page takes the descriptor type,
 * so every descriptor in it is safe and stays so.
 */
#include "mm/mm.h"
#include <asm/paging.h>
#include <asm/pv.h>
#include <asm/tlb.h>

#define LDT_WINDOW_PAGE 16 /* first LDT page in the vcpu's 32 */

bool map_ldt_shadow_page(unsigned int index)
{
    struct vcpu *v = current;
    struct domain *d = v->domain;
    uint64_t va = v->arch.ldt_base + index * PAGE_SIZE;
    struct page_info *pg;
    pte_t e, *slot;

    if (is_idle_vcpu(v) || index >= DIV_ROUND_UP(v->arch.ldt_ents, 512))
        return false;
    e = guest_l1e(v, va);
    if (!(e & PTE_PRESENT))
        return false;
    pg = get_page_from_mfn(pte_mfn(e), d);
    if (!pg)
        return false;
    if (get_page_type(pg, PGT_descriptor)) {
        put_page(pg);
        return false;
    }
    spin_lock(&v->arch.ldt_lock);
    slot = perdomain_l1e(v, LDT_WINDOW_PAGE + index);
    if (v->arch.ldt_mapped & (1u << index)) {
        put_page_and_type(pg);
    } else {
        WRITE_ONCE(*slot, pte_make(page_to_mfn(pg), HV_PTE_RW & ~PTE_GLOBAL));
        v->arch.ldt_mapped |= 1u << index;
    }
    spin_unlock(&v->arch.ldt_lock);
    return true;
}

void invalidate_ldt(struct vcpu *v)
{
    struct page_info *gone[16];
    unsigned int n = 0;

    spin_lock(&v->arch.ldt_lock);
    for (unsigned int i = 0; i < 16; i++) {
        pte_t *slot;

        if (!(v->arch.ldt_mapped & (1u << i)))
            continue;
        slot = perdomain_l1e(v, LDT_WINDOW_PAGE + i);
        gone[n++] = mfn_to_page(pte_mfn(*slot));
        WRITE_ONCE(*slot, 0);
    }
    v->arch.ldt_mapped = 0;
    spin_unlock(&v->arch.ldt_lock);
    if (!n)
        return;
    flush_mask(READ_ONCE(v->domain->arch.dirty_cpumask), 0, FLUSH_TLB);
    while (n)
        put_page_and_type(gone[--n]);
}
