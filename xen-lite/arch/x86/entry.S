/* SPDX-License-Identifier: MIT */
/*
 * Exceptions and interrupts, and the way back to a guest.
 *
 * Every vector has a 16-byte stub that completes the hardware frame with an
 * error code and the vector number; then the general registers are saved, so
 * that the stack holds a struct cpu_regs. From a guest that frame is
 * cpu_info.guest_regs, because rsp0 points to its end; from ourselves it sits
 * lower down, and the way back is a plain restore.
 *
 * The way back to a guest tests for softirqs and for events, with interrupts
 * off, until there is nothing left to do.
 */
#include <asm/asm_defns.h>
#include <asm/config.h>
#include <asm-offsets.h>

        .section .text.entry, "ax", @progbits
        .code64

.macro SAVE_REGS
        push    %rdi
        push    %rsi
        push    %rdx
        push    %rcx
        push    %rax
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
.endm

/* ... and drop error code and vector */
.macro RESTORE_REGS
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rax
        pop     %rcx
        pop     %rdx
        pop     %rsi
        pop     %rdi
        add     $8, %rsp
.endm

/* Flags: gates clear IF, TF, NT; the rest is cleared here. */
.macro ENTER
        cld
        CLAC
        SAVE_REGS
        mov     %rsp, %rdi
.endm

/* --- stubs, one per vector ------------------------------------------------ */
.macro vector_stub n
        .balign 16, 0xcc
        .if !(\n == 8 || (\n >= 10 && \n <= 14) || \n == 17 || \n == 21)
        push    $0
        .endif
        movl    $\n, 4(%rsp)
        .if \n == 1
        jmp     handle_debug
        .elseif \n == 2
        jmp     handle_nmi
        .elseif \n == 8
        jmp     handle_double_fault
        .elseif \n == 14
        jmp     handle_page_fault
        .elseif \n == 18
        jmp     handle_machine_check
        .elseif \n < 32 || \n == 0x80
        jmp     handle_exception
        .else
        jmp     handle_irq
        .endif
.endm
        .balign 16, 0xcc
        .globl  idt_stubs
idt_stubs:
        .altmacro
        .set    vector, 0
        .rept   256
        vector_stub %vector
        .set    vector, vector + 1
        .endr
        .noaltmacro

/* --- exceptions ----------------------------------------------------------- */
        .balign 16, 0xcc
handle_page_fault:
        ENTER
        testb   $3, REGS_cs(%rsp)
        jz      exception_in_hv
        STRETCH_BEGINS do_guest_page_fault
        call    do_guest_page_fault
        cli
        jmp     ret_to_guest

handle_exception:
        ENTER
        testb   $3, REGS_cs(%rsp)
        jz      exception_in_hv
guest_exception:
        STRETCH_BEGINS do_guest_exception
        call    do_guest_exception
        cli
        jmp     ret_to_guest

exception_in_hv:
        call    do_hv_exception
restore_hv:
        RESTORE_REGS
        iretq

/* Debug exceptions and NMIs have stacks of their own, since one may hit in the
 * first instructions of a system call. A guest's moves to the usual place, and
 * goes back as any other: what its iret needs may be gone meanwhile. */
.macro MOVE_TO_GUEST_REGS
        mov     %rsp, %rsi
        or      $(STACK_SIZE - 1), %rdi
        lea     1 - CPU_INFO_SIZE(%rdi), %rdi
        mov     %rdi, %rdx
        mov     $(REGS_size / 8), %ecx
        rep movsq
        mov     %rdx, %rsp
        mov     %rdx, %rdi
.endm
handle_debug:
        ENTER
        testb   $3, REGS_cs(%rsp)
        jz      1f
        MOVE_TO_GUEST_REGS
        jmp     guest_exception
1:      call    do_debug_ist
        jmp     restore_hv

handle_nmi:
        ENTER
        testb   $3, REGS_cs(%rsp)
        jz      1f
        MOVE_TO_GUEST_REGS
        STRETCH_BEGINS do_nmi
        call    do_nmi
        jmp     ret_to_guest
1:      call    do_nmi
        jmp     restore_hv

handle_double_fault:
        ENTER
        call    do_double_fault
        ud2

handle_machine_check:
        ENTER
        call    do_machine_check
        ud2

/* --- interrupts ----------------------------------------------------------- */
        .balign 16, 0xcc
handle_irq:
        ENTER
        testb   $3, REGS_cs(%rsp)
        jz      1f
        STRETCH_BEGINS do_IRQ
        call    do_IRQ
        jmp     ret_to_guest
1:      call    do_IRQ
        jmp     restore_hv

/* --- back to the guest ----------------------------------------------------
 * Interrupts are off, rsp is at guest_regs, which is complete. */
        .balign 16, 0xcc
        .globl  ret_to_guest
ret_to_guest:
        cmpl    $0, CPUINFO_softirq_pending(%rsp)
        jne     exit_softirq
        mov     CPUINFO_current(%rsp), %rdi
        mov     VCPU_vcpu_info(%rdi), %rax
        cmpb    $0, VINFO_pending(%rax)
        jne     exit_event
1:      cmpb    $0, VCPU_nmi_pending(%rdi)
        jne     exit_nmi
2:      STRETCH_ENDS
        RESTORE_REGS
guest_iretq:
        iretq
        ex_table guest_iretq, guest_iretq_failed

exit_softirq:
        sti
        call    do_softirq
        cli
        jmp     ret_to_guest
exit_event:
        cmpb    $0, VINFO_mask(%rax)
        jne     1b
        mov     %rsp, %rdi
        call    pv_deliver_event
        jmp     ret_to_guest
exit_nmi:
        testl   $TF_NMI_BLOCKED, VCPU_flags(%rdi)
        jnz     2b                              /* its iret comes by here */
        mov     %rsp, %rdi
        call    pv_deliver_nmi
        jmp     ret_to_guest

/* The guest's selectors or rip are not what iretq accepts. The fault left
 * everything but error code and vector where it was. */
        .globl  guest_iretq_failed
guest_iretq_failed:
        push    $0
        SAVE_REGS
        mov     %rsp, %rdi
        call    pv_failsafe
        jmp     ret_to_guest

/* From C, after a context switch: forget the stack. Interrupts are off. */
        .globl  ret_to_guest_asm
ret_to_guest_asm:
        or      $(STACK_SIZE - 1), %rsp
        lea     1 - CPU_INFO_SIZE(%rsp), %rsp
        jmp     ret_to_guest

/* idle_loop() on an empty stack */
        .globl  enter_idle_loop
enter_idle_loop:
        or      $(STACK_SIZE - 1), %rsp
        lea     1 - CPU_INFO_SIZE(%rsp), %rsp
        and     $~15, %rsp
        xor     %ebp, %ebp
        call    idle_loop
        ud2

        .section .note.GNU-stack, "", @progbits
