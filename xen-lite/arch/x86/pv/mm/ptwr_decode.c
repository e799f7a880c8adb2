/* SPDX-License-Identifier: MIT */
/*
 * Instruction decoder for trapped page-table writes: mov, xchg, and/or/xor,
 * cmpxchg, bts/btr/btc to memory, of 1, 4 or 8 bytes, with lock or ds in front
 * (a kernel on one CPU overwrites lock by ds). Everything else is refused.
 */
#include "ptwr.h"
#include <asm/processor.h>
#include "../emul/decode.h"

#define X86_EFLAGS_PF 0x00000004
#define X86_EFLAGS_AF 0x00000010
#define X86_EFLAGS_ZF 0x00000040
#define X86_EFLAGS_SF 0x00000080
#define X86_EFLAGS_OF 0x00000800

/* 0 bytes: 0 */
static int64_t take_signed(struct insn_cursor *c, unsigned int bytes)
{
    uint64_t v = 0;

    for (unsigned int i = 0; i < bytes; i++)
        v |= (uint64_t)next_byte(c) << (8 * i);
    return bytes ? (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes) : 0;
}

/* What follows modrm: SIB and displacement. False for a register operand. */
static bool take_memory(struct insn_cursor *c, uint8_t modrm, uint8_t rex,
                        struct ptwr_insn *insn)
{
    uint8_t mod = modrm >> 6, base = modrm & 7, sib;
    unsigned int disp = mod == 1 ? 1 : mod == 2 ? 4 : 0;

    if (mod == 3)
        return false;
    insn->index = -1;
    if (base == 4) {
        sib = next_byte(c);
        base = sib & 7;
        insn->scale = sib >> 6;
        insn->index = ((sib >> 3) & 7) | (rex & 2) << 2;
        if (insn->index == 4)
            insn->index = -1;
    }
    insn->base = base | (rex & 1) << 3;
    if (base == 5 && mod == 0) {
        disp = 4;
        insn->base = (modrm & 7) == 4 ? -1 : PTWR_BASE_RIP;
    }
    insn->disp = take_signed(c, disp);
    return true;
}

/* What an opcode does: kind or group, and where the other operand comes from.
 */
struct form {
    int kind;  /* enum ptwr_kind, -1: none */
    bool byte; /* operand of one byte */
    bool lockable;
    enum { FROM_REG, IMM8, IMM_FULL } src;
    enum { NO_GROUP, GROUP_ALU, GROUP_BIT, GROUP_MOV } group;
};

/* A group's operation by the middle bits of modrm; -1: not known here. */
static const int8_t groups[][8] = {
    [GROUP_ALU] = {-1, PTWR_OR, -1, -1, PTWR_AND, -1, PTWR_XOR, -1},
    [GROUP_BIT] = {-1, -1, -1, -1, -1, PTWR_BTS, PTWR_BTR, PTWR_BTC},
    [GROUP_MOV] = {PTWR_MOV, -1, -1, -1, -1, -1, -1, -1},
};

static struct form one_byte_opcode(uint8_t op)
{
    switch (op) {
    case 0x08:
    case 0x09:
        return (struct form){PTWR_OR, !(op & 1), true, FROM_REG, NO_GROUP};
    case 0x20:
    case 0x21:
        return (struct form){PTWR_AND, !(op & 1), true, FROM_REG, NO_GROUP};
    case 0x30:
    case 0x31:
        return (struct form){PTWR_XOR, !(op & 1), true, FROM_REG, NO_GROUP};
    case 0x80:
        return (struct form){0, true, true, IMM8, GROUP_ALU};
    case 0x81:
        return (struct form){0, false, true, IMM_FULL, GROUP_ALU};
    case 0x83:
        return (struct form){0, false, true, IMM8, GROUP_ALU};
    case 0x86:
    case 0x87:
        return (struct form){PTWR_XCHG, !(op & 1), true, FROM_REG, NO_GROUP};
    case 0x88:
    case 0x89:
        return (struct form){PTWR_MOV, !(op & 1), false, FROM_REG, NO_GROUP};
    case 0xc6:
        return (struct form){PTWR_MOV, true, false, IMM8, GROUP_MOV};
    case 0xc7:
        return (struct form){PTWR_MOV, false, false, IMM_FULL, GROUP_MOV};
    default:
        return (struct form){.kind = -1};
    }
}

static struct form two_byte_opcode(uint8_t op)
{
    switch (op) {
    case 0xb0:
    case 0xb1:
        return (struct form){PTWR_CMPXCHG, !(op & 1), true, FROM_REG, NO_GROUP};
    case 0xab:
        return (struct form){PTWR_BTS, false, true, FROM_REG, NO_GROUP};
    case 0xb3:
        return (struct form){PTWR_BTR, false, true, FROM_REG, NO_GROUP};
    case 0xbb:
        return (struct form){PTWR_BTC, false, true, FROM_REG, NO_GROUP};
    case 0xba:
        return (struct form){0, false, true, IMM8, GROUP_BIT};
    default:
        return (struct form){.kind = -1};
    }
}

bool ptwr_decode(const uint8_t *bytes, unsigned int n, struct ptwr_insn *insn)
{
    struct insn_cursor c = {bytes, n, 0, false};
    struct insn_prefixes p = {0};
    uint8_t b = read_prefixes(&c, true, &p), modrm;
    struct form f =
        b == 0x0f ? two_byte_opcode(next_byte(&c)) : one_byte_opcode(b);
    unsigned int reg;

    if (f.kind < 0 || p.operand_size || p.address_size || p.rep ||
        (p.seg != SEG_NONE && p.seg != SEG_DS) || (p.lock && !f.lockable))
        return false;
    modrm = next_byte(&c);
    if (f.group != NO_GROUP)
        f.kind = groups[f.group][modrm_reg(modrm, 0)];
    *insn = (struct ptwr_insn){.kind = f.kind,
                               .bytes = f.byte      ? 1
                                        : p.rex & 8 ? 8
                                                    : 4,
                               .reg = -1};
    if (f.kind < 0 || !take_memory(&c, modrm, p.rex, insn))
        return false;
    if (f.src == FROM_REG) {
        reg = modrm_reg(modrm, p.rex);
        insn->high_byte = f.byte && !p.rex && reg >= 4;
        insn->reg = insn->high_byte ? reg - 4 : reg;
    } else {
        insn->imm = take_signed(&c, f.src == IMM8 ? 1 : 4);
    }
    insn->length = c.pos;
    return !c.overrun;
}

/* --- what it does --------------------------------------------------------- */

static uint64_t logic_flags(uint64_t rflags, uint64_t result, unsigned int bits)
{
    rflags &= ~(uint64_t)(X86_EFLAGS_CF | X86_EFLAGS_OF | X86_EFLAGS_SF |
                          X86_EFLAGS_ZF | X86_EFLAGS_PF | X86_EFLAGS_AF);
    if (result == 0)
        rflags |= X86_EFLAGS_ZF;
    if ((result >> (bits - 1)) & 1)
        rflags |= X86_EFLAGS_SF;
    if (!(__builtin_popcount(result & 0xff) & 1))
        rflags |= X86_EFLAGS_PF;
    return rflags;
}

/* Flags of a - b. */
static uint64_t compare_flags(uint64_t rflags, uint64_t a, uint64_t b,
                              unsigned int bits, uint64_t mask)
{
    uint64_t r = (a - b) & mask;

    rflags = logic_flags(rflags, r, bits);
    if (a < b)
        rflags |= X86_EFLAGS_CF;
    if (((a ^ b) & (a ^ r)) >> (bits - 1) & 1)
        rflags |= X86_EFLAGS_OF;
    if ((a ^ b ^ r) & 0x10)
        rflags |= X86_EFLAGS_AF;
    return rflags;
}

uint64_t ptwr_compute(const struct ptwr_insn *insn, uint64_t old, uint64_t src,
                      uint64_t rax, uint64_t *rflags, bool *writes)
{
    unsigned int bits = insn->bytes * 8;
    uint64_t mask = bits == 64 ? ~0UL : (1UL << bits) - 1;
    uint64_t bit = 1UL << (src & (bits - 1)), new = src &mask;

    *writes = true;
    switch (insn->kind) {
    case PTWR_MOV:
    case PTWR_XCHG:
        return new;
    case PTWR_AND:
        new &= old;
        break;
    case PTWR_OR:
        new |= old;
        break;
    case PTWR_XOR:
        new ^= old;
        break;
    case PTWR_CMPXCHG:
        rax &= mask;
        *rflags = compare_flags(*rflags, rax, old, bits, mask);
        *writes = rax == old;
        return *writes ? new : old;
    default:
        *rflags &= ~(uint64_t)X86_EFLAGS_CF;
        if (old & bit)
            *rflags |= X86_EFLAGS_CF;
        return insn->kind == PTWR_BTS   ? old | bit
               : insn->kind == PTWR_BTR ? old & ~bit
                                        : old ^ bit;
    }
    *rflags = logic_flags(*rflags, new, bits);
    return new;
}
