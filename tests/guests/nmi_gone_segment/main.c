/* SPDX-License-Identifier: MIT */
/*
 * An NMI of the machine comes while the code segment that runs is gone from its
 * GDT: the way back is the guest's fault, not the hypervisor's. Other
 * interrupts may come before; then the guest goes there again.
 *
 * run: smp=2 watchdog=1 timeout=60
 */
#include <pv/pv.h>
#include <pv/io_port.h>
#include <xen/callback.h>
#include <xen/nmi.h>
#include <xen/physdev.h>

#define SECOND_NS 1000000000UL
#define WATCHDOG  0x443
#define IN_2S     14
#define ENTRIES   512
#define ENTRY     8 /* of the code segment */
#define SELECTOR  (ENTRY * 8 | 3)
#define FLAT_CODE 0x00affb000000ffffUL

static uint64_t *gdt;
static volatile unsigned int nmis, left;
static volatile bool is_there, over;
extern char gone_failsafe[], out_of_there[];

/* The frame of a failed return: rcx, r11, four segments, and where to. */
asm(".globl gone_failsafe\n"
    "gone_failsafe:\n\t"
    "movq (%rsp), %rcx\n\t"
    "movq 8(%rsp), %r11\n\t"
    "addq $0x30, %rsp\n\t"
    "movq $out_of_there, (%rsp)\n\t"
    "movw $0xe030, 8(%rsp)\n\t"
    "pushq $0\n\t"
    "pushq %rcx\n\t"
    "pushq %r11\n\t"
    "pushq %rax\n\t"
    "movl $23, %eax\n\t" /* iret */
    "syscall");

static void on_nmi(struct trap_frame *f)
{
    nmis++;
    f->rip = (uint64_t)out_of_there;
    f->cs = (f->cs & ~0xffffUL) | (FLAT_KERNEL_CS & ~3UL);
}

static void set_segment(uint64_t descriptor)
{
    HC2(update_descriptor, virt_to_mfn(gdt) * PAGE_SIZE + ENTRY * 8,
        descriptor);
}

static void take_it_away(void)
{
    while (!over)
        if (is_there) {
            is_there = false;
            set_segment(0);
        }
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

/* Until something comes. */
static void be_there(void)
{
    asm volatile("pushq %[there]\n\t"
                 "leaq 1f(%%rip), %%rax\n\t"
                 "pushq %%rax\n\t"
                 "lretq\n"
                 "1:\tmovb $1, %[is_there]\n"
                 "2:\tpause\n\t"
                 "jmp 2b\n\t"
                 ".globl out_of_there\n"
                 "out_of_there:"
                 : [is_there] "=m"(is_there)
                 : [there] "i"(SELECTOR)
                 : "rax", "rcx", "r11", "memory");
}

static void prepare(void)
{
    struct xennmi_callback cb = {.handler_address = trap_stubs[2]};
    struct callback_register failsafe = {
        .type = CALLBACKTYPE_failsafe,
        .flags = CALLBACKF_mask_events,
        .address = (unsigned long)gone_failsafe,
    };
    struct physdev_set_iopl iopl = {.iopl = 1};
    unsigned long frame;

    HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl);
    set_trap_handler(2, on_nmi);
    is(HC2(nmi_op, XENNMI_register_callback, &cb), 0,
       "a handler for NMIs is registered");
    is(HC2(callback_op, CALLBACKOP_register, &failsafe), 0,
       "and one for returns that fail");
    gdt = alloc_page();
    frame = virt_to_mfn(gdt);
    is(make_readonly(gdt), 0, "a page becomes read-only");
    is(HC2(set_gdt, &frame, ENTRIES), 0, "it becomes the GDT");
    HC3(vcpu_op, VCPUOP_stop_periodic_timer, 0, 0);
    events_disable();
    is(start_vcpu(1, take_it_away), 0, "a second vcpu starts");
}

int main(void)
{
    uint64_t begun;

    prepare();
    out8(WATCHDOG, IN_2S);
    for (begun = system_time(); !nmis && system_time() < begun + 20 * SECOND_NS;
         left++) {
        is_there = false;
        set_segment(FLAT_CODE);
        be_there();
    }
    over = true;
    is(nmis, 1, "an NMI comes while the code segment is gone");
    diag("it was there %u times", left);
    return 0;
}
