/* SPDX-License-Identifier: MIT */
/*
 * Start of day and trap entry of a tiny PV guest: the ELF notes that a loader
 * reads, the entry point, one stub a vector, and the event entry.
 *
 * NOTES_LEFT_OUT: bit 0 leaves out INIT_P2M, bit 1 MOD_START_PFN.
 */
#ifndef NOTES_LEFT_OUT
#define NOTES_LEFT_OUT 0
#endif
        .macro note type, desc:vararg
        .long 4, 8f - 7f, \type
        .asciz "Xen"
7:      \desc
8:      .balign 4
        .endm

        .section .note.Xen, "a", @note
        note 6, .asciz "tinypv"                 /* GUEST_OS */
        note 7, .asciz "1"                      /* GUEST_VERSION */
        note 5, .asciz "xen-3.0"                /* XEN_VERSION */
        note 8, .asciz "generic"                /* LOADER */
        note 9, .asciz "yes"                    /* PAE_MODE */
        note 3, .quad VIRT_BASE                 /* VIRT_BASE */
        note 4, .quad 0                         /* PADDR_OFFSET */
        note 1, .quad _start                    /* ENTRY */
        .if !(NOTES_LEFT_OUT & 1)
        note 15, .quad 0x0000008000000000       /* INIT_P2M */
        .endif
        .if !(NOTES_LEFT_OUT & 2)
        note 16, .quad 1                        /* MOD_START_PFN */
        .endif
        note 14, .long 1                        /* SUSPEND_CANCEL */
        note 17, .long 0x8801                   /* SUPPORTED_FEATURES */

        .section .text.start, "ax"
        .globl _start
_start: cld
        mov     %rsp, initial_rsp(%rip)
        lea     boot_stack_end(%rip), %rsp
        mov     %rsi, %rdi
        xor     %ebp, %ebp
        call    pv_start
        ud2

/*
 * The hypervisor pushes rcx, r11, [error code], rip, cs, rflags, rsp, ss. Each
 * stub leaves rcx and r11 in their registers and this on the stack:
 *
 *      vector, error, rip, cs, rflags, rsp, ss
 */
        .macro stub vector
        .balign 16
stub_\vector:
        pop     %rcx
        pop     %r11
        .if !((\vector == 8) || (\vector >= 10 && \vector <= 14) || (\vector == 17))
        push    $0
        .endif
        push    $\vector
        jmp     trap_common
        .endm

        .text
        .altmacro
        .macro stub_of n
        stub    \n
        .endm
        .set    i, 0
        .rept   256
        stub_of %i
        .set    i, i + 1
        .endr

        .macro  save_regs
        push    %r11
        push    %rcx
        push    %rdi
        push    %rsi
        push    %rdx
        push    %rax
        push    %r10
        push    %r8
        push    %r9
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        .endm

trap_common:
        save_regs
        mov     %rsp, %rdi
        mov     %rsp, %rbp
        and     $-16, %rsp
        call    trap_dispatch
        mov     %rbp, %rsp
trap_return:
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        pop     %r9
        pop     %r8
        pop     %r10
        pop     %rax
        pop     %rdx
        pop     %rsi
        pop     %rdi
        pop     %rcx
        pop     %r11
        add     $16, %rsp               /* vector, error */
        push    $0                      /* flags of the iret frame */
        push    %rcx
        push    %r11
        push    %rax
        mov     $23, %eax               /* __HYPERVISOR_iret */
        syscall
        ud2

        .globl event_entry
event_entry:
        pop     %rcx
        pop     %r11
        push    $0
        push    $0x100
        save_regs
        mov     %rsp, %rdi
        mov     %rsp, %rbp
        and     $-16, %rsp
        call    event_dispatch
        mov     %rbp, %rsp
        jmp     trap_return

/* The saved segments could not be loaded on the way back: a broken guest. */
        .globl failsafe_entry
failsafe_entry:
        ud2

        .globl vcpu_entry
vcpu_entry:                             /* rdi: function */
        cld
        xor     %ebp, %ebp
        call    *%rdi
        ud2

/* int try_call_asm(fn, arg): saves the callee-saved registers so that a trap
 * handler can return from here with the vector. */
        .globl try_call_asm
try_call_asm:
        push    %rbp
        push    %rbx
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, try_rsp(%rip)
        mov     %rdi, %rax
        mov     %rsi, %rdi
        sub     $8, %rsp
        call    *%rax
        add     $8, %rsp
        mov     $-1, %eax
        .globl  try_return
try_return:
        movq    $0, try_rsp(%rip)
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbx
        pop     %rbp
        ret

        .section .rodata
        .globl notes_left_out
        .balign 8
notes_left_out:
        .long   NOTES_LEFT_OUT
        .globl trap_stubs
        .balign 8
trap_stubs:
        .macro stub_addr n
        .quad   stub_\n
        .endm
        .set    i, 0
        .rept   256
        stub_addr %i
        .set    i, i + 1
        .endr

        .bss
        .globl  try_rsp, initial_rsp
        .balign 16
try_rsp: .skip 8
initial_rsp: .skip 8
        .balign 4096
        .globl  boot_stack
boot_stack:
        .skip   16384
boot_stack_end:
        .section .note.GNU-stack, "", @progbits
