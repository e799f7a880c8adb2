/* SPDX-License-Identifier: MIT */
/*
 * What sits at the top of each physical CPU's stack. The stack is STACK_SIZE
 * aligned, so the block is found by masking rsp. Its first member is the frame
 * that entry.S pushes when a guest enters; offsets are generated into
 * asm-offsets.h, never counted by hand.
 */
#ifndef ASM_CURRENT_H
#define ASM_CURRENT_H

#include <hv/types.h>
#include <asm/config.h>

/* Register frame; same order as the public struct cpu_user_regs up to ss.
 * What that has behind it, data selectors and bases, stays in the CPU until a
 * context switch. */
struct cpu_regs {
    uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
    uint64_t rax, rcx, rdx, rsi, rdi;
    uint32_t error_code; /* as hardware pushed it, else 0 */
    uint32_t entry_vector;
    uint64_t rip;
    uint16_t cs, pad0;
    uint8_t saved_upcall_mask, pad1[3];
    uint64_t rflags, rsp;
    uint16_t ss, pad2[3];
};
/* entry_vector: a hardware vector, or one of these: how the guest came in
 * decides how it may go back. */
#define TRAP_syscall 0x100u
#define TRAP_iret    0x101u /* a call of a batch replaced the frame */

struct vcpu;
/*
 * Written by this CPU alone, except softirq_pending. Between entry and exit of
 * a guest its registers are in guest_regs, and a change there is what the guest
 * continues with.
 */
struct cpu_info {
    struct cpu_regs guest_regs; /* frame of the last guest entry */
    struct vcpu *current_vcpu;
    unsigned long per_cpu_offset;
    uint32_t cpu;
    uint32_t softirq_pending; /* bits of enum softirq, atomic */
    /* Of debug builds: see hv/stretch.h. 0: none is under way. */
    uint64_t stretch_start;
    const void *stretch_what;
    uint32_t softirq_later; /* bits of those whose turn is next */
    uint32_t pad[1];        /* the end of guest_regs is 16-byte aligned */
};

/*
 * The block of the CPU that runs this. The caller must not keep it over a
 * context switch, after which a vcpu may be on another CPU.
 */
static inline struct cpu_info *get_cpu_info(void)
{
    unsigned long sp;
    asm("mov %%rsp, %0" : "=r"(sp));
    return (struct cpu_info *)((sp | (STACK_SIZE - 1)) + 1 -
                               sizeof(struct cpu_info));
}
/* The registers of current, which is in the hypervisor; idle vcpus have none.
 * Not to be kept over a context switch: the next vcpu has the same place. */
#define guest_cpu_regs() (&get_cpu_info()->guest_regs)

#endif
