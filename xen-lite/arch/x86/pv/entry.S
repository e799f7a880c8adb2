/* SPDX-License-Identifier: MIT */
/*
 * System calls: from guest user mode to the guest kernel, hypercalls, iret.
 *
 * These three are what a PV Linux pays most for, so the common case of each is
 * done here, without C and without a complete register frame. All tests that
 * can be made in advance are (arch.flags, bounce_sp, sysret_cs: see
 * pv_update_fast_paths()). Everything else completes the frame and goes to C.
 *
 * syscall arrives with interrupts off and the guest's rsp. Each CPU has a stub
 * of its own, so that it can save rsp relative to rip. After the stub
 *
 *      rsp      &guest_regs - 8
 *      (rsp)    the guest's rsp
 *      rcx, r11 the guest's rip and rflags
 *
 * No event test is needed on the way to the guest unless the path unmasked
 * events: whatever becomes pending meanwhile comes with an interrupt, which
 * stays pending until the guest runs.
 *
 * Interrupted by an NMI anywhere here, GS is the guest's and we do not care.
 */
#include <asm/asm_defns.h>
#include <asm/config.h>
#include <asm-offsets.h>

        .section .text.entry, "ax", @progbits
        .code64

.macro syscall_stubs name, target
        .balign 32, 0xcc
        .globl  \name
\name:
        .set    cell, 0
        .rept   64              /* NR_CPUS */
        .balign 32, 0xcc
        mov     %rsp, syscall_cells + cell(%rip)
        mov     syscall_cells + cell + 8(%rip), %rsp
        pushq   syscall_cells + cell(%rip)
        jmp     \target
        .set    cell, cell + SYSCALL_CELL_size
        .endr
.endm
        syscall_stubs lstar_stubs, syscall64
        syscall_stubs cstar_stubs, syscall32

/* After `popq REGS_rsp(%rsp)`: the rest of a frame whose rdx is saved. */
.macro COMPLETE_FRAME cs
        movq    $0, REGS_error_code(%rsp)
        movl    $TRAP_syscall, REGS_entry_vector(%rsp)
        movq    $\cs, REGS_cs(%rsp)
        movq    $FLAT_DS, REGS_ss(%rsp)
        mov     %rcx, REGS_rip(%rsp)
        mov     %r11, REGS_rflags(%rsp)
        mov     %rcx, REGS_rcx(%rsp)
        mov     %r11, REGS_r11(%rsp)
        mov     %rax, REGS_rax(%rsp)
        mov     %rdi, REGS_rdi(%rsp)
        mov     %rsi, REGS_rsi(%rsp)
        mov     %r8, REGS_r8(%rsp)
        mov     %r9, REGS_r9(%rsp)
        mov     %r10, REGS_r10(%rsp)
        SAVE_PRESERVED
.endm
/* The registers that C functions preserve are still the guest's after a
 * call. */
.macro SAVE_PRESERVED
        mov     %rbx, REGS_rbx(%rsp)
        mov     %rbp, REGS_rbp(%rsp)
        mov     %r12, REGS_r12(%rsp)
        mov     %r13, REGS_r13(%rsp)
        mov     %r14, REGS_r14(%rsp)
        mov     %r15, REGS_r15(%rsp)
.endm

        .balign 64, 0xcc
syscall64:
        mov     %rdx, 8 + REGS_rdx(%rsp)
        mov     8 + CPUINFO_current(%rsp), %rdx
        cmpl    $0, VCPU_flags(%rdx)
        js      hypercall
        jnz     user_slow

/* --- user mode: into the guest kernel --------------------------------------
 * Frame: rcx, r11, rip, cs, rflags, rsp, ss. Events get masked; if they were
 * before (user mode never sets that), C builds the frame. */
        mov     %rax, 8 + REGS_rax(%rsp)
        mov     VCPU_vcpu_info(%rdx), %rax
        cmpb    $0, VINFO_mask(%rax)
        jne     user_masked
        movb    $1, VINFO_mask(%rax)
        mov     VCPU_cr3_kernel(%rdx), %rax
        mov     %rax, %cr3
        swapgs
        movl    $TF_KERNEL_MODE, VCPU_flags(%rdx)
        mov     VCPU_bounce_sp(%rdx), %rax
        STAC
bounce_0: mov   %rcx, -56(%rax)
bounce_1: mov   %r11, -48(%rax)
bounce_2: mov   %rcx, -40(%rax)
bounce_3: movq  $FLAT_CS64, -32(%rax)
bounce_4: mov   %r11, -24(%rax)
        mov     (%rsp), %rcx
bounce_5: mov   %rcx, -16(%rax)
bounce_6: movq  $FLAT_DS, -8(%rax)
        CLAC
        mov     VCPU_syscall_callback(%rdx), %rcx
        lea     -56(%rax), %r11
        mov     8 + REGS_rdx(%rsp), %rdx
        mov     8 + REGS_rax(%rsp), %rax
        mov     %r11, %rsp
        mov     $X86_EFLAGS_IF | 2, %r11d
        sysretq
        .irp    n, 0, 1, 2, 3, 4, 5, 6
        ex_table bounce_\n, bounce_fault
        .endr

user_masked:
        mov     8 + REGS_rax(%rsp), %rax
user_slow:
        popq    REGS_rsp(%rsp)
        COMPLETE_FRAME FLAT_CS64
        mov     %rsp, %rdi
        call    do_guest_syscall
        cli
        jmp     ret_to_guest

/* The guest kernel's stack cannot be written. */
bounce_fault:
        CLAC
        mov     8 + REGS_rax(%rsp), %rax
        popq    REGS_rsp(%rsp)
        COMPLETE_FRAME FLAT_CS64
        mov     %rsp, %rdi
        call    do_bad_bounce
        jmp     ret_to_guest

/* --- kernel mode: hypercalls ------------------------------------------------
 * Number in rax; arguments in rdi, rsi, rdx, r10, r8, r9. Saved is what C may
 * clobber; the rest of the frame is only completed for a slow exit. */
        .balign 64, 0xcc
hypercall:
        cmp     $HC_iret, %rax
        je      iret_hypercall
        popq    REGS_rsp(%rsp)
        mov     %rcx, REGS_rip(%rsp)
        mov     %r11, REGS_rflags(%rsp)
        mov     %rdi, REGS_rdi(%rsp)
        mov     %rsi, REGS_rsi(%rsp)
        mov     %r8, REGS_r8(%rsp)
        mov     %r9, REGS_r9(%rsp)
        mov     %r10, REGS_r10(%rsp)
        sti
        cmp     $HC_count, %rax
        jae     no_such_call
        lea     hypercall_table(%rip), %rcx
        mov     (%rcx, %rax, 8), %rax
        test    %rax, %rax
        jz      no_such_call
        STRETCH_BEGINS
        mov     REGS_rdx(%rsp), %rdx
        mov     %r10, %rcx
        call    *%rax
        STRETCH_ENDS
hypercall_done:
        cli
        cmpl    $0, CPUINFO_softirq_pending(%rsp)
        jne     hypercall_slow_exit
        mov     CPUINFO_current(%rsp), %rdx
        mov     VCPU_vcpu_info(%rdx), %rcx
        cmpb    $0, VINFO_pending(%rcx)
        jne     hypercall_event
2:      mov     REGS_rip(%rsp), %rcx
        cmp     guest_high_start(%rip), %rcx    /* sysret: canonical only */
        jb      hypercall_slow_exit
        mov     REGS_rflags(%rsp), %r11
        mov     REGS_rdi(%rsp), %rdi
        mov     REGS_rsi(%rsp), %rsi
        mov     REGS_rdx(%rsp), %rdx
        mov     REGS_r8(%rsp), %r8
        mov     REGS_r9(%rsp), %r9
        mov     REGS_r10(%rsp), %r10
        mov     REGS_rsp(%rsp), %rsp
        sysretq

hypercall_event:
        cmpb    $0, VINFO_mask(%rcx)
        jne     2b
hypercall_slow_exit:
        SAVE_PRESERVED
        cmpl    $TRAP_iret, REGS_entry_vector(%rsp)
        movl    $TRAP_syscall, REGS_entry_vector(%rsp)
        je      ret_to_guest
        mov     REGS_rip(%rsp), %rcx
        mov     REGS_rflags(%rsp), %r11
        mov     %rcx, REGS_rcx(%rsp)
        mov     %r11, REGS_r11(%rsp)
        mov     %rax, REGS_rax(%rsp)
        movq    $FLAT_CS64, REGS_cs(%rsp)
        movq    $FLAT_DS, REGS_ss(%rsp)
        jmp     ret_to_guest

no_such_call:
        mov     $HC_enosys, %rax
        jmp     hypercall_done

/* long hypercall_invoke(hypercall_fn_t fn, const unsigned long args[6]) */
        .globl  hypercall_invoke
hypercall_invoke:
        mov     %rdi, %rax
        mov     (%rsi), %rdi
        mov     2*8(%rsi), %rdx
        mov     3*8(%rsi), %rcx
        mov     4*8(%rsi), %r8
        mov     5*8(%rsi), %r9
        mov     1*8(%rsi), %rsi
        jmp     *%rax

/* --- kernel mode: iret ------------------------------------------------------
 * Here: back to user mode from a system call, that is rcx = rip, r11 = rflags,
 * the selectors of the guest's flat user segments, and nothing odd in rflags.
 * Each word of the guest's frame is read once. */
        .balign 64, 0xcc
iret_hypercall:
        mov     (%rsp), %rcx
        cmp     guest_high_start(%rip), %rcx
        jb      iret_slow
        STAC
iret_0: mov     IRET_rip(%rcx), %r11
iret_1: cmp     IRET_rcx(%rcx), %r11
        jne     iret_general
        cmp     guest_low_end(%rip), %r11       /* sysret: canonical only */
        jae     iret_general
iret_2: mov     IRET_cs(%rcx), %eax
        cmp     VCPU_sysret_cs(%rdx), %eax
        jne     iret_general
iret_3: cmpl    $USER_SS, IRET_ss(%rcx)
        jne     iret_general
iret_4: mov     IRET_rflags(%rcx), %rax
iret_5: cmp     IRET_r11(%rcx), %rax
        jne     iret_general
        xor     $X86_EFLAGS_IF, %eax
        test    $RFLAGS_ODD | X86_EFLAGS_IF, %eax
        jnz     iret_general
iret_6: pushq   IRET_rsp(%rcx)
iret_7: pushq   IRET_rax(%rcx)
        CLAC
        mov     %r11, %rcx
        lea     X86_EFLAGS_IF(%rax), %r11
        mov     VCPU_vcpu_info(%rdx), %rax
        movb    $0, VINFO_mask(%rax)
        cmpb    $0, VINFO_pending(%rax)
        jne     iret_event
        mov     VCPU_cr3_user(%rdx), %rax
        test    %rax, %rax
        jz      iret_event              /* no user root: C says so */
        mov     %rax, %cr3
        swapgs
        movl    $0, VCPU_flags(%rdx)
        mov     16 + 8 + REGS_rdx(%rsp), %rdx
        pop     %rax
        pop     %rsp
        sysretq
        .irp    n, 0, 1, 2, 3, 4, 5
        ex_table iret_\n, iret_slow_clac
        .endr
        ex_table iret_6, iret_slow_clac
        ex_table iret_7, iret_pop_1

iret_event:
        pop     %rax
iret_pop_1:
        pop     %rax
        jmp     iret_slow_clac

/*
 * Any other frame: back to kernel mode, or to user mode after an exception. rip
 * and selectors may be bad; the CPU judges. C does it if events wait, or if
 * something about this vcpu is unusual. Each word is read once, and nothing
 * changes before the last is read.
 */
        .balign 64, 0xcc
iret_general:
        mov     %rdi, 8 + REGS_rdi(%rsp)
        cmpl    $TF_KERNEL_MODE, VCPU_flags(%rdx)
        jne     general_slow
        mov     VCPU_vcpu_info(%rdx), %rdi
general_0: movzwl IRET_cs(%rcx), %r11d
general_1: mov  IRET_rflags(%rcx), %eax
        xor     $X86_EFLAGS_IF, %eax
        test    $X86_EFLAGS_IF, %eax
        jnz     1f
        cmpb    $0, VINFO_pending(%rdi)
        jne     general_slow
1:      btr     $9, %eax                        /* IF: CF = events masked */
        setc    8 + REGS_upcall_mask(%rsp)
        and     $~RFLAGS_NEVER, %eax
        or      $X86_EFLAGS_IF | 2, %eax
        mov     %rax, 8 + REGS_rflags(%rsp)
general_2: mov  IRET_rip(%rcx), %rax
        mov     %rax, 8 + REGS_rip(%rsp)
general_3: mov  IRET_rsp(%rcx), %rax
        mov     %rax, 8 + REGS_rsp(%rsp)
general_4: movzwl IRET_ss(%rcx), %eax
        or      $3, %eax
        mov     %rax, 8 + REGS_ss(%rsp)
general_5: mov  IRET_rax(%rcx), %rax
        mov     %rax, 8 + REGS_rax(%rsp)
general_6: mov  IRET_r11(%rcx), %rax
        mov     %rax, 8 + REGS_r11(%rsp)
general_7: mov  IRET_rcx(%rcx), %rcx
        CLAC
        mov     %r11d, %eax
        or      $3, %eax
        mov     %ax, 8 + REGS_cs(%rsp)
        mov     8 + REGS_upcall_mask(%rsp), %al
        mov     %al, VINFO_mask(%rdi)
        not     %r11d
        test    $3, %r11b
        jnz     2f                              /* RPL 0: kernel mode */
        mov     VCPU_cr3_user(%rdx), %rax
        test    %rax, %rax
        jz      general_slow
        mov     %rax, %cr3
        swapgs
        movl    $0, VCPU_flags(%rdx)
2:      mov     8 + REGS_rdi(%rsp), %rdi
        mov     8 + REGS_rdx(%rsp), %rdx
        mov     8 + REGS_r11(%rsp), %r11
        mov     8 + REGS_rax(%rsp), %rax
        add     $8 + REGS_rip, %rsp
general_iretq:
        iretq
        ex_table general_iretq, guest_iretq_failed
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7
        ex_table general_\n, general_slow
        .endr

general_slow:
        mov     8 + REGS_rdi(%rsp), %rdi
iret_slow_clac:
        CLAC
iret_slow:
        /* rip and rflags of this frame are replaced by what iret asks for. */
        popq    REGS_rsp(%rsp)
        COMPLETE_FRAME FLAT_CS64
        mov     %rsp, %rdi
        call    do_iret_slow
        cli
        jmp     ret_to_guest

/* --- 32-bit user programs ------------------------------------------------- */
        .balign 16, 0xcc
syscall32:
        mov     %rdx, 8 + REGS_rdx(%rsp)
        popq    REGS_rsp(%rsp)
        mov     %ecx, %ecx
        COMPLETE_FRAME FLAT_CS32
        mov     %rsp, %rdi
        call    do_guest_syscall32
        cli
        jmp     ret_to_guest

/* rsp comes from an MSR: the end of guest_regs. rip, rsp and rflags are lost;
 * user space knows where it returns to. sysenter clears IF only. */
        .balign 16, 0xcc
        .globl  sysenter_entry
sysenter_entry:
        lea     -REGS_size(%rsp), %rsp
        mov     %rdx, REGS_rdx(%rsp)
        movq    $0, REGS_rsp(%rsp)
        pushfq
        pushq   $2
        popfq
        mov     %r11, 8 + REGS_r11(%rsp)
        mov     %rcx, 8 + REGS_rcx(%rsp)
        pop     %r11
        or      $X86_EFLAGS_IF, %r11
        xor     %ecx, %ecx
        COMPLETE_FRAME FLAT_CS32
        mov     %rsp, %rdi
        call    do_guest_sysenter
        cli
        jmp     ret_to_guest

        .section .rodata, "a", @progbits
        .balign 8
/* Guest addresses lie below the one or from the other on. */
guest_low_end:    .quad GUEST_LOW_END
guest_high_start: .quad HYPERVISOR_VIRT_END

        .section .note.GNU-stack, "", @progbits
