/* SPDX-License-Identifier: MIT */
/* A second tree of page tables: pinned, loaded, left, unpinned. */
#include <pv/pv.h>

#define T (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static const uint32_t flushes[] = {
    MMUEXT_TLB_FLUSH_LOCAL, MMUEXT_TLB_FLUSH_MULTI, MMUEXT_TLB_FLUSH_ALL,
    MMUEXT_INVLPG_LOCAL,    MMUEXT_INVLPG_MULTI,    MMUEXT_INVLPG_ALL};

static long mmuext_of_devices(uint32_t cmd)
{
    static uint64_t vcpus = 1;
    struct mmuext_op op = {.cmd = cmd, .arg1.linear_addr = (uint64_t)&vcpus};

    op.arg2.vcpumask.p = (void *)&vcpus;
    return HC4(mmuext_op, &op, 1, 0, DOMID_IO);
}

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
    ok(mmuext(MMUEXT_PIN_L4_TABLE, mfn, 0) < 0,
       "a writable page cannot be pinned");
    is(make_readonly(l4), 0, "a page becomes read-only before it is pinned");
    is(mmuext(MMUEXT_PIN_L4_TABLE, mfn, 0), 0,
       "a copy of the L4 can be pinned");
    is(mmuext(MMUEXT_PIN_L4_TABLE, mfn, 0), -EINVAL,
       "a table cannot be pinned twice");
    is(mmuext(MMUEXT_NEW_BASEPTR, mfn, 0), 0,
       "NEW_BASEPTR loads the pinned copy");
    is(*(volatile int *)&done, 0, "the guest runs on with the new root");
    ok(make_writable(l4) < 0, "a root in use cannot be mapped writable");
    is(mmuext(MMUEXT_UNPIN_TABLE, mfn, 0), 0,
       "a root can be unpinned while it is loaded");
    ok(make_writable(l4) < 0,
       "a root that is loaded and not pinned cannot be mapped writable");
    is(mmuext(MMUEXT_NEW_BASEPTR, old, 0), 0,
       "NEW_BASEPTR loads the first root again");
    is(make_writable(l4), 0, "a former root can be mapped writable");
    is(mmuext(MMUEXT_NEW_BASEPTR, mfn, 0), -EINVAL,
       "a writable page cannot be a root");
    is(mmuext(MMUEXT_NEW_BASEPTR, 1UL << 40, 0), -EINVAL,
       "a frame that does not exist cannot be a root");

    memset(user, 0, PAGE_SIZE);
    is(make_readonly(user), 0, "the page of the user root becomes read-only");
    op[0].cmd = MMUEXT_NEW_BASEPTR;
    op[0].arg1.mfn = old;
    op[1].cmd = MMUEXT_NEW_USER_BASEPTR;
    op[1].arg1.mfn = virt_to_mfn(user);
    is(HC4(mmuext_op, op, 2, &done, DOMID_SELF), 0,
       "NEW_BASEPTR and NEW_USER_BASEPTR in one call return 0");
    is(done, 2, "both operations of a pair are counted as done");
    ok(make_writable(user) < 0, "a user root in use cannot be mapped writable");
    is(mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0), 0,
       "NEW_USER_BASEPTR of 0 takes the user root away");
    is(make_writable(user), 0, "a former user root can be mapped writable");

    is(mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0, 0), 0, "TLB_FLUSH_LOCAL returns 0");
    is(mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0), 0, "TLB_FLUSH_ALL returns 0");
    is(mmuext(MMUEXT_INVLPG_LOCAL, (uint64_t)user, 0), 0,
       "INVLPG_LOCAL returns 0");
    is(mmuext(MMUEXT_INVLPG_ALL, (uint64_t)user, 0), 0, "INVLPG_ALL returns 0");
    ok(mmuext(MMUEXT_INVLPG_LOCAL, 1UL << 63, 0) <= 0,
       "INVLPG of a nonsensical address does no harm");
    for (unsigned int i = 0; i < sizeof(flushes) / sizeof(*flushes); i++)
        is(mmuext_of_devices(flushes[i]), -EPERM,
           "flush %u on behalf of another domain is refused", flushes[i]);
    is(mmuext(MMUEXT_SET_LDT, 0, 0), 0, "SET_LDT of no entries returns 0");
    ok(mmuext(MMUEXT_SET_LDT, (uint64_t)user, 9000) < 0,
       "SET_LDT of 9000 entries is refused");
    is(mmuext(MMUEXT_SET_LDT, 0xffff830000000000UL, 8), -EINVAL,
       "SET_LDT in the hypervisor's range is refused");
    ok(mmuext(MMUEXT_SET_LDT, (uint64_t)user + 8, 8) < 0,
       "SET_LDT at an unaligned address is refused");
    ok(mmuext(1000, 0, 0) < 0, "an unknown operation of mmuext_op is refused");
    return 0;
}
