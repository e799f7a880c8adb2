/* SPDX-License-Identifier: MIT */
/*
 * The decoder of trapped page-table writes against an independent disassembler
 * (Zydis), on random bytes biased towards our opcodes; and what the decoded
 * instruction computes against the CPU itself.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <cmocka.h>
#include <Zydis/Zydis.h>
#include "../../xen-lite/arch/x86/pv/mm/ptwr.h"

#define ROUNDS 2000000

static uint64_t rnd(void)
{
    static uint64_t s = 88172645463325252ull;

    s ^= s << 13;
    s ^= s >> 7;
    s ^= s << 17;
    return s * 0x2545f4914f6cdd1dull >> 8;
}

static void random_insn(uint8_t b[15])
{
    static const uint8_t ops[] = {0x08, 0x09, 0x20, 0x21, 0x30,
                                  0x31, 0x80, 0x81, 0x83, 0x86,
                                  0x87, 0x88, 0x89, 0xc6, 0xc7};
    static const uint8_t ops2[] = {0xb0, 0xb1, 0xab, 0xb3, 0xbb, 0xba};
    unsigned int n = 0;

    for (unsigned int i = 0; i < 15; i++)
        b[i] = rnd();
    if (rnd() % 3 == 0)
        b[n++] = rnd() & 1 ? 0xf0 : 0x3e;
    if (rnd() % 2)
        b[n++] = 0x40 | (rnd() & 15);
    if (rnd() % 8 == 0)
        return;
    if (rnd() % 3) {
        b[n] = ops[rnd() % sizeof(ops)];
    } else {
        b[n++] = 0x0f;
        b[n] = ops2[rnd() % sizeof(ops2)];
    }
}

static int kind_of(ZydisMnemonic m)
{
    switch (m) {
    case ZYDIS_MNEMONIC_MOV:
        return PTWR_MOV;
    case ZYDIS_MNEMONIC_XCHG:
        return PTWR_XCHG;
    case ZYDIS_MNEMONIC_AND:
        return PTWR_AND;
    case ZYDIS_MNEMONIC_OR:
        return PTWR_OR;
    case ZYDIS_MNEMONIC_XOR:
        return PTWR_XOR;
    case ZYDIS_MNEMONIC_CMPXCHG:
        return PTWR_CMPXCHG;
    case ZYDIS_MNEMONIC_BTS:
        return PTWR_BTS;
    case ZYDIS_MNEMONIC_BTR:
        return PTWR_BTR;
    case ZYDIS_MNEMONIC_BTC:
        return PTWR_BTC;
    default:
        return -1;
    }
}

/* Register operand as we number it; bits 8..15 are 32 + number. */
static int reg_number(ZydisRegister r)
{
    if (r >= ZYDIS_REGISTER_AH && r <= ZYDIS_REGISTER_BH)
        return 32 + (r - ZYDIS_REGISTER_AH);
    return ZydisRegisterGetId(
        ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, r));
}

static int index_number(ZydisRegister r)
{
    return r == ZYDIS_REGISTER_NONE ? -1 : reg_number(r);
}

static int base_number(ZydisRegister r)
{
    return r == ZYDIS_REGISTER_RIP ? PTWR_BASE_RIP : index_number(r);
}

/* What we claim to know must be what it is. */
static void check(const uint8_t *b, const struct ptwr_insn *i,
                  const ZydisDecodedInstruction *z,
                  const ZydisDecodedOperand *op)
{
    assert_int_equal(i->length, z->length);
    assert_int_equal(i->kind, kind_of(z->mnemonic));
    assert_int_equal(op[0].type, ZYDIS_OPERAND_TYPE_MEMORY);
    assert_int_equal(i->bytes * 8, op[0].size);
    /* Those have a base, which nobody adds. */
    assert_int_not_equal(op[0].mem.segment, ZYDIS_REGISTER_FS);
    assert_int_not_equal(op[0].mem.segment, ZYDIS_REGISTER_GS);
    assert_int_equal(i->base, base_number(op[0].mem.base));
    assert_int_equal(i->index, index_number(op[0].mem.index));
    if (i->index >= 0)
        assert_int_equal(1 << i->scale, op[0].mem.scale);
    assert_int_equal(i->disp, op[0].mem.disp.value);
    if (op[1].type == ZYDIS_OPERAND_TYPE_REGISTER) {
        assert_int_equal(i->reg + (i->high_byte ? 32 : 0),
                         reg_number(op[1].reg.value));
    } else {
        uint64_t mask = i->bytes == 8 ? ~0ull : (1ull << i->bytes * 8) - 1;

        if (i->kind >= PTWR_BTS)
            mask = 0xff; /* a bit number: its sign means nothing */
        assert_int_equal(i->reg, -1);
        assert_int_equal(i->imm & mask, op[1].imm.value.u & mask);
    }
}

static void writes_to_memory_are_decoded_as_by_zydis(void **state)
{
    ZydisDecoder zd;
    unsigned int agreed = 0;

    ZydisDecoderInit(&zd, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (unsigned int r = 0; r < ROUNDS; r++) {
        ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
        ZydisDecodedInstruction z;
        struct ptwr_insn i;
        uint8_t b[15];
        bool ours, theirs;

        random_insn(b);
        ours = ptwr_decode(b, sizeof(b), &i);
        theirs =
            ZYAN_SUCCESS(ZydisDecoderDecodeFull(&zd, b, sizeof(b), &z, ops));
        if (!ours)
            continue;
        /* A lock prefix on a plain store is refused by both. */
        assert_true(theirs);
        check(b, &i, &z, ops);
        agreed++;
        /* Cut anywhere, it is not an instruction. */
        for (unsigned int n = 0; n < i.length; n++)
            assert_false(ptwr_decode(b, n, &i));
    }
    assert_true(agreed > ROUNDS / 8);
}

/* The forms that Linux was seen to use. */
static void writes_that_linux_does_to_page_tables_are_decoded(void **state)
{
    static const struct {
        uint8_t b[8], len, bytes;
        enum ptwr_kind kind;
    } f[] = {
        {{0x48, 0x87, 0x03}, 3, 8, PTWR_XCHG},
        {{0x48, 0x87, 0x1a}, 3, 8, PTWR_XCHG},
        {{0x48, 0x87, 0x75, 0x00}, 4, 8, PTWR_XCHG},
        {{0x3e, 0x41, 0x80, 0x24, 0x24, 0xfd}, 6, 1, PTWR_AND},
        {{0xf0, 0x41, 0x80, 0x24, 0x24, 0xfd}, 6, 1, PTWR_AND},
        {{0x48, 0x89, 0x07}, 3, 8, PTWR_MOV},
        {{0xf0, 0x48, 0x0f, 0xb1, 0x0f}, 5, 8, PTWR_CMPXCHG},
        {{0xf0, 0x48, 0x0f, 0xba, 0x37, 0x05}, 6, 8, PTWR_BTR},
    };
    struct ptwr_insn i;

    for (unsigned int n = 0; n < sizeof(f) / sizeof(*f); n++) {
        assert_true(ptwr_decode(f[n].b, 8, &i));
        assert_int_equal(i.length, f[n].len);
        assert_int_equal(i.bytes, f[n].bytes);
        assert_int_equal(i.kind, f[n].kind);
    }
}

/* --- against the CPU ------------------------------------------------------ */

/* Runs "op [rdi], rcx" (or cl) with rax and flags; all defined flags back. */
typedef void (*runner)(uint64_t *mem, uint64_t *rax, uint64_t *rcx,
                       uint64_t *flags);
static uint8_t *code;

static void emit(const uint8_t *insn, unsigned int len)
{
    static const uint8_t head[] = {0x53,             /* push rbx */
                                   0x49, 0x89, 0xf0, /* mov r8, rsi (&rax) */
                                   0x49, 0x89, 0xd1, /* mov r9, rdx (&rcx) */
                                   0x48, 0x89, 0xcb, /* mov rbx, rcx (&flags) */
                                   0x49, 0x8b, 0x00, /* mov rax, [r8] */
                                   0x49, 0x8b, 0x09, /* mov rcx, [r9] */
                                   0xff, 0x33, 0x9d}; /* push [rbx]; popf */
    static const uint8_t tail[] = {0x9c, 0x8f, 0x03,  /* pushf; pop [rbx] */
                                   0x49, 0x89, 0x00,  /* mov [r8], rax */
                                   0x49, 0x89, 0x09,  /* mov [r9], rcx */
                                   0x5b, 0xc3};       /* pop rbx; ret */

    memcpy(code, head, sizeof(head));
    memcpy(code + sizeof(head), insn, len);
    memcpy(code + sizeof(head) + len, tail, sizeof(tail));
}

static void set_reg(uint64_t *reg, uint64_t v, unsigned int bytes)
{
    uint64_t keep = bytes == 1 ? ~0xffull : 0;
    uint64_t mask = bytes == 8 ? ~0ull : (1ull << bytes * 8) - 1;

    *reg = (*reg & keep) | (v & mask);
}

static void a_decoded_write_computes_what_the_cpu_does(void **state)
{
    static const uint8_t forms[][4] = {
        /* length, then opcode bytes with [rdi], rcx */
        {2, 0x88, 0x0f}, {2, 0x89, 0x0f},       {2, 0x86, 0x0f},
        {2, 0x87, 0x0f}, {2, 0x20, 0x0f},       {2, 0x21, 0x0f},
        {2, 0x08, 0x0f}, {2, 0x09, 0x0f},       {2, 0x30, 0x0f},
        {2, 0x31, 0x0f}, {3, 0x0f, 0xb0, 0x0f}, {3, 0x0f, 0xb1, 0x0f},
    };
    const uint64_t mask_flags = 0x8d5 & ~0x10ull; /* AF: not for logic */

    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(code, MAP_FAILED);
    for (unsigned int r = 0; r < 200000; r++) {
        const uint8_t *f = forms[rnd() % 12];
        uint8_t b[15] = {0};
        unsigned int n = 0;
        struct ptwr_insn i;
        uint64_t mem, rax, rcx, flags, m2, a2, c2, f2, operand, mask;
        bool writes;

        if (rnd() & 1)
            b[n++] = 0x48;
        memcpy(b + n, f + 1, f[0]);
        assert_true(ptwr_decode(b, 15, &i));
        mem = m2 = rnd() << 20 ^ rnd();
        rcx = c2 = rnd() << 20 ^ rnd();
        rax = a2 = rnd() & 1 ? mem : rnd() << 20 ^ rnd();
        flags = f2 = 0x202 | (rnd() & mask_flags);
        emit(b, i.length);
        ((runner)(void *)code)(&mem, &rax, &rcx, &flags);

        mask = i.bytes == 8 ? ~0ull : (1ull << i.bytes * 8) - 1;
        operand = m2 & mask;
        m2 = (m2 & ~mask) |
             (ptwr_compute(&i, operand, c2, a2, &f2, &writes) & mask);
        if (i.kind == PTWR_XCHG)
            set_reg(&c2, operand, i.bytes);
        if (i.kind == PTWR_CMPXCHG && !writes)
            set_reg(&a2, operand, i.bytes);
        assert_int_equal(mem, m2);
        assert_int_equal(rcx, c2);
        assert_int_equal(rax, a2);
        assert_int_equal(flags & mask_flags, f2 & mask_flags);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_to_memory_are_decoded_as_by_zydis),
        cmocka_unit_test(writes_that_linux_does_to_page_tables_are_decoded),
        cmocka_unit_test(a_decoded_write_computes_what_the_cpu_does)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
