/* SPDX-License-Identifier: MIT */
/*
 * The few instructions that a guest may trap on, decoded, and what the decoder
 * of page-table writes shares (pv/mm/ptwr.h): the bytes one by one, prefixes,
 * ModRM. Pure: bytes in, structure out, so that it can be tested against a real
 * disassembler.
 */
#ifndef PV_EMUL_DECODE_H
#define PV_EMUL_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#define INSN_MAX_BYTES 15

struct insn_cursor {
    const uint8_t *code;
    unsigned int n, pos;
    bool overrun; /* more than n bytes were asked for; they were 0 */
};

static inline uint8_t next_byte(struct insn_cursor *c)
{
    if (c->pos >= c->n) {
        c->overrun = true;
        return 0;
    }
    return c->code[c->pos++];
}

enum seg_override { SEG_NONE, SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

struct insn_prefixes {
    bool operand_size, address_size, rep, lock;
    uint8_t seg; /* enum seg_override: the last one */
    uint8_t rex; /* 0: none */
};

/* Returns the first byte that is not a prefix. REX counts only if it is the
 * last one, and is no prefix unless long_mode. */
uint8_t read_prefixes(struct insn_cursor *c, bool long_mode,
                      struct insn_prefixes *p);

/* The numbers of registers in a ModRM byte. */
static inline unsigned int modrm_reg(uint8_t modrm, uint8_t rex)
{
    return ((modrm >> 3) & 7) | (rex & 4) << 1;
}

static inline unsigned int modrm_rm(uint8_t modrm, uint8_t rex)
{
    return (modrm & 7) | (rex & 1) << 3;
}

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
