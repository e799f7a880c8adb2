/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_iret: what it restores, and the event mask it takes from rflags.
 */
#include <pv/pv.h>

static void on_int3(struct trap_frame *f)
{
    caught = *f;
    f->rax = 42;
    f->rflags |= 1; /* carry */
}

static void bad_rip(struct trap_frame *f)
{
    f->rip = (uint64_t)0x8000000000000000UL;
}
static void do_ud2(void *arg)
{
    asm volatile("ud2");
}

int main(void)
{
    struct vcpu_info *vi = &shared_info->vcpu_info[0];
    uint64_t rax, flags;

    set_trap_handler(3, on_int3);
    asm volatile("xor %%eax, %%eax\n\tint3\n\tpushfq\n\tpop %1"
                 : "=&a"(rax), "=r"(flags)::"memory");
    is(rax, 42, "rax from the frame");
    is(flags & 1, 1, "carry flag from the frame");
    is(flags & 0x200, 0x200, "IF is on in guest context");
    is(vi->evtchn_upcall_mask, 1, "events stay masked (IF was clear)");
    is(caught.rflags & 0x200, 0, "frame's IF mirrors the mask");
    vi->evtchn_upcall_mask = 0;
    asm volatile("int3" ::: "rax", "memory");
    is(caught.rflags & 0x200, 0x200, "and is set when events are on");
    is(caught.cs >> 32 & 0xff, 0, "saved mask in the frame");
    is(vi->evtchn_upcall_mask, 0, "iret unmasks again");
    vi->evtchn_upcall_mask = 1;
    (void)bad_rip;
    (void)do_ud2;
    return 0;
}
