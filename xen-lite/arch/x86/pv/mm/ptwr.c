/* SPDX-License-Identifier: MIT */
/*
 * Writes that trapped because the page is a page table: carried out here after
 * the usual checks.
 *
 * The kind of frame is looked at before the instruction is fetched, so that an
 * ordinary write to a write-protected page costs one walk and no more. The
 * instruction's bytes are read once. The address is the one the CPU faulted
 * on; only operands inside one aligned entry are carried out.
 */
#include "ptwr.h"
#include "mm.h"
#include <asm/uaccess.h>

#define MAX_INSN 15

static uint64_t *gpr(struct cpu_regs *r, unsigned int n)
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

    return (uint64_t *)((char *)r + at[n]);
}

/* A 4-byte result clears the upper half, a byte leaves the rest. */
static void set_gpr(uint64_t *reg, uint64_t v, unsigned int bytes, bool high)
{
    if (bytes == 8)
        *reg = v;
    else if (bytes == 4)
        *reg = (uint32_t)v;
    else if (high)
        *reg = (*reg & ~0xff00UL) | (v & 0xff) << 8;
    else
        *reg = (*reg & ~0xffUL) | (v & 0xff);
}

/* Up to the end of the page, and beyond only if that was not enough. */
static bool fetch(uint64_t rip, struct ptwr_insn *insn)
{
    uint8_t bytes[MAX_INSN];
    unsigned int n = MIN((uint64_t)MAX_INSN, PAGE_SIZE - (rip & ~PAGE_MASK));

    if (copy_from_guest_raw(bytes, rip, n))
        return false;
    if (ptwr_decode(bytes, n, insn))
        return true;
    if (n == MAX_INSN || copy_from_guest_raw(bytes + n, rip + n, MAX_INSN - n))
        return false;
    return ptwr_decode(bytes, MAX_INSN, insn);
}

static uint64_t source(const struct ptwr_insn *insn, struct cpu_regs *regs)
{
    if (insn->reg < 0)
        return insn->imm;
    return *gpr(regs, insn->reg) >> (insn->high_byte ? 8 : 0);
}

/* The instruction's effects besides the write. */
static void retire(const struct ptwr_insn *insn, struct cpu_regs *regs,
                   uint64_t old, uint64_t rflags, bool wrote)
{
    if (insn->kind == PTWR_XCHG)
        set_gpr(gpr(regs, insn->reg), old, insn->bytes, insn->high_byte);
    else if (insn->kind == PTWR_CMPXCHG && !wrote)
        set_gpr(&regs->rax, old, insn->bytes, false);
    regs->rflags = rflags & ~(uint64_t)X86_EFLAGS_RF;
    regs->rip += insn->length;
}

/* [table locked] One attempt: 0, -EAGAIN (the CPU changed A or D), -errno */
static int emulate(struct page_info *table, uint64_t addr,
                   const struct ptwr_insn *insn, struct cpu_regs *regs)
{
    unsigned int slot = (addr & ~PAGE_MASK) / sizeof(pte_t);
    unsigned int shift = (addr & 7) * 8;
    uint64_t mask = insn->bytes == 8 ? ~0UL : (1UL << insn->bytes * 8) - 1;
    pte_t old = READ_ONCE(((pte_t *)page_to_virt(table))[slot]), new;
    uint64_t rflags = regs->rflags, operand = (old >> shift) & mask;
    struct domain *d = current->domain;
    bool writes;
    int rc = 0;

    new = ptwr_compute(insn, operand, source(insn, regs), regs->rax, &rflags,
                       &writes);
    new = (old & ~(mask << shift)) | (new &mask) << shift;
    if (writes)
        rc = entry_write(table, 1, slot, new, WRITE_COMPARE, &old, d, d);
    if (!rc)
        retire(insn, regs, operand, rflags, writes);
    return rc;
}

static bool write_table(struct page_info *table, uint64_t addr,
                        const struct ptwr_insn *insn, struct cpu_regs *regs)
{
    unsigned int level;
    int rc = -EAGAIN;

    if ((addr & 7) + insn->bytes > sizeof(pte_t))
        return false;
    for (unsigned int try = 0; try < 4 && rc == -EAGAIN; try++) {
        level = table_lock(table);
        if (!level)
            return true; /* no table any more: let the guest try again */
        rc = -EINVAL;
        if (level == 1 && table->owner == current->domain->id)
            rc = emulate(table, addr, insn, regs);
        table_unlock(table);
    }
    return !rc || rc == -EAGAIN;
}

/*
 * Get and clear, what munmap and copy-on-write do thousands of times:
 * xchg r64, [r64] or [r64 + disp8], the new entry not present. False: not that,
 * nothing done.
 */
static bool fast_xchg(struct page_info *table, uint64_t addr,
                      struct cpu_regs *regs)
{
    uint64_t rip = regs->rip, code, *reg;
    unsigned int modrm, mod, level;
    pte_t *p, old = 0;
    bool done = false;

    if (!guest_range_ok(rip, 8))
        return false;
    stac();
    get_guest_word(rip, code, fault);
    clac();
    modrm = (code >> 16) & 0xff;
    mod = modrm >> 6;
    if ((code & 0xfff8) != 0x8748 || mod > 1 || (modrm & 7) == 4 ||
        (modrm & 0xc7) == 5 || (addr & 7))
        return false;
    reg = gpr(regs, ((modrm >> 3) & 7) | (code & 4) << 1);
    if (*reg & PTE_PRESENT)
        return false;
    level = table_lock(table);
    if (!level)
        return false;
    if (likely(level == 1 && table->owner == current->domain->id)) {
        p = page_to_virt(table) + (addr & ~PAGE_MASK);
        old = atomic_xchg(p, *reg);
        log_dirty_frame(page_to_mfn(table));
        done = true;
    }
    table_unlock(table);
    if (!done)
        return false;
    *reg = old;
    regs->rip = rip + 3 + mod;
    regs->rflags &= ~(uint64_t)X86_EFLAGS_RF;
    entry_drop(old, 1);
    return true;
fault:
    clac();
    return false;
}

bool ptwr_do_page_fault(struct vcpu *v, unsigned long addr,
                        struct cpu_regs *regs)
{
    const uint32_t l1 = PGT_l1_table | PGT_validated;
    pte_t e = guest_l1e(v, addr);
    mfn_t mfn = pte_mfn(e);
    struct page_info *pg;
    struct ptwr_insn insn;

    if ((e & (PTE_PRESENT | PTE_RW)) != PTE_PRESENT)
        return false;
    if (!mfn_valid(mfn))
        return false;
    pg = mfn_to_page(mfn);
    if ((READ_ONCE(pg->type) & (PGT_type_mask | PGT_validated)) != l1 ||
        READ_ONCE(pg->owner) != v->domain->id)
        return false;
    return fast_xchg(pg, addr, regs) ||
           (fetch(regs->rip, &insn) && write_table(pg, addr, &insn, regs));
}
