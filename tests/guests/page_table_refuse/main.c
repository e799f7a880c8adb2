/* SPDX-License-Identifier: MIT */
/* What page-table updates must refuse: writable tables, foreign frames, our
 * slots, large pages, reserved bits, same-level entries. */
#include <pv/pv.h>

#define RW (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

int main(void)
{
    void *va = alloc_page(), *table = alloc_page(), *l2 = alloc_page();
    uint64_t pte = pte_maddr(va), good = read_pte(va, 1), l4, e;
    struct mmu_update u;
    int done;
    long rc;

    l4 = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    is(set_pte(pte, l4 | RW), -EBUSY, "a page table cannot be mapped writable");
    is(set_pte(pte, l4 | PTE_P | PTE_U), 0, "but read-only");
    is(set_pte(pte, good), 0, "and back");
    ok(set_pte(pte, 1UL << 50 | RW) < 0, "frame beyond the machine");
    ok(set_pte(pte, good | 1UL << 51) < 0, "address bit 51");
    is(set_pte(l4 + 256 * 8, l4 | PTE_P | PTE_U), -EINVAL,
       "slot 256 of the L4");
    is(set_pte(l4 + 271 * 8, 0), -EINVAL, "slot 271, even with 0");
    /* Genuine Xen allows this one (linear page tables); we do not. */
    is(set_pte(l4 + 300 * 8, l4 | PTE_P | PTE_U), -EINVAL,
       "L4 entry that points to its own table");

    is(make_readonly(table), 0, "page becomes read-only");
    is(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(table), 0), 0, "pinned as L1");
    is(make_writable(table), -EBUSY, "pinned table cannot be writable");
    is(mmuext(MMUEXT_PIN_L2_TABLE, virt_to_mfn(table), 0), -EINVAL,
       "nor become an L2");
    is(set_pte(virt_to_mfn(table) * PAGE_SIZE,
               virt_to_mfn(table) * PAGE_SIZE | RW),
       -EBUSY, "L1 cannot map itself writable");
    is(make_readonly(l2), 0, "another page");
    is(mmuext(MMUEXT_PIN_L2_TABLE, virt_to_mfn(l2), 0), 0, "pinned as L2");
    is(set_pte(virt_to_mfn(l2) * PAGE_SIZE,
               virt_to_mfn(table) * PAGE_SIZE | RW),
       0, "L2 entry to the L1");
    rc = set_pte(virt_to_mfn(l2) * PAGE_SIZE, RW | PTE_PSE);
    is(rc, -EINVAL, "L2 entry with a large page");
    is(set_pte(virt_to_mfn(l2) * PAGE_SIZE,
               virt_to_mfn(table) * PAGE_SIZE | RW | PTE_PSE),
       -EINVAL, "large-page bit with the frame unchanged");
    is(set_pte(virt_to_mfn(l2) * PAGE_SIZE + 8,
               virt_to_mfn(l2) * PAGE_SIZE | RW),
       -EINVAL, "L2 entry to an L2");
    is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(table), 0), 0, "L1 unpinned");
    is(make_writable(table), -EBUSY, "still in use by the L2");
    is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(l2), 0), 0, "L2 unpinned");
    is(make_writable(table), 0, "free now");
    is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(table), 0), -EINVAL,
       "unpin of what is not pinned");
    is(make_writable(l2), 0, "the other one too");

    u = (struct mmu_update){pte | 4, good};
    done = -1;
    ok(HC4(mmu_update, &u, 1, &done, DOMID_SELF) < 0, "unknown update type");
    u = (struct mmu_update){1UL << 50, good};
    ok(HC4(mmu_update, &u, 1, &done, DOMID_SELF) < 0, "table out of range");
    u = (struct mmu_update){pte, good};
    is(HC4(mmu_update, &u, 1, &done, 12345), -ESRCH, "unknown domain");
    e = 0xffff830000000000UL;
    is(HC4(mmu_update, e, 1, &done, DOMID_SELF), -EFAULT, "bad pointer");
    return 0;
}
