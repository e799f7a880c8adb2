/* SPDX-License-Identifier: MIT */
/*
 * The decoder of privileged instructions against an independent disassembler
 * (Zydis), on random bytes biased towards its opcodes, in 64-bit and 32-bit
 * code: what it claims to know must be that instruction, and what the
 * disassembler finds to be privileged must be known.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>
#include <Zydis/Zydis.h>
#include "../../xen-lite/arch/x86/pv/emul/decode.h"

#define ROUNDS 1500000

static uint64_t rnd(void)
{
    static uint64_t s = 0x9e3779b97f4a7c15ull;

    s ^= s << 13;
    s ^= s >> 7;
    s ^= s << 17;
    return s * 0x2545f4914f6cdd1dull >> 8;
}

static void random_insn(uint8_t b[15], bool long_mode)
{
    static const uint8_t prefixes[] = {0x26, 0x2e, 0x36, 0x3e, 0x64,
                                       0x65, 0x66, 0x67, 0xf2, 0xf3};
    static const uint8_t ops[] = {0x6c, 0x6d, 0x6e, 0x6f, 0xcd, 0xe4,
                                  0xe5, 0xe6, 0xe7, 0xec, 0xed, 0xee,
                                  0xef, 0xf4, 0xfa, 0xfb};
    static const uint8_t ops2[] = {0x01, 0x01, 0x01, 0x06, 0x08, 0x09, 0x20,
                                   0x21, 0x22, 0x23, 0x30, 0x31, 0x32, 0xa2};
    static const uint8_t group7[] = {0xd0, 0xd1, 0xf0, 0xf3, 0xf7, 0xf8, 0xf9};
    unsigned int n = 0;

    for (unsigned int i = 0; i < 15; i++)
        b[i] = rnd();
    for (unsigned int i = rnd() % 4; i; i--)
        b[n++] = prefixes[rnd() % sizeof(prefixes)];
    if (long_mode && rnd() % 3 == 0)
        b[n++] = 0x40 | (rnd() & 15);
    if (rnd() % 8 == 0)
        return;
    if (rnd() % 2) {
        b[n] = ops[rnd() % sizeof(ops)];
        return;
    }
    b[n++] = 0x0f;
    b[n++] = ops2[rnd() % sizeof(ops2)];
    if (b[n - 1] == 0x01 && rnd() % 4)
        b[n] = group7[rnd() % sizeof(group7)];
}

static bool is_control_register(ZydisRegister r)
{
    return r >= ZYDIS_REGISTER_CR0 && r <= ZYDIS_REGISTER_CR15;
}

static bool is_debug_register(ZydisRegister r)
{
    return r >= ZYDIS_REGISTER_DR0 && r <= ZYDIS_REGISTER_DR15;
}

static int op_of(const ZydisDecodedInstruction *z,
                 const ZydisDecodedOperand *ops)
{
    switch (z->mnemonic) {
    case ZYDIS_MNEMONIC_IN:
        return OP_IN;
    case ZYDIS_MNEMONIC_OUT:
        return OP_OUT;
    case ZYDIS_MNEMONIC_INSB:
    case ZYDIS_MNEMONIC_INSW:
    case ZYDIS_MNEMONIC_INSD:
        return OP_INS;
    case ZYDIS_MNEMONIC_OUTSB:
    case ZYDIS_MNEMONIC_OUTSW:
    case ZYDIS_MNEMONIC_OUTSD:
        return OP_OUTS;
    case ZYDIS_MNEMONIC_CLI:
        return OP_CLI;
    case ZYDIS_MNEMONIC_STI:
        return OP_STI;
    case ZYDIS_MNEMONIC_HLT:
        return OP_HLT;
    case ZYDIS_MNEMONIC_CLTS:
        return OP_CLTS;
    case ZYDIS_MNEMONIC_INVD:
        return OP_INVD;
    case ZYDIS_MNEMONIC_WBINVD:
        return OP_WBINVD;
    case ZYDIS_MNEMONIC_LMSW:
        return ops[0].type == ZYDIS_OPERAND_TYPE_REGISTER ? OP_LMSW : OP_NONE;
    case ZYDIS_MNEMONIC_RDMSR:
        return OP_RDMSR;
    case ZYDIS_MNEMONIC_WRMSR:
        return OP_WRMSR;
    case ZYDIS_MNEMONIC_RDTSC:
        return OP_RDTSC;
    case ZYDIS_MNEMONIC_RDTSCP:
        return OP_RDTSCP;
    case ZYDIS_MNEMONIC_CPUID:
        return OP_CPUID;
    case ZYDIS_MNEMONIC_XSETBV:
        return OP_XSETBV;
    case ZYDIS_MNEMONIC_INT:
        return OP_INT;
    case ZYDIS_MNEMONIC_MOV:
        if (ops[0].type != ZYDIS_OPERAND_TYPE_REGISTER ||
            ops[1].type != ZYDIS_OPERAND_TYPE_REGISTER)
            return OP_NONE;
        if (is_control_register(ops[0].reg.value))
            return OP_WRITE_CR;
        if (is_control_register(ops[1].reg.value))
            return OP_READ_CR;
        if (is_debug_register(ops[0].reg.value))
            return OP_WRITE_DR;
        if (is_debug_register(ops[1].reg.value))
            return OP_READ_DR;
        return OP_NONE;
    default:
        return OP_NONE;
    }
}

static unsigned int reg_id(ZydisRegister r)
{
    return ZydisRegisterGetId(r);
}

static void check_registers(const struct priv_insn *i,
                            const ZydisDecodedOperand *ops)
{
    bool read = i->op == OP_READ_CR || i->op == OP_READ_DR;
    ZydisRegister special = ops[read ? 1 : 0].reg.value;
    ZydisRegister general = ops[read ? 0 : 1].reg.value;

    assert_int_equal(i->reg, reg_id(general));
    assert_int_equal(i->cr, is_control_register(special)
                                ? special - ZYDIS_REGISTER_CR0
                                : special - ZYDIS_REGISTER_DR0);
}

static void check_io(const struct priv_insn *i,
                     const ZydisDecodedInstruction *z,
                     const ZydisDecodedOperand *ops)
{
    unsigned int port = i->op == OP_IN ? 1 : 0, data = !port;

    if (i->op == OP_INS || i->op == OP_OUTS) {
        unsigned int mem = i->op == OP_INS ? 0 : 1;
        static const ZydisRegister seg[] = {
            [SEG_ES] = ZYDIS_REGISTER_ES, [SEG_CS] = ZYDIS_REGISTER_CS,
            [SEG_SS] = ZYDIS_REGISTER_SS, [SEG_DS] = ZYDIS_REGISTER_DS,
            [SEG_FS] = ZYDIS_REGISTER_FS, [SEG_GS] = ZYDIS_REGISTER_GS};

        assert_int_equal(ops[mem].type, ZYDIS_OPERAND_TYPE_MEMORY);
        assert_int_equal(i->bytes * 8, ops[mem].size);
        assert_int_equal(i->address_bits, z->address_width);
        assert_int_equal(i->rep, !!(z->attributes & (ZYDIS_ATTRIB_HAS_REP |
                                                     ZYDIS_ATTRIB_HAS_REPE |
                                                     ZYDIS_ATTRIB_HAS_REPNE)) ||
                                     i->rep);
        /* In 64-bit code only FS and GS mean anything. */
        if (i->op == OP_OUTS && (i->seg == SEG_FS || i->seg == SEG_GS))
            assert_int_equal(ops[mem].mem.segment, seg[i->seg]);
        return;
    }
    assert_int_equal(i->bytes * 8, ops[data].size);
    assert_int_equal(i->port_in_imm,
                     ops[port].type == ZYDIS_OPERAND_TYPE_IMMEDIATE);
    if (i->port_in_imm)
        assert_int_equal(i->imm, ops[port].imm.value.u & 0xff);
}

static void check(const struct priv_insn *i, const ZydisDecodedInstruction *z,
                  const ZydisDecodedOperand *ops)
{
    assert_int_equal(i->op, op_of(z, ops));
    assert_int_equal(i->length, z->length);
    switch (i->op) {
    case OP_IN:
    case OP_OUT:
    case OP_INS:
    case OP_OUTS:
        check_io(i, z, ops);
        break;
    case OP_READ_CR:
    case OP_WRITE_CR:
    case OP_READ_DR:
    case OP_WRITE_DR:
        check_registers(i, ops);
        break;
    case OP_LMSW:
        assert_int_equal(i->reg, reg_id(ops[0].reg.value));
        break;
    case OP_INT:
        assert_int_equal(i->imm, ops[0].imm.value.u & 0xff);
        break;
    }
}

/* Bytes that the disassembler refuses and the CPU does not, or the reverse, and
 * that cannot matter: whatever raised #GP was executed by the CPU. */
static void compare(bool long_mode, unsigned int *agreed)
{
    ZydisDecoder zd;
    ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction z;
    struct priv_insn i;
    uint8_t b[15];
    bool ours, theirs;

    ZydisDecoderInit(&zd,
                     long_mode ? ZYDIS_MACHINE_MODE_LONG_64
                               : ZYDIS_MACHINE_MODE_LONG_COMPAT_32,
                     long_mode ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
    random_insn(b, long_mode);
    ours = decode_priv_insn(b, sizeof(b), long_mode, &i);
    theirs = ZYAN_SUCCESS(ZydisDecoderDecodeFull(&zd, b, sizeof(b), &z, ops));
    if (theirs && op_of(&z, ops) != OP_NONE)
        assert_true(ours);
    if (!ours || !theirs)
        return;
    check(&i, &z, ops);
    ++*agreed;
    for (unsigned int n = 0; n < i.length; n++)
        assert_false(decode_priv_insn(b, n, long_mode, &i));
}

static void privileged_instructions_are_decoded_as_by_zydis(void **state)
{
    unsigned int agreed = 0;

    for (unsigned int r = 0; r < ROUNDS; r++)
        compare(true, &agreed);
    assert_true(agreed > ROUNDS / 2);
}

static void
privileged_instructions_of_32_bit_code_are_decoded_as_by_zydis(void **state)
{
    unsigned int agreed = 0;

    for (unsigned int r = 0; r < ROUNDS; r++)
        compare(false, &agreed);
    assert_true(agreed > ROUNDS / 2);
}

/* What Linux executes at boot, byte for byte. */
static void instructions_that_linux_runs_at_boot_are_decoded(void **state)
{
    static const struct {
        uint8_t code[5], length;
        uint8_t op;
    } known[] = {
        {{0xfa}, 1, OP_CLI},
        {{0x0f, 0x30}, 2, OP_WRMSR},
        {{0x0f, 0x20, 0xe0}, 3, OP_READ_CR},        /* mov %cr4, %rax */
        {{0x41, 0x0f, 0x22, 0xe4}, 4, OP_WRITE_CR}, /* mov %r12, %cr4 */
        {{0xef}, 1, OP_OUT},
        {{0x66, 0xed}, 2, OP_IN},
        {{0xcd, 0x82}, 2, OP_INT},
        {{0x0f, 0x01, 0xd1}, 3, OP_XSETBV},
    };
    struct priv_insn i;

    for (unsigned int n = 0; n < sizeof(known) / sizeof(known[0]); n++) {
        assert_true(decode_priv_insn(known[n].code, 5, true, &i));
        assert_int_equal(i.op, known[n].op);
        assert_int_equal(i.length, known[n].length);
    }
    /* Neighbouring opcodes that must not be taken for privileged ones. */
    assert_false(decode_priv_insn((uint8_t[]){0xf0, 0xfa}, 2, true, &i));
    assert_false(decode_priv_insn((uint8_t[]){0x0f, 0x33}, 2, true, &i));
    assert_false(decode_priv_insn((uint8_t[]){0x0f, 0x01, 0x38}, 3, true, &i));
    assert_false(decode_priv_insn((uint8_t[]){0x0f, 0x01, 0xe0}, 3, true, &i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_that_linux_runs_at_boot_are_decoded),
        cmocka_unit_test(privileged_instructions_are_decoded_as_by_zydis),
        cmocka_unit_test(
            privileged_instructions_of_32_bit_code_are_decoded_as_by_zydis),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
