/* SPDX-License-Identifier: MIT */
/*
 * An entry of another vcpu's GDT changes while that vcpu runs. The hypervisor
 * remembers of each GDT whether user segments are flat, in flags that the other
 * CPU changes without a lock: debug builds (debug.t) check that it lets them
 * alone. run: smp=2 timeout=60
 */
#include <pv/pv.h>

#define ENTRIES   512
#define FLAT_DATA 0x00cff3000000ffffUL

static uint64_t *gdt;
static volatile bool uses_it, over;

static void other(void)
{
    unsigned long frame = virt_to_mfn(gdt);

    uses_it = HC2(set_gdt, &frame, ENTRIES) == 0;
    while (!over)
        ;
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

int main(void)
{
    unsigned int refused = 0;
    uint64_t entry;

    gdt = alloc_page();
    entry = virt_to_mfn(gdt) * PAGE_SIZE + 5 * 8;
    is(make_readonly(gdt), 0, "a page becomes read-only");
    is(start_vcpu(1, other), 0, "a second vcpu starts");
    for (unsigned long n = 0; !uses_it && n < 2000000000; n++)
        ;
    ok(uses_it, "it uses the page as its GDT");
    for (unsigned int n = 0; n < 1000; n++)
        refused += HC2(update_descriptor, entry, n & 1 ? FLAT_DATA : 0) != 0;
    is(refused, 0, "entries of it are changed while it runs");
    is(gdt[5], FLAT_DATA, "the last one stands there");
    over = true;
    return 0;
}
