/* SPDX-License-Identifier: MIT */
/* mmu_update that keeps Accessed and Dirty, and the M2P update. */
#include <pv/pv.h>

static long update(uint64_t ptr, uint64_t val)
{
    struct mmu_update u = {ptr, val};
    int done = 0;

    return HC4(mmu_update, &u, 1, &done, DOMID_SELF);
}

int main(void)
{
    uint8_t *page = alloc_page();
    uint64_t at = pte_maddr(page), mfn = virt_to_mfn(page), base, e;
    const uint64_t *m2p = (uint64_t *)0xffff800000000000UL;

    base = mfn * PAGE_SIZE | PTE_P | PTE_W | PTE_U;
    is(set_pte(at, base), 0,
       "an entry without Accessed and Dirty can be written");
    mmuext(MMUEXT_INVLPG_LOCAL, (uint64_t)page, 0);
    *page = 1;
    e = read_pte(page, 1);
    is(e & (PTE_A | PTE_D), PTE_A | PTE_D, "the CPU sets Accessed and Dirty");
    is(update(at | MMU_PT_UPDATE_PRESERVE_AD, base & ~PTE_W), 0,
       "the write bit is cleared with A and D preserved");
    e = read_pte(page, 1);
    is(e & (PTE_A | PTE_D | PTE_W), PTE_A | PTE_D,
       "A and D are still set and the write bit is clear");
    is(set_pte(at, base), 0, "a normal update returns 0");
    is(read_pte(page, 1) & (PTE_A | PTE_D), 0,
       "a normal update takes A and D as given");

    is(update(mfn * PAGE_SIZE | MMU_MACHPHYS_UPDATE, 0x12345), 0,
       "an update of the machine-to-phys table returns 0");
    is(m2p[mfn], 0x12345, "an update of the machine-to-phys table can be read");
    is(update(mfn * PAGE_SIZE | MMU_MACHPHYS_UPDATE, virt_to_pfn(page)), 0,
       "the machine-to-phys table can be restored");
    ok(update(1UL << 45 | MMU_MACHPHYS_UPDATE, 1) < 0,
       "an update of the machine-to-phys table for no frame is refused");
    return 0;
}
