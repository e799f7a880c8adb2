/* SPDX-License-Identifier: MIT */
/* Register calls: stack_switch, segment bases, callbacks, trap table, debug
 * registers, GDT and descriptors, with good and bad arguments. */
#include <pv/pv.h>

#define NONCANON 0x8000000000000000UL

int main(void)
{
    struct trap_info t[2] = {{0}};
    struct callback_register cb = {.type = CALLBACKTYPE_event,
                                   .address = NONCANON};
    uint64_t *gdt = alloc_page(), frame, v;
    unsigned long old;

    is(HC2(stack_switch, FLAT_KERNEL_SS, (uint64_t)gdt + 4096), 0,
       "stack_switch");
    is(HC2(set_segment_base, SEGBASE_FS, (uint64_t)gdt), 0, "FS base");
    gdt[0] = 0x1234;
    asm volatile("mov %%fs:0, %0" : "=r"(v));
    is(v, 0x1234, "is loaded");
    gdt[0] = 0;
    is(HC2(set_segment_base, SEGBASE_GS_KERNEL, (uint64_t)gdt), 0,
       "GS kernel base");
    asm volatile("mov %%gs:0, %0" : "=r"(v));
    is(v, 0, "is loaded");
    is(HC2(set_segment_base, SEGBASE_GS_USER, 0), 0, "GS user base");
    ok(HC2(set_segment_base, SEGBASE_FS, NONCANON) < 0, "non-canonical base");
    ok(HC2(set_segment_base, 77, 0) < 0, "unknown base");
    is(HC2(set_segment_base, SEGBASE_GS_USER_SEL, 0), 0, "GS selector");

    is(HC2(callback_op, CALLBACKOP_register, &cb), -EINVAL,
       "non-canonical callback");
    cb.type = 99;
    cb.address = (unsigned long)main;
    is(HC2(callback_op, CALLBACKOP_register, &cb), -ENOSYS, "unknown callback");
    is(HC2(callback_op, 99, &cb), -ENOSYS, "unknown sub-operation");
    t[0].vector = 6;
    t[0].cs = FLAT_KERNEL_CS;
    t[0].address = NONCANON;
    ok(HC1(set_trap_table, t) < 0, "non-canonical handler");
    is(HC1(set_trap_table, 0xffff830000000000UL), -EFAULT, "bad pointer");

    is(HC2(set_debugreg, 0, 0), 0, "DR0 cleared");
    is(HC2(set_debugreg, 0, (uint64_t)main), 0, "DR0 set");
    is(HC1(get_debugreg, 0), (long)main, "and read");
    is(HC2(set_debugreg, 0, 0xffff830000000000UL), -EPERM,
       "breakpoint in the hypervisor");
    is(HC2(set_debugreg, 9, 0), -19, "DR9: -ENODEV");
    HC2(set_debugreg, 0, 0);

    frame = virt_to_mfn(gdt);
    old = HC2(set_gdt, &frame, 16);
    is(old, -EINVAL, "writable page as GDT");
    is(make_readonly(gdt), 0, "page made read-only");
    is(HC2(set_gdt, &frame, 16), 0, "empty GDT");
    ok(make_writable(gdt) < 0, "its page cannot be writable");
    is(HC2(update_descriptor, frame * PAGE_SIZE + 8, 0x00cff3000000ffffUL), 0,
       "a data descriptor of ring 3");
    is(gdt[1], 0x00cff3000000ffffUL, "written");
    ok(HC2(update_descriptor, frame * PAGE_SIZE + 16,
           0x00009a000000ffffUL | 0x0000100000000000UL) <= 0,
       "a code descriptor of ring 0 is refused or raised");
    ok((gdt[2] >> 45 & 3) != 0 || !(gdt[2] >> 47 & 1), "never ring 0 (now %lx)",
       gdt[2]);
    ok(HC2(update_descriptor, frame * PAGE_SIZE + 24, 0x0000e90000000000UL) < 0,
       "a TSS is refused");
    is(HC2(update_descriptor, frame * PAGE_SIZE + 3, 0), -EINVAL, "unaligned");
    is(HC2(set_gdt, &frame, 9000), -EINVAL, "9000 entries");
    is(HC2(set_gdt, 0xffff830000000000UL, 16), -EFAULT, "bad pointer");
    frame = ~0UL;
    is(HC2(set_gdt, &frame, 16), -EINVAL, "no such frame");
    is(HC2(set_gdt, 0, 0), 0, "no GDT");
    is(make_writable(gdt), 0, "page is free again");
    return 0;
}
