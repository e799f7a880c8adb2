/* SPDX-License-Identifier: MIT */
/*
 * A vcpu's first state: what VCPUOP_initialise refuses, that it keeps nothing
 * of what it refused, and that it gives no rights and loads nothing that does
 * not exist. (Genuine Xen keeps the root when the user root is refused, and
 * fails that line; and the last one, since it leaves MXCSR to the CPU, which
 * refuses such bits, and QEMU's does not.) run: smp=2 timeout=60
 */
#include <pv/pv.h>

#define NONCANON 0x8000000000000000UL
#define IOPL     0x3000UL
#define MXCSR    24 /* in an FXSAVE image */

static struct vcpu_guest_context c;
static uint64_t *root;
static volatile uint64_t flags;
static volatile uint32_t mxcsr;
static volatile bool ran;

static void second(void)
{
    uint64_t f;

    asm volatile("pushfq\n\tpop %0\n\tstmxcsr %1" : "=r"(f), "=m"(mxcsr));
    flags = f;
    ran = true;
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

/* A context that would do. */
static void good(void)
{
    static uint8_t stack[4096] __attribute__((aligned(16)));

    memset(&c, 0, sizeof(c));
    c.flags = VGCF_in_kernel;
    c.user_regs.rip = (unsigned long)second;
    c.user_regs.rsp = (unsigned long)stack + sizeof(stack) - 8;
    c.user_regs.cs = FLAT_KERNEL_CS;
    c.user_regs.ss = FLAT_KERNEL_SS;
    c.kernel_ss = FLAT_KERNEL_SS;
    c.kernel_sp = c.user_regs.rsp;
    c.ctrlreg[3] = virt_to_mfn(root) * PAGE_SIZE;
}

static void refused(const char *what)
{
    ok(HC3(vcpu_op, VCPUOP_initialise, 1, &c) < 0, "%s is refused", what);
    is(make_writable(root), 0, "%s: the root has no use left", what);
    root = alloc_page();
    memset(root, 0, PAGE_SIZE);
    make_readonly(root);
    good();
}

int main(void)
{
    uint64_t *plain = alloc_page();

    root = alloc_page();
    memset(root, 0, PAGE_SIZE);
    is(make_readonly(root), 0, "a page can become a root");
    good();
    c.user_regs.rip = NONCANON;
    refused("rip that is not canonical");
    c.event_callback_eip = NONCANON;
    refused("a callback for events that is not canonical");
    c.failsafe_callback_eip = NONCANON;
    refused("a failsafe callback that is not canonical");
    c.trap_ctxt[200].address = NONCANON;
    refused("a handler that is not canonical");
    c.fs_base = NONCANON;
    refused("a segment base that is not canonical");
    c.gs_base_user = NONCANON;
    refused("a segment base of user mode that is not canonical");
    c.ctrlreg[1] = virt_to_mfn(plain) * PAGE_SIZE;
    refused("a user root that is writable");
    c.ctrlreg[3] = virt_to_mfn(plain) * PAGE_SIZE;
    refused("a root that is writable");
    c.gdt_ents = 16;
    c.gdt_frames[0] = virt_to_mfn(plain);
    refused("a GDT that is writable");
    c.gdt_ents = 9000;
    refused("a GDT of 9000 entries");
    c.ldt_ents = 9000;
    refused("an LDT of 9000 entries");

    c.ctrlreg[3] = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    c.user_regs.rflags = IOPL | 2;
    c.flags |= VGCF_i387_valid;
    memset((uint8_t *)&c.fpu_ctxt + MXCSR, 0xff, sizeof(mxcsr));
    is(HC3(vcpu_op, VCPUOP_initialise, 1, &c), 0, "a good state is taken");
    is(HC3(vcpu_op, VCPUOP_initialise, 1, &c), -EEXIST,
       "an initialised vcpu is not initialised again");
    is(HC3(vcpu_op, VCPUOP_up, 1, 0), 0, "the vcpu goes up");
    while (!ran)
        ;
    is(flags & IOPL, 0, "it has no I/O privilege level");
    is(flags & 0x200, 0x200, "it runs with interrupts on");
    is(mxcsr & 0xffff0000, 0, "its MXCSR has no bits that do not exist");
    return 0;
}
