/* SPDX-License-Identifier: MIT */
/* The x86 part of domains and vcpus. */
#ifndef ASM_DOMAIN_H
#define ASM_DOMAIN_H

#include <hv/types.h>
#include <hv/percpu.h>
#include <hv/spinlock.h>
#include <asm/current.h>
#include <asm/page.h>
#include <xen/xen.h>

struct page_info;

/* Where the guest wants a vcpu's clock, with a typed reference; pg and record
 * are NULL if that cannot be reached. */
struct time_area {
    uint64_t at; /* guest virtual address */
    struct page_info *pg;
    struct vcpu_time_info *record;
};

struct arch_vcpu {
    /* --- entry.S looks here; offsets in asm-offsets.c ------------------ */
    uint64_t cr3_kernel; /* ready to load */
    uint64_t cr3_user;   /* 0: none yet */
    uint64_t bounce_sp;  /* kernel_sp as frames are pushed to it: aligned and
                            outside our range; 0: not usable */
    uint64_t syscall_callback; /* guest's 64-bit syscall entry, 0 = none */
    uint32_t flags;            /* TF_* below */
    uint32_t sysret_cs; /* user code selector that sysret may stand in for */
    /* --- end of entry.S's view -------------------------------------------- */
    uint64_t kernel_sp; /* as the guest gave it */
    uint64_t event_callback, failsafe_callback;
    uint64_t syscall32_callback, sysenter_callback;
    uint16_t kernel_ss;
    uint8_t vgc_flags; /* VGCF_*_disables_events of the callbacks */
    bool sysenter_disables_events, syscall32_disables_events;
    bool nmi_pending;
    bool flat_user_segments; /* GDT: selectors 0x33, 0x2b are flat, 64-bit */

    /* --- traps ------------------------------------------------------------ */
    struct trap_info *trap_ctxt; /* [256], one page */

    /* --- register state while not running --------------------------------- */
    struct cpu_regs regs; /* saved guest frame */
    uint16_t ds, es, fs, gs;
    uint64_t fs_base;
    uint64_t gs_base_kernel, gs_base_user; /* by role, not by mode */
    uint64_t dr[8];
    uint64_t ctrlreg_cr0, ctrlreg_cr4; /* bits that are the guest's own */
    void *fpu; /* XSAVE or FXSAVE area, 64-byte aligned */
    uint64_t xcr0, xcr0_accum;
    uint8_t iopl; /* PHYSDEVOP_set_iopl */

    /* --- memory ----------------------------------------------------------- */
    mfn_t guest_root;      /* L4 of kernel mode; typed reference held */
    mfn_t guest_root_user; /* L4 of user mode or INVALID_MFN */
    mfn_t gdt_frames[16];  /* descriptor-typed references */
    uint32_t gdt_ents, ldt_ents;
    uint64_t ldt_base;
    uint32_t ldt_mapped; /* shadow LDT pages mapped, bits */
    spinlock_t ldt_lock;
    uint16_t tlb_cpu; /* the CPU that may hold this vcpu's translations;
                         NR_CPUS: none */

    /* --- clock ------------------------------------------------------------ */
    struct time_area time_area;         /* held while the clock changes */
    struct vcpu_time_info pending_time; /* in the area, TSCs that disagree */
    uint64_t tsc_aux;

    /* physdev: PHYSDEVOP_set_iobitmap */
    uint64_t iobmp;
    uint32_t iobmp_limit;
    uint32_t pci_cf8; /* last 0xcf8 write */
};
/*
 * arch_vcpu.flags. In user mode zero means: a system call may take the fast
 * path. KERNEL_MODE is the sign bit, so one comparison tells the three cases
 * apart.
 */
#define TF_KERNEL_MODE  (1u << 31)
#define TF_SYSCALL_SLOW (1u << 0) /* no callback, no stack, odd wishes */
#define TF_IO_OPEN      (1u << 1) /* kernel mode: I/O bitmap in force */
#define TF_NMI_BLOCKED  (1u << 2) /* from an NMI to the next iret */

struct arch_domain {
    uint64_t dirty_cpumask; /* CPUs that may hold TLB entries of d; atomic */
    pte_t *perdomain_l3;    /* slot 260 */
    /* Tables whose undo was interrupted, [mm_lock]: a list through their
     * records, 0: empty; pending are those in it and those that a CPU has
     * taken from it and works on. */
    uint32_t undo_list, nr_pending_undo;
    spinlock_t mm_lock;
    int32_t *pirq_to_irq;   /* [nr_pirqs] */
    uint64_t *pirq_eoi_map; /* guest page of "needs EOI" bits, or NULL */
    mfn_t pirq_eoi_mfn;
    bool auto_unmask;
    uint32_t nr_e820;
    struct e820entry *e820; /* set_memory_map */
    spinlock_t e820_lock;
    struct cpu_policy *cpu_policy;
    struct log_dirty *log;     /* writes are logged; or NULL */
    struct log_dirty *new_log; /* of an ENABLE that was interrupted */
    uint64_t relinquish_mfn;   /* progress of the frame walk */
    uint8_t *ioport_bitmap;    /* 8 KiB + 1, dom0; NULL: none allowed */
    uint32_t tsc_mode, tsc_khz, tsc_incarnation;
    bool msr_relaxed; /* unknown MSRs read as 0 */
};

#endif
