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

#define INSN_MAX_BYTES 15 /* the CPU takes none that is longer */

/* The code of one instruction, and how far it has been read. code is a copy:
 * the guest cannot change it between two looks. */
struct insn_cursor {
    const uint8_t *code;
    unsigned int n, pos;
    bool overrun; /* more than n bytes were asked for; they were 0 */
};

/* Behind the end come zeros, so that only the end of decoding needs a check. */
static inline uint8_t next_byte(struct insn_cursor *c)
{
    if (c->pos >= c->n) {
        c->overrun = true;
        return 0;
    }
    return c->code[c->pos++];
}

/* SEG_NONE: the instruction's own segment. */
enum seg_override { SEG_NONE, SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

/* Which of them stood before the opcode, in whatever order. */
struct insn_prefixes {
    bool operand_size, address_size, rep, lock;
    uint8_t seg; /* enum seg_override: the last one that counts */
    uint8_t rex; /* 0: none */
};

/* Returns the first byte that is not a prefix. REX counts only if it is the
 * last one, and is no prefix unless long_mode. *p is zero before. More than n
 * bytes of prefixes are an overrun of the cursor. */
uint8_t read_prefixes(struct insn_cursor *c, bool long_mode,
                      struct insn_prefixes *p);

/* The numbers of registers in a ModRM byte, 0 rax .. 15 r15, with the fourth
 * bit from REX: 0 if there is none. The second is a register only if the upper
 * two bits of modrm are set, or where the CPU ignores them. */
static inline unsigned int modrm_reg(uint8_t modrm, uint8_t rex)
{
    return ((modrm >> 3) & 7) | (rex & 4) << 1;
}

static inline unsigned int modrm_rm(uint8_t modrm, uint8_t rex)
{
    return (modrm & 7) | (rex & 1) << 3;
}

/* What a guest may trap on: instructions of ring 0, those that CR4 or CPUID
 * faulting make trap, and int. */
enum priv_op {
    OP_NONE,
    OP_IN,   /* al, ax or eax from a port */
    OP_OUT,  /* and to a port */
    OP_INS,  /* from port dx to [rdi] */
    OP_OUTS, /* from seg:[rsi] to port dx */
    OP_CLI,  /* without effect, as is sti */
    OP_STI,
    OP_HLT,
    OP_CLTS, /* clears CR0.TS */
    OP_INVD,
    OP_WBINVD,
    OP_READ_CR,  /* cr to reg */
    OP_WRITE_CR, /* reg to cr */
    OP_READ_DR,  /* likewise */
    OP_WRITE_DR,
    OP_LMSW,  /* low bits of CR0, from reg */
    OP_RDMSR, /* number in ecx, value in edx:eax */
    OP_WRMSR,
    OP_RDTSC,
    OP_RDTSCP,
    OP_CPUID,
    OP_XSETBV, /* XCR0, likewise */
    OP_INT,    /* imm: vector */
};

/* A decoded instruction. Only what the op uses counts, the rest is zero. */
struct priv_insn {
    uint8_t op;       /* enum priv_op */
    uint8_t length;   /* bytes */
    uint8_t bytes;    /* operand of I/O: 1, 2, 4 */
    uint8_t reg;      /* general register of CR, DR, LMSW: 0 rax .. 15 r15 */
    uint8_t cr;       /* control or debug register */
    uint8_t imm;      /* port or vector */
    bool port_in_imm; /* else it is in dx */
    bool rep;         /* string I/O: rcx times */
    uint8_t seg;      /* enum seg_override */
    uint8_t address_bits; /* of string I/O: 16, 32, 64 */
};

/* False: none of the above, or more than n bytes. Whether the guest may do it
 * is not asked here. insn is filled in, whatever it returns. */
bool decode_priv_insn(const uint8_t *code, unsigned int n, bool long_mode,
                      struct priv_insn *insn);

#endif
