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
    is(caught.error & 0x1f, 0, "error: not present, read, kernel");
    is(shared_info->vcpu_info[0].arch.cr2, (long)hole, "cr2");
    is(try_call(write_it, hole + 5), 14, "write of an unmapped page faults");
    is(caught.error & 0x1f, 2, "error: not present, write, kernel");
    is(shared_info->vcpu_info[0].arch.cr2, (long)hole + 5, "cr2");
    is(make_readonly(page), 0, "page made read-only");
    is(try_call(write_it, page), 14, "write to it faults");
    is(caught.error & 0x1f, 3, "error: present, write, kernel");
    is(map_va(page, virt_to_mfn(page) * PAGE_SIZE | PTE_P | PTE_U | PTE_NX, 2),
       0, "page made non-executable");
    is(try_call(jump_to, page), 14, "jump into it faults");
    is(caught.error & 0x1f, 0x11, "error: present, fetch, kernel");
    is(caught.rip, (long)page, "rip is where it jumped");
    is(try_call(write_it, (void *)0xffff830000001000UL), 14,
       "write to the hypervisor faults");
    is(shared_info->vcpu_info[0].arch.cr2, (long)0xffff830000001000UL, "cr2");
    return 0;
}
