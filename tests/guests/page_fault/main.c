/* SPDX-License-Identifier: MIT */
/* Page faults in guest kernel mode: error code and cr2. */
#include <pv/pv.h>

static void read_it(void *p)
{
    (void)*(volatile uint8_t *)p;
}
static void write_it(void *p)
{
    *(volatile uint8_t *)p = 1;
}
static void jump_to(void *p)
{
    ((void (*)(void))p)();
}

int main(void)
{
    void *hole = (void *)0x123450000000UL, *page = alloc_page();

    is(try_call(read_it, hole), 14, "read of an unmapped page faults");
    is(caught.error & 0x1f, 0,
       "a read of an unmapped page has the error code not present, read, "
       "kernel");
    is(shared_info->vcpu_info[0].arch.cr2, (long)hole,
       "a read of an unmapped page sets cr2");
    is(try_call(write_it, hole + 5), 14, "write of an unmapped page faults");
    is(caught.error & 0x1f, 2,
       "a write of an unmapped page has the error code not present, write, "
       "kernel");
    is(shared_info->vcpu_info[0].arch.cr2, (long)hole + 5,
       "a write of an unmapped page sets cr2");
    is(make_readonly(page), 0, "a page can be made read-only");
    is(try_call(write_it, page), 14, "a write to a read-only page faults");
    is(caught.error & 0x1f, 3,
       "a write to a read-only page has the error code present, write, kernel");
    is(map_va(page, virt_to_mfn(page) * PAGE_SIZE | PTE_P | PTE_U | PTE_NX, 2),
       0, "a page can be made non-executable");
    is(try_call(jump_to, page), 14, "a jump into a non-executable page faults");
    is(caught.error & 0x1f, 0x11,
       "a jump into a non-executable page has the error code present, fetch, "
       "kernel");
    is(caught.rip, (long)page, "rip of the fault is where the guest jumped to");
    is(try_call(write_it, (void *)0xffff830000001000UL), 14,
       "a write to the hypervisor's range faults");
    is(shared_info->vcpu_info[0].arch.cr2, (long)0xffff830000001000UL,
       "a write to the hypervisor's range sets cr2");
    return 0;
}
