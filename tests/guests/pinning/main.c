/* SPDX-License-Identifier: MIT */
/* A second tree of page tables: pinned, loaded, left, unpinned. */
#include <pv/pv.h>

#define T (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

int main(void)
{
    uint64_t *l4 = alloc_page(), *mine = (uint64_t *)start_info->pt_base;
    uint64_t *user = alloc_page(), mfn = virt_to_mfn(l4), old;
    struct mmuext_op op[2] = {{0}};
    unsigned int done = 0;

    old = virt_to_mfn(mine);
    memcpy(l4, mine, PAGE_SIZE);
    for (int i = 256; i < 272; i++)
        l4[i] = 0;
    ok(mmuext(MMUEXT_PIN_L4_TABLE, mfn, 0) < 0, "writable page is not pinned");
    is(make_readonly(l4), 0, "read-only");
    is(mmuext(MMUEXT_PIN_L4_TABLE, mfn, 0), 0, "pinned");
    is(mmuext(MMUEXT_PIN_L4_TABLE, mfn, 0), -EINVAL, "not twice");
    is(mmuext(MMUEXT_NEW_BASEPTR, mfn, 0), 0, "loaded");
    is(*(volatile int *)&done, 0, "and we still run");
    ok(make_writable(l4) < 0, "in use");
    is(mmuext(MMUEXT_UNPIN_TABLE, mfn, 0), 0, "unpinned while loaded");
    ok(make_writable(l4) < 0, "still in use");
    is(mmuext(MMUEXT_NEW_BASEPTR, old, 0), 0, "back to the first");
    is(make_writable(l4), 0, "free");
    is(mmuext(MMUEXT_NEW_BASEPTR, mfn, 0), -EINVAL,
       "a writable page is no root");
    is(mmuext(MMUEXT_NEW_BASEPTR, 1UL << 40, 0), -EINVAL, "nor no page");

    memset(user, 0, PAGE_SIZE);
    is(make_readonly(user), 0, "user root read-only");
    op[0].cmd = MMUEXT_NEW_BASEPTR;
    op[0].arg1.mfn = old;
    op[1].cmd = MMUEXT_NEW_USER_BASEPTR;
    op[1].arg1.mfn = virt_to_mfn(user);
    is(HC4(mmuext_op, op, 2, &done, DOMID_SELF), 0, "base pair");
    is(done, 2, "both done");
    ok(make_writable(user) < 0, "user root in use");
    is(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0, "no user root");
    is(make_writable(user), 0, "free");

    is(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0, "flush");
    is(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0, "flush all");
    is(mmuext(MMUEXT_INVLPG_LOCAL, (uint64_t)user, 0), 0, "invlpg");
    is(mmuext(MMUEXT_INVLPG_ALL, (uint64_t)user, 0), 0, "invlpg all");
    ok(mmuext(MMUEXT_INVLPG_LOCAL, 1UL << 63, 0) <= 0, "invlpg of nonsense");
    is(mmuext(MMUEXT_SET_LDT, 0, 0), 0, "no LDT");
    ok(mmuext(MMUEXT_SET_LDT, (uint64_t)user, 9000) < 0, "LDT of 9000 entries");
    ok(mmuext(MMUEXT_SET_LDT, (uint64_t)user + 8, 8) < 0, "unaligned LDT");
    ok(mmuext(1000, 0, 0) < 0, "unknown operation");
    return 0;
}
