/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables of each CPU, and exceptions of the hypervisor.
 *
 * The IDT is one for all CPUs. Each CPU has one page of GDT entries with the
 * selectors that are ABI (0xe0xx) and the hypervisor's; it is mapped as page 14
 * into the GDT area of the vcpu that runs. While none runs, the GDT register
 * points 14 pages below the page itself: only the hypervisor's selectors are
 * used then.
 *
 * An exception of the hypervisor is either one of the accesses that may fault
 * (usercopy.c) or a bug, which ends in registers and a stack trace.
 */
#include <hv/lib.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/page_alloc.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <hv/symbols.h>
#include <asm/apic.h>
#include <asm/irq.h>
#include <asm/log_dirty.h>
#include <asm/pv.h>
#include <asm/traps.h>
#include <xen/nmi.h>

struct idt_entry {
    uint16_t offset_lo, selector;
    uint8_t ist, type;
    uint16_t offset_mid;
    uint32_t offset_hi, rsvd;
};
struct table_reg {
    uint16_t limit;
    uint64_t base;
} __packed;

enum ist { IST_NONE, IST_DF, IST_NMI, IST_MC, IST_DB };
#define GATE_INTERRUPT 0x8e

static struct idt_entry idt[256] __section(".bss.page_aligned") __aligned(4096);
static uint64_t boot_gdt_page[512] __section(".bss.page_aligned")
    __aligned(4096);
struct syscall_cell syscall_cells[NR_CPUS];

static DEFINE_PER_CPU(uint64_t *, gdt_page);
static DEFINE_PER_CPU(struct tss_block, tss_block);
struct fault_place {
    uint64_t rip, cr2;
};
static DEFINE_PER_CPU(struct fault_place, last_retry);

_Static_assert((sizeof(struct cpu_info) - sizeof(struct cpu_regs)) % 16 == 0,
               "rsp0 must be 16-byte aligned");
_Static_assert(NR_CPUS == 64, "pv/entry.S has that many stubs");

static void set_gate(unsigned int vector, unsigned int dpl, enum ist ist)
{
    uint64_t addr = (uint64_t)idt_stubs + vector * IDT_STUB_SIZE;

    idt[vector] = (struct idt_entry){
        .offset_lo = addr,
        .selector = HV_CS64,
        .ist = ist,
        .type = GATE_INTERRUPT | dpl << 5,
        .offset_mid = addr >> 16,
        .offset_hi = addr >> 32,
    };
}

/* In a softirq: dom0's vcpu may be blocked or on another CPU, and an NMI may
 * come while any lock is held. */
static void pass_nmi_on(void)
{
    arch_send_guest_nmi(domain_vcpu(hardware_domain, 0));
}

void trap_init(void)
{
    open_softirq(ARCH_SOFTIRQ, pass_nmi_on);
    for (unsigned int i = 0; i < 256; i++)
        set_gate(i, 0, IST_NONE);
    set_gate(X86_TRAP_DB, 0, IST_DB);
    set_gate(X86_TRAP_NMI, 0, IST_NMI);
    set_gate(X86_TRAP_DF, 0, IST_DF);
    set_gate(X86_TRAP_MC, 0, IST_MC);
    /* The vectors that user programs may raise. All other 'int n' fault. */
    set_gate(X86_TRAP_BP, 3, IST_NONE);
    set_gate(X86_TRAP_OF, 3, IST_NONE);
    set_gate(GUEST_INT80_VECTOR, 3, IST_NONE);
}

static void fill_gdt_page(uint64_t *page, unsigned int cpu,
                          const struct tss_block *tss)
{
    uint64_t base = (uint64_t)tss;
    uint64_t limit = offsetof(struct tss_block, iobmp) + IOBMP_BYTES;

#define SLOT(sel) page[((sel)-FIRST_RESERVED_GDT_BYTE) / 8]
    SLOT(HV_CS64) = 0x00af9b000000ffff;
    SLOT(HV_DS) = 0x00cf93000000ffff;
    SLOT(FLAT_CS32) = 0x00cffb000000ffff;
    SLOT(FLAT_DS) = 0x00cff3000000ffff;
    SLOT(FLAT_CS64) = 0x00affb000000ffff;
    SLOT(TSS_SELECTOR) = limit | (base & 0xffffff) << 16 | 0x89ULL << 40 |
                         ((base >> 24) & 0xff) << 56;
    SLOT(TSS_SELECTOR + 8) = base >> 32;
    SLOT(PER_CPU_SELECTOR) = 0x0040f30000000000 | cpu;
#undef SLOT
}

uint64_t *this_cpu_gdt_page(void)
{
    return this_cpu(gdt_page);
}

struct tss_block *this_cpu_tss(void)
{
    return &this_cpu(tss_block);
}

void load_idle_gdt(void)
{
    struct table_reg r = {
        FIRST_RESERVED_GDT_BYTE + PAGE_SIZE - 1,
        (uint64_t)this_cpu(gdt_page) - FIRST_RESERVED_GDT_BYTE,
    };

    asm volatile("lgdt %0" ::"m"(r));
}

static void init_syscall_msrs(unsigned int cpu, const struct cpu_info *info)
{
    syscall_cells[cpu].stack = (uint64_t)&info->guest_regs;
    wrmsr(MSR_STAR, (uint64_t)HV_CS64 << 32 | (uint64_t)FLAT_CS32 << 48);
    wrmsr(MSR_LSTAR, (uint64_t)lstar_stubs + cpu * SYSCALL_STUB_SIZE);
    wrmsr(MSR_CSTAR, (uint64_t)cstar_stubs + cpu * SYSCALL_STUB_SIZE);
    wrmsr(MSR_SYSCALL_MASK, X86_EFLAGS_TF | X86_EFLAGS_IF | X86_EFLAGS_DF |
                                X86_EFLAGS_IOPL | X86_EFLAGS_NT |
                                X86_EFLAGS_RF | X86_EFLAGS_VM | X86_EFLAGS_AC);
    if (boot_cpu.feat_1d & (1u << 11)) { /* SEP */
        wrmsr(MSR_SYSENTER_CS, HV_CS64);
        wrmsr(MSR_SYSENTER_ESP, (uint64_t)(&info->guest_regs + 1));
        wrmsr(MSR_SYSENTER_EIP, (uint64_t)sysenter_entry);
    }
}

void cpu_init_traps(unsigned int cpu, void *stack)
{
    struct cpu_info *info =
        (void *)((char *)stack + STACK_SIZE - sizeof(struct cpu_info));
    struct tss_block *tb = &this_cpu(tss_block);
    uint64_t *page = cpu ? alloc_xenheap_page() : boot_gdt_page;
    struct table_reg idtr = {sizeof(idt) - 1, (uint64_t)idt};

    if (!page)
        panic("no memory for the GDT of CPU%u", cpu);
    tb->tss.rsp0 = (uint64_t)(&info->guest_regs + 1);
    for (unsigned int i = IST_DF; i <= IST_DB; i++)
        tb->tss.ist[i - 1] = (uint64_t)stack + i * PAGE_SIZE;
    tb->tss.iopb = TSS_IOPB_INVALID;
    memset(tb->iobmp, 0xff, sizeof(tb->iobmp));

    fill_gdt_page(page, cpu, tb);
    this_cpu(gdt_page) = page;
    load_idle_gdt();
    asm volatile("lldt %w0" ::"r"(0));
    asm volatile("ltr %w0" ::"r"(TSS_SELECTOR));
    asm volatile("lidt %0" ::"m"(idtr));
    init_syscall_msrs(cpu, info);
}

/* --- exceptions of our own ------------------------------------------------ */

static const char *trap_name(unsigned int vector)
{
    static const char names[][4] = {
        "#DE", "#DB", "NMI", "#BP", "#OF", "#BR", "#UD", "#NM", "#DF", "?9",
        "#TS", "#NP", "#SS", "#GP", "#PF", "?15", "#MF", "#AC", "#MC", "#XM"};

    return vector < ARRAY_SIZE(names) ? names[vector] : "?";
}

noreturn void fatal_trap(const struct cpu_regs *regs)
{
    struct vcpu *v = current;
    static uint32_t depth;

    if (atomic_inc(&depth) > 2) /* faults of the report itself */
        for (;;)
            asm volatile("cli; hlt");
    console_force_unlock();
    printk("CPU%u: exception %s (vector %u, error code %04x)\n",
           smp_processor_id(), trap_name(regs->entry_vector),
           regs->entry_vector, regs->error_code);
    show_registers(regs);
    show_stack_trace(regs);
    if (v && v->domain)
        printk("current: d%dv%d\n", v->domain->id, v->vcpu_id);
    panic("fatal exception in the hypervisor");
}

/* The CPU read a descriptor of the current guest's LDT for us (iretq, segment
 * load) and found the page not yet mapped. */
static bool fixup_ldt_fault(uint64_t cr2, uint32_t error_code)
{
    struct vcpu *v = current;

    return !is_idle_vcpu(v) && !(error_code & PFEC_present) &&
           cr2 - LDT_VIRT_START(v) < 16 * PAGE_SIZE &&
           map_ldt_shadow_page((cr2 - LDT_VIRT_START(v)) >> PAGE_SHIFT);
}

/*
 * Kernels widen permissions without a flush and take the fault of a stale
 * translation as it comes. The fault drops the translation, so the second try
 * tells; a fault in the same place again is a real one.
 */
static bool may_be_stale(const struct cpu_regs *regs, uint64_t cr2)
{
    struct fault_place *last = &this_cpu(last_retry);
    bool again = last->rip == regs->rip && last->cr2 == cr2;

    if (!(regs->error_code & PFEC_present))
        return false;
    *last = again ? (struct fault_place){0, 0}
                  : (struct fault_place){regs->rip, cr2};
    return !again;
}

void do_hv_exception(struct cpu_regs *regs)
{
    unsigned long fixup = search_ex_table(regs->rip);

    if (regs->entry_vector == X86_TRAP_PF) {
        uint64_t cr2 = READ_CR(2);

        if (vtlb_fault(cr2, &regs->error_code) ||
            fixup_ldt_fault(cr2, regs->error_code) ||
            (fixup && may_be_stale(regs, cr2)))
            return;
    }
    if (!fixup)
        fatal_trap(regs);
    regs->rip = fixup;
}

/* A guest's breakpoint was hit while the hypervisor touched guest memory, or
 * its trap flag survived into sysenter. Neither concerns the hypervisor, and
 * the guest loses nothing. */
void do_debug_ist(struct cpu_regs *regs)
{
    unsigned long dr6;

    asm volatile("mov %%dr6, %0" : "=r"(dr6));
    asm volatile("mov %0, %%dr6" ::"r"(0xffff0ff0UL));
    regs->rflags &= ~(uint64_t)X86_EFLAGS_TF;
}

/* No device that the hypervisor drives raises NMIs, so they are passed on to
 * dom0. */
void do_nmi(struct cpu_regs *regs)
{
    struct vcpu *v = hardware_domain ? domain_vcpu(hardware_domain, 0) : NULL;

    if (!v || !v->domain->shared_info)
        return;
    atomic_or(&v->domain->shared_info->arch.nmi_reason, XEN_NMIREASON_unknown);
    raise_softirq(ARCH_SOFTIRQ);
    lapic_interrupt_self(EVENT_CHECK_VECTOR); /* out of hlt, or of a guest */
}

noreturn void do_double_fault(struct cpu_regs *regs)
{
    fatal_trap(regs);
}

noreturn void do_machine_check(struct cpu_regs *regs)
{
    fatal_trap(regs);
}
