/* SPDX-License-Identifier: MIT */
/*
 * Decoder of the few instructions with which kernels write page-table entries
 * in place. Pure: bytes and registers in, an operation out.
 */
#ifndef PV_MM_PTWR_H
#define PV_MM_PTWR_H

#include <hv/types.h>

/* What is done to the operand in memory. CMPXCHG compares with rax; the bit
 * instructions take their bit number from the source. */
enum ptwr_kind {
    PTWR_MOV,
    PTWR_XCHG,
    PTWR_AND,
    PTWR_OR,
    PTWR_XOR,
    PTWR_CMPXCHG,
    PTWR_BTS,
    PTWR_BTR,
    PTWR_BTC,
};

/* Filled in by ptwr_decode() and constant from then on. */
struct ptwr_insn {
    enum ptwr_kind kind;
    uint8_t length; /* of the instruction */
    uint8_t bytes;  /* of the operand: 1, 4 or 8 */
    int8_t reg;     /* register operand 0..15, or -1: immediate */
    bool high_byte; /* reg is bits 8..15 of rax, rcx, rdx, rbx */
    uint64_t imm;   /* sign-extended */
    /* The operand in memory: base + (index << scale) + disp; -1: no register */
    int8_t base, index;
    uint8_t scale;
    int32_t disp;
};
#define PTWR_BASE_RIP 16 /* of the next instruction */

/* n bytes at rip (at most 15): false if it is not known here or cut off. The
 * operand itself is not read: the faulting address is known. A lock prefix is
 * accepted where the CPU accepts it: the write is atomic anyway.
 */
bool ptwr_decode(const uint8_t *bytes, unsigned int n, struct ptwr_insn *insn);

/* What insn makes of the operand old (its low insn->bytes bytes), given the
 * register operand and rax. *writes is false when only flags change. Returns
 * the new operand; *rflags is updated. */
uint64_t ptwr_compute(const struct ptwr_insn *insn, uint64_t old, uint64_t src,
                      uint64_t rax, uint64_t *rflags, bool *writes);

#endif
