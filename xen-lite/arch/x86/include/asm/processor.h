/* SPDX-License-Identifier: MIT */
/*
 * CPU instructions and features.
 *
 * Registers and their bits have the manuals' names (Intel SDM volumes 3 and 4),
 * which say what they do; only those that something here uses are listed.
 * Instructions act on the CPU that runs them, and need ring 0 unless said
 * otherwise. A fault in one is a bug and panics, except where a name ends in
 * _safe.
 */
#ifndef ASM_PROCESSOR_H
#define ASM_PROCESSOR_H

#include <hv/types.h>
#include <asm/asm_defns.h> /* stac(), clac() */

/* Bits of RFLAGS. */
#define X86_EFLAGS_CF   0x00000001 /* carry: the result of bt and the like */
#define X86_EFLAGS_TF   0x00000100 /* #DB after each instruction */
#define X86_EFLAGS_IF   0x00000200 /* interrupts; on for every guest */
#define X86_EFLAGS_DF   0x00000400 /* string instructions go downwards */
#define X86_EFLAGS_IOPL 0x00003000 /* level that may use ports and cli */
#define X86_EFLAGS_NT   0x00004000 /* makes iret fault in long mode */
#define X86_EFLAGS_RF   0x00010000 /* skips one instruction breakpoint */
#define X86_EFLAGS_VM   0x00020000 /* virtual-8086 mode */
#define X86_EFLAGS_AC   0x00040000 /* user pages are open to us, under SMAP */
#define X86_EFLAGS_VIF  0x00080000 /* IF of virtual-8086 mode */
#define X86_EFLAGS_VIP  0x00100000 /* an interrupt waits for VIF */
/* What no guest gets, whatever it asks for: they are cleared in each frame that
 * it loads. With any of RFLAGS_ODD set iret goes the general way. */
#define RFLAGS_NEVER                                                           \
    (X86_EFLAGS_IOPL | X86_EFLAGS_VM | X86_EFLAGS_VIF | X86_EFLAGS_VIP)
#define RFLAGS_ODD (RFLAGS_NEVER | X86_EFLAGS_TF | X86_EFLAGS_RF)

/* Control registers. Ours are the same on all CPUs, from cpu_init_features()
 * on, but for CR0_TS; a guest reads others (pv/emul/priv.c). */
#define CR0_PE         (1UL << 0)  /* protected mode */
#define CR0_MP         (1UL << 1)  /* fwait obeys TS, too */
#define CR0_TS         (1UL << 3)  /* the FPU traps with #NM */
#define CR0_ET         (1UL << 4)  /* reads as one */
#define CR0_NE         (1UL << 5)  /* FPU errors come as #MF */
#define CR0_WP         (1UL << 16) /* we obey PTE_RW as well */
#define CR0_AM         (1UL << 18) /* EFLAGS.AC of a guest works */
#define CR0_PG         (1UL << 31) /* paging */
#define CR4_DE         (1UL << 3)  /* I/O breakpoints; DR4 and DR5 fault */
#define CR4_GUEST_OWN  CR4_DE      /* a guest reads back what it wrote */
#define CR4_PAE        (1UL << 5)  /* long mode needs it */
#define CR4_MCE        (1UL << 6)  /* machine checks come as #MC */
#define CR4_PGE        (1UL << 7)  /* PTE_GLOBAL counts; a change flushes all */
#define CR4_OSFXSR     (1UL << 9)  /* SSE may be used */
#define CR4_OSXMMEXCPT (1UL << 10) /* SSE errors come as #XM */
#define CR4_OSXSAVE    (1UL << 18) /* xsave and XCR0 exist */
#define CR4_SMEP       (1UL << 20) /* we do not execute user pages */
#define CR4_SMAP       (1UL << 21) /* user pages only after stac() */

/* What a debug exception was: stays until it is cleared. */
#define DR6_STATUS 0xe00fUL

/* Model-specific registers, with the bits of those that have some. Those that a
 * guest may see or set are handled in pv/emul/msr.c. */
#define MSR_EFER           0xc0000080
#define EFER_SCE           (1UL << 0)  /* syscall exists */
#define EFER_LME           (1UL << 8)  /* long mode with paging */
#define EFER_LMA           (1UL << 10) /* long mode is on; read only */
#define EFER_NX            (1UL << 11) /* PTE_NX counts */
#define MSR_STAR           0xc0000081  /* selectors of syscall and sysret */
#define MSR_LSTAR          0xc0000082  /* rip of syscall from 64-bit code */
#define MSR_CSTAR          0xc0000083  /* and from 32-bit code, on AMD */
#define MSR_SYSCALL_MASK   0xc0000084  /* what syscall clears in RFLAGS */
#define MSR_FS_BASE        0xc0000100  /* a guest's, as is the next */
#define MSR_GS_BASE        0xc0000101
#define MSR_SHADOW_GS_BASE 0xc0000102 /* what swapgs exchanges GS_BASE with */
#define MSR_TSC_AUX        0xc0000103 /* what rdtscp puts into ecx */
#define MSR_APIC_BASE      0x1b  /* where the local APIC is, and its mode */
#define MSR_PLATFORM_INFO  0xce  /* can CPUID be made to fault? */
#define MSR_ARCH_CAPS      0x10a /* which CPU bugs are absent */
#define MSR_MISC_FEATURES  0x140 /* CPUID faults in user mode */
#define MSR_PAT            0x277 /* memory types by index */
/* Memory types by PAT index: those that PV guests' entries assume. From index 0
 * on: WB, WT, UC-, UC, WC, WP; the last two are UC. */
#define HV_PAT           0x0000050100070406UL
#define MSR_SYSENTER_CS  0x174 /* these three: where sysenter goes */
#define MSR_SYSENTER_ESP 0x175
#define MSR_SYSENTER_EIP 0x176
#define MSR_TSC_DEADLINE 0x6e0 /* of the APIC timer; 0 stops it */

/*
 * Interrupts of this CPU. All are compiler barriers: what is written with
 * interrupts off is in memory before they come on. The save and restore pair
 * nests; enable and disable are for callers who know the state.
 */
/* All of RFLAGS; IF in it tells whether interrupts are on. */
static inline unsigned long local_save_flags(void)
{
    unsigned long f;
    asm volatile("pushfq; popq %0" : "=r"(f)::"memory");
    return f;
}
/* NMIs and machine checks come all the same. */
static inline void local_irq_disable(void)
{
    asm volatile("cli" ::: "memory");
}
/* What is pending comes after the next instruction. */
static inline void local_irq_enable(void)
{
    asm volatile("sti" ::: "memory");
}
/* Off, and how it was before, for local_irq_restore(). */
static inline unsigned long local_irq_save(void)
{
    unsigned long f = local_save_flags();
    local_irq_disable();
    return f;
}
/* Only IF of f counts: other flags stay as they are. */
static inline void local_irq_restore(unsigned long f)
{
    if (f & X86_EFLAGS_IF)
        local_irq_enable();
    else
        local_irq_disable();
}

/* Model-specific registers that are known to be there, and to take the value:
 * else the #GP is a panic. wrmsr() is a compiler barrier. */
static inline uint64_t rdmsr(uint32_t msr)
{
    uint32_t lo, hi;
    asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
    return ((uint64_t)hi << 32) | lo;
}
static inline void wrmsr(uint32_t msr, uint64_t v)
{
    asm volatile("wrmsr" ::"c"(msr), "a"((uint32_t)v), "d"((uint32_t)(v >> 32))
                 : "memory");
}
/* For one that may be missing: 0, or -EFAULT with *v 0. */
int rdmsr_safe(uint32_t msr, uint64_t *v);

/* The time stamp counter, in ticks of this CPU's: what they are worth in ns the
 * clock knows. The ordered form is not read ahead of the loads before it. */
static inline uint64_t rdtsc(void)
{
    uint32_t lo, hi;
    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return ((uint64_t)hi << 32) | lo;
}
static inline uint64_t rdtsc_ordered(void)
{
    asm volatile("lfence" ::: "memory");
    return rdtsc();
}
/* Control registers by number, which must be a literal; a compiler barrier. CR3
 * and CR4 flush translations as the manuals say: tlb.c keeps count of that. */
#define READ_CR(n)                                                             \
    ({                                                                         \
        unsigned long c_;                                                      \
        asm volatile("mov %%cr" #n ", %0" : "=r"(c_)::"memory");               \
        c_;                                                                    \
    })
#define WRITE_CR(n, v)                                                         \
    asm volatile("mov %0, %%cr" #n ::"r"((unsigned long)(v)) : "memory")
/* Forgets this CPU's translation of va, global or not. Other CPUs keep theirs:
 * they need flush_mask(). */
static inline void invlpg(unsigned long va)
{
    asm volatile("invlpg (%0)" ::"r"(va) : "memory");
}
/* What this CPU says of itself: r becomes eax, ebx, ecx, edx. It serialises. A
 * leaf beyond the last one may give another leaf's data: see boot_cpu.max_leaf.
 */
static inline void cpuid_count(uint32_t leaf, uint32_t sub, uint32_t r[4])
{
    asm volatile("cpuid"
                 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
                 : "0"(leaf), "2"(sub));
}
/*
 * Ports, one access of the size that the last letter says: 8, 16, 32 bits. No
 * device there reads as all ones. What has two ports for one register (PCI
 * configuration) needs a lock around the pair, which is the caller's.
 */
/* Writing. What was written before is not ordered by the compiler. */
static inline void outb(uint16_t p, uint8_t v)
{
    asm volatile("outb %0, %1" ::"a"(v), "Nd"(p));
}
static inline void outw(uint16_t p, uint16_t v)
{
    asm volatile("outw %0, %1" ::"a"(v), "Nd"(p));
}
static inline void outl(uint16_t p, uint32_t v)
{
    asm volatile("outl %0, %1" ::"a"(v), "Nd"(p));
}
/* Reading: each call does it, whether the value is used or not. */
static inline uint8_t inb(uint16_t p)
{
    uint8_t v;
    asm volatile("inb %1, %0" : "=a"(v) : "Nd"(p));
    return v;
}
static inline uint16_t inw(uint16_t p)
{
    uint16_t v;
    asm volatile("inw %1, %0" : "=a"(v) : "Nd"(p));
    return v;
}
static inline uint32_t inl(uint16_t p)
{
    uint32_t v;
    asm volatile("inl %1, %0" : "=a"(v) : "Nd"(p));
    return v;
}

/*
 * Host CPU as found at boot (arch/x86/cpu.c): that of CPU 0, constant
 * afterwards. feat_ is a CPUID leaf (1, 7, e1 for 0x80000001) and register, as
 * hardware gives it: what a guest is told is another thing (cpu_policy.h). A
 * leaf that the CPU does not have is zero.
 */
/* Filled once, then read without a lock. */
struct cpuinfo {
    char vendor[13];                 /* as CPUID spells it, and a zero */
    uint8_t family, model, stepping; /* with the extended parts added */
    uint32_t max_leaf, max_ext_leaf; /* the last one of each range */
    uint32_t feat_1c, feat_1d, feat_7b, feat_7c, feat_e1c, feat_e1d;
    uint8_t phys_bits;   /* of a machine address */
    uint64_t xcr0_mask;  /* states that guests may enable */
    uint32_t xsave_size; /* bytes of FPU area, 512 without XSAVE */
};
extern struct cpuinfo boot_cpu;
/* Answers that are asked often. cpu_identify() sets all of them, and from then
 * on they are constant. */
extern bool cpu_has_xsave, cpu_has_rdtscp, cpu_is_amd; /* AMD: or Hygon */
/* The x87's pointers stay when a state without a pending exception is loaded.
 */
extern bool cpu_keeps_fpu_pointers;
extern unsigned long mmu_cr4_features; /* CR4 while a guest runs */
void cpu_identify(void);               /* boot CPU: fills boot_cpu */
void cpu_init_features(void);          /* each CPU: CR0, CR4, EFER, PAT */

#endif
