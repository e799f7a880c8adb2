/* SPDX-License-Identifier: MIT */
/*
 * The few instructions that a guest may trap on, decoded. Pure: bytes in,
 * structure out, so that it can be tested against a real disassembler.
 */
#ifndef PV_EMUL_DECODE_H
#define PV_EMUL_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#define INSN_MAX_BYTES 15

enum priv_op {
    OP_NONE,
    OP_IN,
    OP_OUT,
    OP_INS,
    OP_OUTS,
    OP_CLI,
    OP_STI,
    OP_HLT,
    OP_CLTS,
    OP_INVD,
    OP_WBINVD,
    OP_READ_CR,
    OP_WRITE_CR,
    OP_READ_DR,
    OP_WRITE_DR,
    OP_LMSW,
    OP_RDMSR,
    OP_WRMSR,
    OP_RDTSC,
    OP_RDTSCP,
    OP_CPUID,
    OP_XSETBV,
    OP_INT, /* imm: vector */
};
enum seg_override { SEG_NONE, SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

struct priv_insn {
    uint8_t op;     /* enum priv_op */
    uint8_t length; /* bytes */
    uint8_t bytes;  /* operand of I/O: 1, 2, 4 */
    uint8_t reg;    /* general register of CR, DR, LMSW: 0 rax .. 15 r15 */
    uint8_t cr;     /* control or debug register */
    uint8_t imm;    /* port or vector */
    bool port_in_imm;
    bool rep;
    uint8_t seg;          /* enum seg_override */
    uint8_t address_bits; /* of string I/O: 16, 32, 64 */
};

/* False: none of the above, or more than n bytes. */
bool decode_priv_insn(const uint8_t *code, unsigned int n, bool long_mode,
                      struct priv_insn *insn);

#endif
