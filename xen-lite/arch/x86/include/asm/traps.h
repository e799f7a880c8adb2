/* SPDX-License-Identifier: MIT */
/*
 * Entries and exceptions: what entry.S calls, what C may do to a guest.
 *
 * A frame is a guest's if it sits at the top of the CPU's stack; in all others
 * the hypervisor interrupted itself.
 */
#ifndef ASM_TRAPS_H
#define ASM_TRAPS_H

#include <hv/types.h>
#include <asm/current.h>
#include <asm/processor.h>

/* Exceptions, by the manuals' names: the vectors at which hardware enters, and
 * the indices of a guest's trap table. */
#define X86_TRAP_DE        0 /* division */
#define X86_TRAP_DB        1 /* debug: breakpoint registers, single step */
#define X86_TRAP_NMI       2
#define X86_TRAP_BP        3    /* int3 */
#define X86_TRAP_OF        4    /* into */
#define X86_TRAP_BR        5    /* bound */
#define X86_TRAP_UD        6    /* not an instruction */
#define X86_TRAP_NM        7    /* FPU used with CR0_TS */
#define X86_TRAP_DF        8    /* a fault while another was delivered */
#define X86_TRAP_TS        10   /* bad task state */
#define X86_TRAP_NP        11   /* segment not present */
#define X86_TRAP_SS        12   /* stack segment, or a non-canonical rsp */
#define X86_TRAP_GP        13   /* protection: whatever is not allowed */
#define X86_TRAP_PF        14   /* page fault, address in CR2 */
#define X86_TRAP_MF        16   /* x87 error */
#define X86_TRAP_AC        17   /* misaligned, in ring 3 */
#define X86_TRAP_MC        18   /* machine check */
#define X86_TRAP_XM        19   /* SSE error */
#define GUEST_INT80_VECTOR 0x80 /* the guests' own: no interrupt uses it */

/* Vectors that push an error code, as a mask; 21 is #CP. */
#define X86_TRAP_HAVE_ERROR_CODE                                               \
    ((1u << X86_TRAP_DF) | (1u << X86_TRAP_TS) | (1u << X86_TRAP_NP) |         \
     (1u << X86_TRAP_SS) | (1u << X86_TRAP_GP) | (1u << X86_TRAP_PF) |         \
     (1u << X86_TRAP_AC) | (1u << 21))

/* Bits of a page fault's error code: what the access was, and whether the entry
 * was there. */
#define PFEC_present (1u << 0)
#define PFEC_write   (1u << 1)
#define PFEC_user    (1u << 2)
#define PFEC_insn    (1u << 4) /* a fetch, with EFER_NX */

struct vcpu;

/*
 * Each CPU's system-call stub keeps the guest's rsp in its cell and finds the
 * stack there, both relative to rip: no register is free at that moment.
 */
struct syscall_cell {
    uint64_t guest_rsp;
    uint64_t stack; /* &cpu_info.guest_regs */
} __aligned(64);
extern struct syscall_cell syscall_cells[];

/* Hardware task state, with the I/O bitmap of the domain that has one. The CPU
 * takes stacks from it: rsp0 on the way from a guest, ist for the vectors with
 * a stack of their own. iopb is where the bitmap begins, if it is in force. */
struct tss {
    uint32_t rsvd0;
    uint64_t rsp0, rsp1, rsp2, rsvd1, ist[7], rsvd2;
    uint16_t rsvd3, iopb;
} __packed;
#define IOBMP_BYTES      8192
#define TSS_IOPB_INVALID 0x8000
#define TSS_IOPB_VALID   sizeof(struct tss)
struct tss_block {
    struct tss tss;
    uint8_t iobmp[IOBMP_BYTES + 1];
} __packed __aligned(128);

void trap_init(void); /* boot CPU, once: the IDT */
/* Each CPU, on itself: GDT, TSS, IDT, system-call MSRs. */
void cpu_init_traps(unsigned int cpu, void *stack);
uint64_t *this_cpu_gdt_page(void); /* the reserved page, see config.h */
/* The table at its own address, which is in force as long as no guest's is: its
 * entries below the reserved page are not there, and nobody loads them. */
void load_idle_gdt(void);
struct tss_block *this_cpu_tss(void);

/* To the console, in any context, for a panic or a debug key. What is read of
 * memory is checked: a broken stack ends the trace. */
void show_registers(const struct cpu_regs *regs);
void show_stack_trace(const struct cpu_regs *regs);
/* The hypervisor itself trapped, and no fix-up is known: panics. */
noreturn void fatal_trap(const struct cpu_regs *regs);

/*
 * From entry.S alone, with the frame it has pushed and interrupts off. Those of
 * a guest turn them on when they have read what the CPU left behind; what is in
 * the frame when they return is what the guest continues with. The others stay
 * off, on whatever stack was in use; NMI, double fault, machine check and a
 * debug exception of the hypervisor have stacks of their own.
 *
 * do_hv_exception() continues at the fix-up of the instruction, if it has one.
 * The pv_ ones and do_bad_bounce() run on the way to the guest, when its frame
 * is complete but cannot be used as it is: an event or NMI goes first, iretq
 * did not take the frame, the kernel's stack cannot be written.
 */
void do_guest_exception(struct cpu_regs *regs);
void do_guest_page_fault(struct cpu_regs *regs);
void do_hv_exception(struct cpu_regs *regs);
void do_nmi(struct cpu_regs *regs);
noreturn void do_double_fault(struct cpu_regs *regs);
noreturn void do_machine_check(struct cpu_regs *regs);
void do_debug_ist(struct cpu_regs *regs); /* from the hypervisor only */
void do_guest_syscall(struct cpu_regs *regs);
void do_guest_syscall32(struct cpu_regs *regs);
void do_guest_sysenter(struct cpu_regs *regs);
/* False: nothing was loaded, the domain has been crashed. */
bool do_iret_slow(struct cpu_regs *regs);
void do_bad_bounce(struct cpu_regs *regs);
void pv_failsafe(struct cpu_regs *regs);
void pv_deliver_event(struct cpu_regs *regs);
void pv_deliver_nmi(struct cpu_regs *regs);

/* entry.S: to the guest by the frame at the top of the stack, after pending
 * softirqs and events. */
noreturn void ret_to_guest_asm(void);
/* The stubs lie one behind the other: of vectors, and of CPUs. */
extern const char idt_stubs[], lstar_stubs[], cstar_stubs[], sysenter_entry[];
#define IDT_STUB_SIZE     16
#define SYSCALL_STUB_SIZE 32

/*
 * Make the current vcpu continue in its exception handler, as hardware would.
 * The error code counts only for vectors that have one. For #PF cr2 goes to
 * the guest's vcpu_info. A guest that cannot take it is crashed.
 */
void pv_inject_trap(struct vcpu *v, unsigned int vector, uint32_t error_code);
void pv_inject_page_fault(struct vcpu *v, uint64_t cr2, uint32_t error_code);
static inline void pv_inject_gp(struct vcpu *v, uint32_t error_code)
{
    pv_inject_trap(v, X86_TRAP_GP, error_code);
}
/* 'int n': the handler is entered without an error code, whatever the vector;
 * rip is behind the instruction. */
void pv_inject_software_interrupt(struct vcpu *v, unsigned int vector);
/* 'int n' that the guest may not use, or has no handler for: #GP, as if the
 * gate's level were too low; rip is at the instruction. */
static inline void pv_refuse_software_interrupt(struct vcpu *v,
                                                unsigned int vector)
{
    pv_inject_gp(v, vector * 8 + 2);
}

/* Recompute what the fast paths rely on (arch.flags, bounce_sp, sysret_cs). v
 * is current or cannot run: nothing else may write a vcpu's arch.flags. */
void pv_update_fast_paths(struct vcpu *v);

/* #GP and #UD of a guest: true if the instruction was emulated (rip moved) or
 * an exception was injected instead. */
bool pv_emulate_privileged_op(struct vcpu *v, struct cpu_regs *regs);
bool pv_emulate_forced_cpuid(struct vcpu *v, struct cpu_regs *regs);

#endif
