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
    is(set_pte(pte, l4 | PTE_P | PTE_U), 0,
       "a page table can be mapped read-only");
    is(set_pte(pte, good), 0, "a page can be mapped writable again");
    ok(set_pte(pte, 1UL << 50 | RW) < 0,
       "an entry with a frame beyond the machine is refused");
    ok(set_pte(pte, good | 1UL << 51) < 0,
       "an entry with address bit 51 is refused");
    is(set_pte(l4 + 256 * 8, l4 | PTE_P | PTE_U), -EINVAL,
       "slot 256 of an L4 cannot be written");
    is(set_pte(l4 + 271 * 8, 0), -EINVAL,
       "slot 271 of an L4 cannot be written, even with 0");
    /* Genuine Xen allows this one (linear page tables). Here it would let the
     * pointers of hypercalls reach the hypervisor's own tables. */
    is(set_pte(l4 + 300 * 8, l4 | PTE_P | PTE_U), -EINVAL,
       "an L4 entry that points to its own table is refused");

    is(make_readonly(table), 0, "a page becomes read-only before it is pinned");
    is(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(table), 0), 0,
       "a page is pinned as L1");
    is(make_writable(table), -EBUSY,
       "a pinned table cannot be mapped writable");
    is(mmuext(MMUEXT_PIN_L2_TABLE, virt_to_mfn(table), 0), -EINVAL,
       "a pinned L1 cannot become an L2");
    is(set_pte(virt_to_mfn(table) * PAGE_SIZE,
               virt_to_mfn(table) * PAGE_SIZE | RW),
       -EBUSY, "an L1 cannot map itself writable");
    is(make_readonly(l2), 0,
       "another page becomes read-only before it is pinned");
    is(mmuext(MMUEXT_PIN_L2_TABLE, virt_to_mfn(l2), 0), 0,
       "a page is pinned as L2");
    is(set_pte(virt_to_mfn(l2) * PAGE_SIZE,
               virt_to_mfn(table) * PAGE_SIZE | RW),
       0, "an L2 entry can point to an L1");
    rc = set_pte(virt_to_mfn(l2) * PAGE_SIZE, RW | PTE_PSE);
    is(rc, -EINVAL, "an L2 entry with a large page is refused");
    is(set_pte(virt_to_mfn(l2) * PAGE_SIZE,
               virt_to_mfn(table) * PAGE_SIZE | RW | PTE_PSE),
       -EINVAL, "the large-page bit is refused with the frame unchanged");
    is(set_pte(virt_to_mfn(l2) * PAGE_SIZE + 8,
               virt_to_mfn(l2) * PAGE_SIZE | RW),
       -EINVAL, "an L2 entry cannot point to an L2");
    is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(table), 0), 0,
       "an L1 can be unpinned while an L2 refers to it");
    is(make_writable(table), -EBUSY,
       "an L1 that an L2 refers to cannot be mapped writable");
    is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(l2), 0), 0,
       "an L2 can be unpinned");
    is(make_writable(table), 0,
       "an L1 that nothing refers to can be mapped writable");
    is(mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(table), 0), -EINVAL,
       "unpin of a table that is not pinned is refused");
    is(make_writable(l2), 0, "the former L2 can be mapped writable");

    u = (struct mmu_update){pte | 4, good};
    done = -1;
    ok(HC4(mmu_update, &u, 1, &done, DOMID_SELF) < 0,
       "an unknown kind of update is refused");
    u = (struct mmu_update){1UL << 50, good};
    ok(HC4(mmu_update, &u, 1, &done, DOMID_SELF) < 0,
       "an update of a table out of range is refused");
    u = (struct mmu_update){pte, good};
    is(HC4(mmu_update, &u, 1, &done, 12345), -ESRCH,
       "mmu_update for an unknown domain is -ESRCH");
    e = 0xffff830000000000UL;
    is(HC4(mmu_update, e, 1, &done, DOMID_SELF), -EFAULT,
       "mmu_update at a bad address is -EFAULT");
    return 0;
}
