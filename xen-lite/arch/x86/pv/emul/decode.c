/* SPDX-License-Identifier: MIT */
/*
 * Decoder for privileged instructions: prefixes, one or two opcode bytes, at
 * most a ModRM byte in register form or an immediate byte. Nothing here refers
 * to memory operands; string I/O has its addresses in registers.
 */
#include "decode.h"

enum form {
    F_NONE,   /* opcode only */
    F_IMM,    /* one immediate byte */
    F_REG_CR, /* ModRM: reg = CR or DR, rm = general register, mod ignored */
};
struct opcode {
    uint8_t byte, op, form;
};

static const struct opcode one_byte[] = {
    {0xcd, OP_INT, F_IMM},
    {0xf4, OP_HLT, F_NONE},
    {0xfa, OP_CLI, F_NONE},
    {0xfb, OP_STI, F_NONE},
};
static const struct opcode two_byte[] = {
    {0x06, OP_CLTS, F_NONE},       {0x08, OP_INVD, F_NONE},
    {0x09, OP_WBINVD, F_NONE},     {0x20, OP_READ_CR, F_REG_CR},
    {0x21, OP_READ_DR, F_REG_CR},  {0x22, OP_WRITE_CR, F_REG_CR},
    {0x23, OP_WRITE_DR, F_REG_CR}, {0x30, OP_WRMSR, F_NONE},
    {0x31, OP_RDTSC, F_NONE},      {0x32, OP_RDMSR, F_NONE},
    {0xa2, OP_CPUID, F_NONE},
};

/* 64-bit code has a base in FS and GS alone; the CPU passes over the others, as
 * if they were not there. */
static void note_segment(struct insn_prefixes *p, bool long_mode,
                         enum seg_override seg)
{
    if (!long_mode || seg >= SEG_FS || p->seg < SEG_FS)
        p->seg = seg;
}

uint8_t read_prefixes(struct insn_cursor *c, bool long_mode,
                      struct insn_prefixes *p)
{
    for (;; p->rex = 0) {
        uint8_t b = next_byte(c);

        while (long_mode && (b & 0xf0) == 0x40) {
            p->rex = b;
            b = next_byte(c);
        }
        switch (b) {
        case 0x26:
            note_segment(p, long_mode, SEG_ES);
            break;
        case 0x2e:
            note_segment(p, long_mode, SEG_CS);
            break;
        case 0x36:
            note_segment(p, long_mode, SEG_SS);
            break;
        case 0x3e:
            note_segment(p, long_mode, SEG_DS);
            break;
        case 0x64:
            note_segment(p, long_mode, SEG_FS);
            break;
        case 0x65:
            note_segment(p, long_mode, SEG_GS);
            break;
        case 0x66:
            p->operand_size = true;
            break;
        case 0x67:
            p->address_size = true;
            break;
        case 0xf0:
            p->lock = true;
            break;
        case 0xf2:
        case 0xf3:
            p->rep = true;
            break;
        default:
            return b;
        }
    }
}

static void io_size(struct priv_insn *insn, const struct insn_prefixes *p,
                    bool byte_form)
{
    bool wide = p->rex & 8; /* REX.W wins, but there is no 64-bit I/O */

    insn->bytes = byte_form ? 1 : p->operand_size && !wide ? 2 : 4;
}

/* 6c-6f: ins, outs; e4-e7: port in an immediate; ec-ef: port in dx. */
static bool decode_io(struct insn_cursor *c, uint8_t b,
                      const struct insn_prefixes *p, bool long_mode,
                      struct priv_insn *insn)
{
    if ((b & 0xfc) == 0x6c) {
        insn->op = b & 2 ? OP_OUTS : OP_INS;
        insn->rep = p->rep;
        insn->seg = p->seg;
        insn->address_bits = long_mode ? (p->address_size ? 32 : 64)
                                       : (p->address_size ? 16 : 32);
    } else if ((b & 0xf4) == 0xe4) {
        insn->op = b & 2 ? OP_OUT : OP_IN;
        insn->port_in_imm = !(b & 8);
        if (insn->port_in_imm)
            insn->imm = next_byte(c);
    } else {
        return false;
    }
    io_size(insn, p, !(b & 1));
    return true;
}

/* 0f 01: register forms without operands, and lmsw. */
static bool decode_group7(struct insn_cursor *c, const struct insn_prefixes *p,
                          struct priv_insn *insn)
{
    uint8_t modrm = next_byte(c);

    if (modrm == 0xd1) {
        /* xsetbv takes no prefix that selects an opcode */
        if (p->operand_size || p->rep)
            return false;
        insn->op = OP_XSETBV;
    } else if (modrm == 0xf9) {
        insn->op = OP_RDTSCP;
    } else if ((modrm & 0xf8) == 0xf0) { /* mod 3, reg 6 */
        insn->op = OP_LMSW;
        insn->reg = modrm_rm(modrm, p->rex);
    } else {
        return false;
    }
    return true;
}

static void decode_form(struct insn_cursor *c, uint8_t form,
                        const struct insn_prefixes *p, struct priv_insn *insn)
{
    uint8_t modrm;

    if (form == F_IMM) {
        insn->imm = next_byte(c);
    } else if (form == F_REG_CR) {
        modrm = next_byte(c);
        insn->cr = modrm_reg(modrm, p->rex);
        insn->reg = modrm_rm(modrm, p->rex);
    }
}

static bool decode_table(struct insn_cursor *c, const struct opcode *table,
                         unsigned int n, uint8_t b,
                         const struct insn_prefixes *p, struct priv_insn *insn)
{
    for (unsigned int i = 0; i < n; i++)
        if (table[i].byte == b) {
            insn->op = table[i].op;
            decode_form(c, table[i].form, p, insn);
            return true;
        }
    return false;
}

#define TABLE(t) t, sizeof(t) / sizeof((t)[0])

bool decode_priv_insn(const uint8_t *code, unsigned int n, bool long_mode,
                      struct priv_insn *insn)
{
    struct insn_cursor c = {code, n < INSN_MAX_BYTES ? n : INSN_MAX_BYTES, 0,
                            false};
    struct insn_prefixes p = {0};
    uint8_t b = read_prefixes(&c, long_mode, &p);
    bool ok;

    *insn = (struct priv_insn){0};
    if (c.overrun || p.lock)
        return false;
    if (b != 0x0f) {
        ok = decode_io(&c, b, &p, long_mode, insn) ||
             decode_table(&c, TABLE(one_byte), b, &p, insn);
    } else {
        b = next_byte(&c);
        ok = b == 0x01 ? decode_group7(&c, &p, insn)
                       : decode_table(&c, TABLE(two_byte), b, &p, insn);
    }
    insn->length = c.pos;
    return ok && !c.overrun;
}
