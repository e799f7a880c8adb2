/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of guests. Both guest modes run in ring 3, so what a
 * kernel may do and its user mode may not faults alike; the guest's mode
 * decides. The instruction is fetched once and only those bytes count.
 *
 * Each handler returns true when the instruction is done. False: the guest gets
 * the fault the CPU raised.
 */
#include <hv/hypercall.h>
#include <hv/softirq.h>
#include "guest_insn.h"
#include <asm/guest_tables.h>
#include <asm/pv.h>

#define STRING_IO_BATCH 64 /* then the guest is resumed in between */

static void set_edx_eax(struct cpu_regs *r, uint64_t v)
{
    r->rax = (uint32_t)v;
    r->rdx = v >> 32;
}

static uint64_t edx_eax(const struct cpu_regs *r)
{
    return r->rdx << 32 | (uint32_t)r->rax;
}

/* Does the guest execute 64-bit code? Asks the descriptor the CPU uses. */
static bool in_long_mode(const struct cpu_regs *regs)
{
    uint32_t rights;
    bool ok;

    if (regs->cs == FLAT_CS64)
        return true;
    asm("lar %2, %0" : "=r"(rights), "=@ccz"(ok) : "r"((uint32_t)regs->cs));
    return ok && (rights & (1u << 21));
}

/* --- ports ---------------------------------------------------------------- */

static bool emul_port(struct vcpu *v, struct cpu_regs *regs,
                      const struct priv_insn *insn)
{
    unsigned int port = insn->port_in_imm ? insn->imm : (uint16_t)regs->rdx;

    if (!guest_io_permitted(v, port, insn->bytes))
        return false;
    if (insn->op == OP_OUT) {
        guest_io_write(v, port, insn->bytes, regs->rax);
        return true;
    }
    set_gpr(&regs->rax, guest_io_read(v, port, insn->bytes), insn->bytes,
            false);
    return true;
}

static uint64_t string_address(const struct priv_insn *insn, uint64_t index)
{
    uint64_t base = insn->op != OP_OUTS   ? 0
                    : insn->seg == SEG_FS ? rdmsr(MSR_FS_BASE)
                    : insn->seg == SEG_GS ? rdmsr(MSR_GS_BASE)
                                          : 0;

    return base + index;
}

static uint64_t address_mask(const struct priv_insn *insn)
{
    return insn->address_bits == 64 ? ~0ULL : (1ULL << insn->address_bits) - 1;
}

static void add_masked(uint64_t *reg, int64_t delta, uint64_t mask)
{
    uint64_t v = (*reg + delta) & mask;

    *reg = mask == 0xffff ? (*reg & ~mask) | v : v;
}

/* Transfers one element. False: a guest page is missing, and the guest has got
 * a page fault. */
static bool string_io_step(struct vcpu *v, struct cpu_regs *regs,
                           const struct priv_insn *insn, uint64_t mask)
{
    uint64_t *index = insn->op == OP_INS ? &regs->rdi : &regs->rsi;
    uint64_t addr = string_address(insn, *index & mask);
    unsigned int port = (uint16_t)regs->rdx;
    uint32_t data = 0;
    size_t left;

    if (insn->op == OP_INS) {
        /* The page must take it before the device gives it. */
        left = copy_from_guest_raw(&data, addr, insn->bytes);
        if (!left)
            left = copy_to_guest_raw(addr, &data, insn->bytes);
        if (!left) {
            data = guest_io_read(v, port, insn->bytes);
            left = copy_to_guest_raw(addr, &data, insn->bytes);
        }
    } else {
        left = copy_from_guest_raw(&data, addr, insn->bytes);
        if (!left)
            guest_io_write(v, port, insn->bytes, data);
    }
    if (left) {
        pv_inject_page_fault(v, addr + insn->bytes - left,
                             insn->op == OP_INS ? PFEC_write : 0);
        return false;
    }
    add_masked(index,
               regs->rflags & X86_EFLAGS_DF ? -(int)insn->bytes : insn->bytes,
               mask);
    return true;
}

static bool emul_string_io(struct vcpu *v, struct cpu_regs *regs,
                           struct priv_insn *insn)
{
    uint64_t mask = address_mask(insn);

    if (!guest_io_permitted(v, (uint16_t)regs->rdx, insn->bytes))
        return false;
    if (!insn->rep) {
        if (!string_io_step(v, regs, insn, mask))
            insn->length = 0;
        return true;
    }
    for (unsigned int n = 0; regs->rcx & mask; n++) {
        if (n == STRING_IO_BATCH || (n && softirq_pending())) {
            insn->length = 0; /* goes on with what is left in rcx */
            return true;
        }
        if (!string_io_step(v, regs, insn, mask)) {
            insn->length = 0;
            return true;
        }
        add_masked(&regs->rcx, -1, mask);
    }
    return true;
}

/* --- control and debug registers ------------------------------------------ */

static uint64_t guest_cr0(const struct vcpu *v)
{
    return (READ_CR(0) & ~CR0_TS) | (v->arch.ctrlreg_cr0 & CR0_TS);
}

/* The bits that a guest finds set and would keep set, and its own; those that
 * the hypervisor uses are not shown. */
static uint64_t guest_cr4(const struct vcpu *v)
{
    return CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT |
           (mmu_cr4_features & CR4_OSXSAVE) | v->arch.ctrlreg_cr4;
}

static bool emul_read_cr(struct vcpu *v, struct cpu_regs *regs,
                         const struct priv_insn *insn)
{
    uint64_t *reg = gpr(regs, insn->reg);

    switch (insn->cr) {
    case 0:
        *reg = guest_cr0(v);
        return true;
    case 2:
        *reg = v->vcpu_info->arch.cr2;
        return true;
    case 3:
        *reg = xen_pfn_to_cr3(mfn_x(v->arch.guest_root));
        return true;
    case 4:
        *reg = guest_cr4(v);
        return true;
    default:
        return false;
    }
}

static bool emul_set_ts(bool ts)
{
    do_fpu_taskswitch(ts);
    return true;
}

static bool emul_write_cr(struct vcpu *v, struct cpu_regs *regs,
                          struct priv_insn *insn)
{
    uint64_t val = *gpr(regs, insn->reg);
    int rc;

    switch (insn->cr) {
    case 0:
        if ((val ^ guest_cr0(v)) & ~CR0_TS)
            return false;
        return emul_set_ts(val & CR0_TS);
    case 2:
        v->vcpu_info->arch.cr2 = val;
        return true;
    case 3:
        rc = new_guest_root(v, _mfn(xen_cr3_to_pfn(val)));
        if (rc == -ERESTART)
            insn->length = 0; /* once more, after what is pending */
        return !rc || rc == -ERESTART;
    case 4: /* the hypervisor decides nearly all bits, whatever is written */
        v->arch.ctrlreg_cr4 = val & CR4_GUEST_OWN;
        return true;
    default:
        return false;
    }
}

static bool emul_dr(struct vcpu *v, struct cpu_regs *regs,
                    struct priv_insn *insn)
{
    uint64_t *reg = gpr(regs, insn->reg);

    if (insn->cr > 7)
        return false;
    if ((insn->cr & ~1u) == 4 && (v->arch.ctrlreg_cr4 & CR4_DE)) {
        pv_inject_trap(v, X86_TRAP_UD, 0);
        insn->length = 0; /* the fault stands at the instruction */
        return true;
    }
    if (insn->op == OP_WRITE_DR)
        return !set_debugreg(v, insn->cr, *reg);
    *reg = do_get_debugreg(insn->cr);
    return true;
}

/* --- the rest ------------------------------------------------------------- */

static bool emul_msr(struct vcpu *v, struct cpu_regs *regs,
                     const struct priv_insn *insn)
{
    uint64_t val;

    if (insn->op == OP_WRMSR)
        return guest_wrmsr(v, regs->rcx, edx_eax(regs));
    if (!guest_rdmsr(v, regs->rcx, &val))
        return false;
    set_edx_eax(regs, val);
    return true;
}

static void emul_cpuid(const struct vcpu *v, struct cpu_regs *regs)
{
    uint32_t r[4];

    guest_cpuid(v, regs->rax, regs->rcx, r);
    regs->rax = r[0];
    regs->rbx = r[1];
    regs->rcx = r[2];
    regs->rdx = r[3];
}

/* Guest kernels only. */
static bool emul_kernel_op(struct vcpu *v, struct cpu_regs *regs,
                           struct priv_insn *insn)
{
    switch (insn->op) {
    case OP_INVD:
        return true;
    case OP_WBINVD:
        if (v->domain->is_privileged) /* it has devices */
            asm volatile("wbinvd" ::: "memory");
        return true;
    case OP_HLT:
        vcpu_block();
        return true;
    case OP_CLTS:
        return emul_set_ts(false);
    case OP_LMSW:
        return emul_set_ts(*gpr(regs, insn->reg) & CR0_TS);
    case OP_READ_CR:
        return emul_read_cr(v, regs, insn);
    case OP_WRITE_CR:
        return emul_write_cr(v, regs, insn);
    case OP_READ_DR:
    case OP_WRITE_DR:
        return emul_dr(v, regs, insn);
    case OP_RDMSR:
    case OP_WRMSR:
        return emul_msr(v, regs, insn);
    case OP_XSETBV:
        return !(uint32_t)regs->rcx && !fpu_set_xcr0(v, edx_eax(regs));
    default:
        return false;
    }
}

/* Also for user mode, each with its own check. */
static bool emul_op(struct vcpu *v, struct cpu_regs *regs,
                    struct priv_insn *insn)
{
    switch (insn->op) {
    case OP_CLI: /* the guest cannot see nor undo it by popf: no effect */
    case OP_STI:
        return guest_iopl_permits(v);
    case OP_IN:
    case OP_OUT:
        return emul_port(v, regs, insn);
    case OP_INS:
    case OP_OUTS:
        return emul_string_io(v, regs, insn);
    case OP_CPUID:
        emul_cpuid(v, regs);
        return true;
    case OP_RDTSCP:
        regs->rcx = v->arch.tsc_aux;
        set_edx_eax(regs, rdtsc());
        return true;
    case OP_RDTSC:
        set_edx_eax(regs, rdtsc());
        return true;
    default:
        return guest_kernel_mode(v) && emul_kernel_op(v, regs, insn);
    }
}

static void skip_instruction(struct vcpu *v, struct cpu_regs *regs,
                             unsigned int length)
{
    if (!length)
        return;
    regs->rip += length;
    regs->rflags &= ~(uint64_t)X86_EFLAGS_RF;
    if (regs->rflags & X86_EFLAGS_TF) {
        v->arch.dr[6] |= 1u << 14; /* single step */
        pv_inject_trap(v, X86_TRAP_DB, 0);
    }
}

/* 'int n' through a gate that the CPU keeps closed to ring 3: the level in the
 * guest's table decides, and its kernel counts as level 1. The CPU's error code
 * would say which vector, but not every emulator gets it right. The instruction
 * does. */
static bool emul_int(struct vcpu *v, struct cpu_regs *regs, uint8_t vector,
                     unsigned int length)
{
    const struct trap_info *ti = &v->arch.trap_ctxt[vector];

    if (!ti->address || TI_GET_DPL(ti) < (guest_kernel_mode(v) ? 1 : 3)) {
        pv_refuse_software_interrupt(v, vector);
        return true;
    }
    regs->rip += length;
    pv_inject_software_interrupt(v, vector);
    return true;
}

bool pv_emulate_privileged_op(struct vcpu *v, struct cpu_regs *regs)
{
    bool long_mode = in_long_mode(regs);
    uint8_t code[INSN_MAX_BYTES];
    struct priv_insn insn;
    unsigned int n;

    n = fetch_insn(long_mode ? regs->rip : (uint32_t)regs->rip, code);
    if (!decode_priv_insn(code, n, long_mode, &insn))
        return false;
    if (insn.op == OP_INT)
        return emul_int(v, regs, insn.imm, insn.length);
    /* A selector error is about a segment, whatever the instruction. */
    if (regs->error_code)
        return false;
    if (!emul_op(v, regs, &insn))
        return false;
    skip_instruction(v, regs, insn.length);
    return true;
}

/* ud2a; .ascii "xen"; cpuid: a CPUID that asks for the guest's view. */
bool pv_emulate_forced_cpuid(struct vcpu *v, struct cpu_regs *regs)
{
    static const uint8_t signature[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
    uint8_t code[sizeof(signature)];

    if (copy_from_guest_raw(code, regs->rip, sizeof(code)) ||
        memcmp(code, signature, sizeof(code)))
        return false;
    emul_cpuid(v, regs);
    skip_instruction(v, regs, sizeof(code));
    return true;
}
