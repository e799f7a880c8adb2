/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_multicall: results per entry, order, nesting, bad pointers. */
#include <pv/pv.h>

int main(void)
{
    static struct multicall_entry mc[40];
    void *page = alloc_page();

    mc[0].op = __HYPERVISOR_xen_version;
    mc[0].args[0] = XENVER_version;
    mc[1].op = 63;
    mc[2].op = __HYPERVISOR_update_va_mapping;
    mc[2].args[0] = (unsigned long)page;
    mc[2].args[1] = virt_to_mfn(page) * PAGE_SIZE | PTE_P | PTE_U;
    mc[2].args[2] = UVMF_INVLPG;
    is(HC2(multicall, mc, 3), 0, "a multicall of three entries returns 0");
    is(mc[0].result, 0x00040011,
       "the first entry of a multicall has its result");
    is((long)mc[1].result, -ENOSYS,
       "the second entry of a multicall has its error");
    is(mc[2].result, 0, "the third entry of a multicall has its result");
    ok(write_faults(page, 0), "the third entry of a multicall takes effect "
                              "after an error of the second");
    is(HC2(multicall, mc, 0), 0, "a multicall of no entries returns 0");
    mc[0].op = __HYPERVISOR_multicall;
    mc[0].args[0] = (unsigned long)&mc[1];
    mc[0].args[1] = 1;
    is(HC2(multicall, mc, 1), 0, "a multicall that contains one returns 0");
    is((long)mc[0].result, -EINVAL,
       "a multicall in a multicall is refused in its entry");
    for (int i = 0; i < 4; i++) {
        const unsigned long beyond[] = {64, 64 + __HYPERVISOR_xen_version,
                                        1UL << 32, ~0UL};

        mc[i] = (struct multicall_entry){.op = beyond[i]};
    }
    is(HC2(multicall, mc, 4), 0,
       "a multicall of numbers beyond the table returns 0");
    for (int i = 0; i < 4; i++)
        is((long)mc[i].result, -ENOSYS, "number %lx in a multicall is -ENOSYS",
           (unsigned long)mc[i].op);
    is(HC2(multicall, 0xffff830000000000UL, 1), -EFAULT,
       "a multicall at an address of the hypervisor is -EFAULT");
    is(HC2(multicall, 0x123450000000UL, 1), -EFAULT,
       "a multicall at an address that is not mapped is -EFAULT");
    for (int i = 0; i < 40; i++) {
        mc[i].op = __HYPERVISOR_xen_version;
        mc[i].args[0] = XENVER_pagesize;
        mc[i].result = 0;
    }
    is(HC2(multicall, mc, 40), 0, "a multicall of forty entries returns 0");
    is(mc[39].result, 4096,
       "the last of forty entries of a multicall is carried out");
    return 0;
}
