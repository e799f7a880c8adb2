/* SPDX-License-Identifier: MIT */
/*
 * The instruction on which the current vcpu trapped, and its registers: what
 * the emulators of privileged instructions and of page-table writes have in
 * common. The registers are those of the trap's frame, which is what the guest
 * continues with.
 */
#ifndef PV_EMUL_GUEST_INSN_H
#define PV_EMUL_GUEST_INSN_H

#include <hv/guest_access.h>
#include <hv/lib.h>
#include <asm/current.h>
#include <asm/page.h>
#include "decode.h" /* INSN_MAX_BYTES, and how registers are numbered */

/* Reads up to a whole instruction: fewer bytes where the next page is missing,
 * 0 if all are. Returns how many there are. It is read once, from the address
 * space that is loaded: what is decoded is what is carried out, even if another
 * vcpu writes there, and it need not be what has trapped. A fault costs the
 * guest nothing: the caller lets it have the trap. */
static inline unsigned int fetch_insn(uint64_t rip,
                                      uint8_t code[INSN_MAX_BYTES])
{
    /* An instruction is in two pages at most. */
    unsigned int to_page_end = PAGE_SIZE - (rip & ~PAGE_MASK);

    /* Nearly always: all of them are in pages that are there. */
    if (!copy_from_guest_raw(code, rip, INSN_MAX_BYTES))
        return INSN_MAX_BYTES;
    if (to_page_end < INSN_MAX_BYTES &&
        !copy_from_guest_raw(code, rip, to_page_end))
        return to_page_end;
    return 0;
}

/* The general register n: 0 rax .. 15 r15, as instructions number them. Byte
 * registers have other numbers: without REX, 4 to 7 are the second bytes of the
 * first four, which is for the decoder to tell. */
static inline uint64_t *gpr(struct cpu_regs *r, unsigned int n)
{
    /* The frame is in another order: that of the public structure. */
    static const uint8_t at[16] = {
        offsetof(struct cpu_regs, rax), offsetof(struct cpu_regs, rcx),
        offsetof(struct cpu_regs, rdx), offsetof(struct cpu_regs, rbx),
        offsetof(struct cpu_regs, rsp), offsetof(struct cpu_regs, rbp),
        offsetof(struct cpu_regs, rsi), offsetof(struct cpu_regs, rdi),
        offsetof(struct cpu_regs, r8),  offsetof(struct cpu_regs, r9),
        offsetof(struct cpu_regs, r10), offsetof(struct cpu_regs, r11),
        offsetof(struct cpu_regs, r12), offsetof(struct cpu_regs, r13),
        offsetof(struct cpu_regs, r14), offsetof(struct cpu_regs, r15)};

    /* Whatever a decoder says, it is one of the sixteen. */
    return (uint64_t *)((char *)r + at[n & 15]);
}

/*
 * Writes a result of so many bytes as the CPU does: one of 4 bytes clears the
 * upper half, a smaller one leaves the rest. high: one byte, bits 8 to 15. What
 * is above the size in v does not count. reg is one of gpr(), so that it has
 * its 8 bytes, and can be written whole, whatever the result's size is. The
 * instruction pointer and flags are not among them.
 */
static inline void set_gpr(uint64_t *reg, uint64_t v, unsigned int bytes,
                           bool high)
{
    if (bytes == 4)
        *reg = (uint32_t)v; /* zero-extended */
    else
        memcpy((char *)reg + high, &v, bytes); /* little endian */
}

#endif
