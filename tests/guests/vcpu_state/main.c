/* SPDX-License-Identifier: MIT */
/* Register calls: stack_switch, segment bases, callbacks, trap table, debug
 * registers, GDT and descriptors, with good and bad arguments. */
#include <pv/pv.h>

#define NONCANON 0x8000000000000000UL

static void load_fs(void *unused)
{
    asm volatile("mov %w0, %%fs" ::"r"(1 << 3 | 3));
}

static void segment_bases(void)
{
    uint64_t *page = alloc_page(), v;

    is(HC2(set_segment_base, SEGBASE_FS, (uint64_t)page), 0,
       "set_segment_base of FS returns 0");
    page[0] = 0x1234;
    asm volatile("mov %%fs:0, %0" : "=r"(v));
    is(v, 0x1234, "the FS base is loaded");
    page[0] = 0;
    is(HC2(set_segment_base, SEGBASE_GS_KERNEL, (uint64_t)page), 0,
       "set_segment_base of GS for the kernel returns 0");
    asm volatile("mov %%gs:0, %0" : "=r"(v));
    is(v, 0, "the GS base of the kernel is loaded");
    is(HC2(set_segment_base, SEGBASE_GS_USER, 0), 0,
       "set_segment_base of GS for user mode returns 0");
    ok(HC2(set_segment_base, SEGBASE_FS, NONCANON) < 0,
       "a non-canonical segment base is refused");
    ok(HC2(set_segment_base, 77, 0) < 0,
       "set_segment_base of an unknown base is refused");
    is(HC2(set_segment_base, SEGBASE_GS_USER_SEL, 0), 0,
       "set_segment_base of a GS selector returns 0");
}

static void entry_points(void)
{
    struct trap_info t[2] = {{0}};
    struct callback_register cb = {.type = CALLBACKTYPE_event,
                                   .address = NONCANON};

    is(HC2(callback_op, CALLBACKOP_register, &cb), -EINVAL,
       "a non-canonical callback is refused");
    cb.type = 99;
    cb.address = (unsigned long)entry_points;
    is(HC2(callback_op, CALLBACKOP_register, &cb), -ENOSYS,
       "an unknown callback is refused");
    is(HC2(callback_op, 99, &cb), -ENOSYS,
       "an unknown sub-operation of callback_op is -ENOSYS");
    t[0].vector = 6;
    t[0].cs = FLAT_KERNEL_CS;
    t[0].address = NONCANON;
    ok(HC1(set_trap_table, t) < 0, "a non-canonical trap handler is refused");
    is(HC1(set_trap_table, 0xffff830000000000UL), -EFAULT,
       "set_trap_table at a bad address is -EFAULT");
}

static void debug_registers(void)
{
    is(HC2(set_debugreg, 0, 0), 0, "DR0 can be cleared");
    is(HC2(set_debugreg, 0, (uint64_t)entry_points), 0, "DR0 can be set");
    is(HC1(get_debugreg, 0), (long)entry_points, "DR0 can be read");
    is(HC2(set_debugreg, 0, 0xffff830000000000UL), -EPERM,
       "a breakpoint in the hypervisor's range is refused");
    is(HC2(set_debugreg, 9, 0), -19, "set_debugreg of DR9 is -ENODEV");
    HC2(set_debugreg, 0, 0);
    ok((long)HC2(set_debugreg, 7, 0x20001) < 0,
       "a breakpoint for ports is refused");
    is(HC2(set_debugreg, 7, 0x20000), 0,
       "a breakpoint for ports can be set if it is not switched on");
    is(HC2(set_debugreg, 7, 1 << 13), -EPERM,
       "general detection by DR7 is -EPERM");
    is(HC1(get_debugreg, 7) & 1 << 13, 0, "DR7 has no general detection");
    for (int i = 4; i < 8; i++)
        is(HC2(set_debugreg, i, 1UL << 32), -EINVAL,
           "DR%d with a bit above 31 is -EINVAL", i);
    is(HC2(set_debugreg, 5, 0), 0, "DR5 is DR7 for a kernel without CR4.DE");
}

/* A page with one descriptor in it: data of ring 3. */
static uint64_t *gdt, frame;

static void a_page_becomes_the_gdt(void)
{
    gdt = alloc_page();
    frame = virt_to_mfn(gdt);
    is(HC2(set_gdt, &frame, 16), -EINVAL, "a writable page cannot be a GDT");
    is(make_readonly(gdt), 0, "a page becomes read-only before it is a GDT");
    is(HC2(set_gdt, &frame, 16), 0, "an empty GDT page is accepted");
    ok(make_writable(gdt) < 0,
       "a page that is a GDT cannot be mapped writable");
    is(HC2(update_descriptor, frame * PAGE_SIZE + 8, 0x00cff3000000ffffUL), 0,
       "a data descriptor of ring 3 is accepted");
    is(gdt[1], 0x00cff3000000ffffUL, "update_descriptor writes the descriptor");
}

static void two_pages(void)
{
    uint64_t *empty = alloc_page(), two[3];

    is(make_readonly(empty), 0, "another page becomes read-only");
    two[0] = two[2] = frame;
    two[1] = virt_to_mfn(empty);
    is(HC2(set_gdt, two, 1024), 0, "both are the GDT");
    is(try_call(load_fs, NULL), -1, "a selector of the first page is loaded");
    is(HC2(set_gdt, two + 1, 1024), 0, "the pages are exchanged in the GDT");
    is(try_call(load_fs, NULL), 13, "nothing of the former GDT is loaded");
    is(HC2(set_gdt, &frame, 16), 0, "the first page is the GDT again");
}

static void descriptors(void)
{
    ok(HC2(update_descriptor, frame * PAGE_SIZE + 16,
           0x00009a000000ffffUL | 0x0000100000000000UL) <= 0,
       "a code descriptor of ring 0 is refused or raised");
    ok((gdt[2] >> 45 & 3) != 0 || !(gdt[2] >> 47 & 1),
       "a code descriptor is never of ring 0 (now %lx)", gdt[2]);
    ok(HC2(update_descriptor, frame * PAGE_SIZE + 24, 0x0000e90000000000UL) < 0,
       "a TSS is refused");
    is(HC2(update_descriptor,
           virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE + 300 * 8, 0),
       -EINVAL, "a descriptor in a page table is refused");
    is(HC2(update_descriptor, frame * PAGE_SIZE + 3, 0), -EINVAL,
       "update_descriptor at an unaligned address is -EINVAL");
}

static void refused_gdts(void)
{
    uint64_t all[16];
    uint64_t nowhere = ~0UL, frames[2] = {frame, ~0UL};

    for (unsigned int i = 0; i < 16; i++)
        all[i] = frame;
    is(HC2(set_gdt, all, 14 * 512 + 1), -EINVAL,
       "set_gdt of an entry that is the hypervisor's is -EINVAL");
    is(HC2(set_gdt, all, 16 * 512), -EINVAL,
       "set_gdt of 16 pages of entries is -EINVAL");
    is(HC2(set_gdt, 0xffff830000000000UL, 16), -EFAULT,
       "set_gdt at a bad address is -EFAULT");
    is(HC2(set_gdt, &nowhere, 16), -EINVAL,
       "set_gdt with a frame that does not exist is -EINVAL");
    is(HC2(set_gdt, frames, 600), -EINVAL,
       "set_gdt with a good frame and one that does not exist is -EINVAL");
}

int main(void)
{
    is(HC2(stack_switch, FLAT_KERNEL_SS, (uint64_t)alloc_page() + PAGE_SIZE), 0,
       "stack_switch returns 0");
    segment_bases();
    entry_points();
    debug_registers();
    a_page_becomes_the_gdt();
    two_pages();
    descriptors();
    refused_gdts();
    is(HC2(set_gdt, 0, 0), 0, "set_gdt of no entries returns 0");
    is(make_writable(gdt), 0,
       "a page that was a GDT can be mapped writable again");
    return 0;
}
