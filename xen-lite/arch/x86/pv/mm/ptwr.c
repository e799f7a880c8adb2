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
#include <asm/device_access.h>
#include <asm/uaccess.h>
#include "../emul/guest_insn.h"

static uint64_t source(const struct ptwr_insn *insn, struct cpu_regs *regs)
{
    if (insn->reg < 0)
        return insn->imm;
    return *gpr(regs, insn->reg) >> (insn->high_byte ? 8 : 0);
}

static uint64_t operand_address(const struct ptwr_insn *insn,
                                struct cpu_regs *regs)
{
    uint64_t addr = insn->disp;
    int64_t bit;

    if (insn->base == PTWR_BASE_RIP)
        addr += regs->rip + insn->length;
    else if (insn->base >= 0)
        addr += *gpr(regs, insn->base);
    if (insn->index >= 0)
        addr += *gpr(regs, insn->index) << insn->scale;
    if (insn->kind < PTWR_BTS || insn->reg < 0)
        return addr;
    /* The number of the bit is signed, and may be of one far away. */
    bit = source(insn, regs);
    if (insn->bytes == 4)
        bit = (int32_t)bit;
    return addr + (bit >> (insn->bytes == 8 ? 6 : 5)) * insn->bytes;
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

    ASSERT_LOCKED(table);
    new = ptwr_compute(insn, operand, source(insn, regs), regs->rax, &rflags,
                       &writes);
    new = (old & ~(mask << shift)) | (new &mask) << shift;
    if (writes)
        rc = l1_write(table, slot, new, WRITE_COMPARE, &old, d, d);
    if (!rc)
        retire(insn, regs, operand, rflags, writes);
    return rc;
}

static bool write_table(struct page_info *table, uint64_t addr,
                        struct cpu_regs *regs)
{
    uint8_t code[INSN_MAX_BYTES];
    struct ptwr_insn insn;
    unsigned int level;
    int rc = -EAGAIN;

    if (!ptwr_decode(code, fetch_insn(regs->rip, code), &insn) ||
        (addr & 7) + insn.bytes > sizeof(pte_t))
        return false;
    /* An operand that begins in the page before faults here. */
    if (!(addr & ~PAGE_MASK) && operand_address(&insn, regs) != addr)
        return false;
    for (unsigned int try = 0; try < 4 && rc == -EAGAIN; try++) {
        level = table_lock(table);
        if (!level)
            return true; /* no table any more: let the guest try again */
        rc = -EINVAL;
        if (level == 1 && table->owner == current->domain->id)
            rc = emulate(table, addr, &insn, regs);
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
    reg = gpr(regs, modrm_reg(modrm, code));
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

/* dom0 stores to a device that it may only read. */
static bool skip_store(struct cpu_regs *regs)
{
    uint8_t code[INSN_MAX_BYTES];
    struct ptwr_insn insn;

    if (!ptwr_decode(code, fetch_insn(regs->rip, code), &insn) ||
        insn.kind != PTWR_MOV)
        return false;
    retire(&insn, regs, 0, regs->rflags, true);
    return true;
}

bool ptwr_do_page_fault(struct vcpu *v, unsigned long addr,
                        struct cpu_regs *regs)
{
    const uint32_t l1 = PGT_l1_table | PGT_validated;
    pte_t e = guest_l1e(v, addr);
    mfn_t mfn = pte_mfn(e);
    struct page_info *pg;

    if ((e & (PTE_PRESENT | PTE_RW)) != PTE_PRESENT)
        return false;
    pg = mfn_to_page(mfn);
    if (!mfn_valid(mfn) ||
        (READ_ONCE(pg->type) & (PGT_type_mask | PGT_validated)) != l1 ||
        READ_ONCE(pg->owner) != v->domain->id)
        return iomem_is_read_only(mfn_x(mfn)) && skip_store(regs);
    return fast_xchg(pg, addr, regs) || write_table(pg, addr, regs);
}
