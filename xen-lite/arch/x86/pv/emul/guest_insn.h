/* SPDX-License-Identifier: MIT */
/* The instruction on which the current vcpu trapped, and its registers. */
#ifndef PV_EMUL_GUEST_INSN_H
#define PV_EMUL_GUEST_INSN_H

#include <hv/guest_access.h>
#include <hv/lib.h>
#include <asm/current.h>
#include <asm/page.h>
#include "decode.h"

/* Reads up to a whole instruction: fewer bytes where the next page is missing,
 * 0 if all are. */
static inline unsigned int fetch_insn(uint64_t rip,
                                      uint8_t code[INSN_MAX_BYTES])
{
    unsigned int to_page_end = PAGE_SIZE - (rip & ~PAGE_MASK);

    if (!copy_from_guest_raw(code, rip, INSN_MAX_BYTES))
        return INSN_MAX_BYTES;
    if (to_page_end < INSN_MAX_BYTES &&
        !copy_from_guest_raw(code, rip, to_page_end))
        return to_page_end;
    return 0;
}

/* The general register n: 0 rax .. 15 r15. */
static inline uint64_t *gpr(struct cpu_regs *r, unsigned int n)
{
    static const uint8_t at[16] = {
        offsetof(struct cpu_regs, rax), offsetof(struct cpu_regs, rcx),
        offsetof(struct cpu_regs, rdx), offsetof(struct cpu_regs, rbx),
        offsetof(struct cpu_regs, rsp), offsetof(struct cpu_regs, rbp),
        offsetof(struct cpu_regs, rsi), offsetof(struct cpu_regs, rdi),
        offsetof(struct cpu_regs, r8),  offsetof(struct cpu_regs, r9),
        offsetof(struct cpu_regs, r10), offsetof(struct cpu_regs, r11),
        offsetof(struct cpu_regs, r12), offsetof(struct cpu_regs, r13),
        offsetof(struct cpu_regs, r14), offsetof(struct cpu_regs, r15)};

    return (uint64_t *)((char *)r + at[n & 15]);
}

/* A 4-byte result clears the upper half, a smaller one leaves the rest. high:
 * one byte, bits 8 to 15. */
static inline void set_gpr(uint64_t *reg, uint64_t v, unsigned int bytes,
                           bool high)
{
    if (bytes == 4)
        *reg = (uint32_t)v;
    else
        memcpy((char *)reg + high, &v, bytes);
}

#endif
