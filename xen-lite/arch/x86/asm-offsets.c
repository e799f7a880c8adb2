/* SPDX-License-Identifier: MIT */
/*
 * Numbers that assembly needs from C structures. Compiled to assembly only;
 * build.mk turns the marked lines into asm-offsets.h.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <asm/current.h>
#include <asm/traps.h>

#define DEFINE(name, value)                                                    \
    asm volatile("\n.ascii \"->" #name " %0\"" ::"i"(value))
#define OFFSET(name, type, member) DEFINE(name, offsetof(type, member))
#define REGS(member)               OFFSET(REGS_##member, struct cpu_regs, member)

void asm_offsets(void);
void asm_offsets(void)
{
    REGS(r15);
    REGS(r14);
    REGS(r13);
    REGS(r12);
    REGS(rbp);
    REGS(rbx);
    REGS(r11);
    REGS(r10);
    REGS(r9);
    REGS(r8);
    REGS(rax);
    REGS(rcx);
    REGS(rdx);
    REGS(rsi);
    REGS(rdi);
    REGS(error_code);
    REGS(entry_vector);
    REGS(rip);
    REGS(cs);
    OFFSET(REGS_upcall_mask, struct cpu_regs, saved_upcall_mask);
    REGS(rflags);
    REGS(rsp);
    REGS(ss);
    DEFINE(REGS_size, sizeof(struct cpu_regs));

    /* guest_regs comes first: these count from it. */
    OFFSET(CPUINFO_current, struct cpu_info, current_vcpu);
    OFFSET(CPUINFO_softirq_pending, struct cpu_info, softirq_pending);
    OFFSET(CPUINFO_stretch_start, struct cpu_info, stretch_start);
    OFFSET(CPUINFO_stretch_what, struct cpu_info, stretch_what);
    DEFINE(CPU_INFO_SIZE, sizeof(struct cpu_info));

    OFFSET(VCPU_cr3_kernel, struct vcpu, arch.cr3_kernel);
    OFFSET(VCPU_cr3_user, struct vcpu, arch.cr3_user);
    OFFSET(VCPU_bounce_sp, struct vcpu, arch.bounce_sp);
    OFFSET(VCPU_syscall_callback, struct vcpu, arch.syscall_callback);
    OFFSET(VCPU_flags, struct vcpu, arch.flags);
    OFFSET(VCPU_sysret_cs, struct vcpu, arch.sysret_cs);
    OFFSET(VCPU_nmi_pending, struct vcpu, arch.nmi_pending);
    OFFSET(VCPU_vcpu_info, struct vcpu, vcpu_info);
    OFFSET(VINFO_pending, struct vcpu_info, evtchn_upcall_pending);
    OFFSET(VINFO_mask, struct vcpu_info, evtchn_upcall_mask);

    OFFSET(IRET_rax, struct iret_context, rax);
    OFFSET(IRET_r11, struct iret_context, r11);
    OFFSET(IRET_rcx, struct iret_context, rcx);
    OFFSET(IRET_rip, struct iret_context, rip);
    OFFSET(IRET_cs, struct iret_context, cs);
    OFFSET(IRET_rflags, struct iret_context, rflags);
    OFFSET(IRET_rsp, struct iret_context, rsp);
    OFFSET(IRET_ss, struct iret_context, ss);

    DEFINE(SYSCALL_CELL_size, sizeof(struct syscall_cell));
    DEFINE(X86_EFLAGS_IF, X86_EFLAGS_IF);
    DEFINE(RFLAGS_ODD, RFLAGS_ODD);
    DEFINE(RFLAGS_NEVER, RFLAGS_NEVER);
    DEFINE(TF_KERNEL_MODE, TF_KERNEL_MODE);
    DEFINE(TF_NMI_BLOCKED, TF_NMI_BLOCKED);
    DEFINE(TRAP_syscall, TRAP_syscall);
    DEFINE(TRAP_iret, TRAP_iret);
    DEFINE(HC_iret, __HYPERVISOR_iret);
    DEFINE(HC_count, NR_HYPERCALLS);
    DEFINE(HC_enosys, -ENOSYS);
}
