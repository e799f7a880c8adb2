/* SPDX-License-Identifier: MIT */
/*
 * Where an application processor wakes up: real mode, in a page below 1 MiB
 * that smpboot.c fills with a copy of this code and the variables at its end.
 * It goes to 32-bit mode and on to long mode on boot_l4 (which maps this page
 * at its physical address), then jumps to ap_start in the image.
 */
#include <asm/config.h>

#define OFF(sym) ((sym) - trampoline_start)

        .section .init.data, "aw", @progbits
        .balign 16
        .globl  trampoline_start, trampoline_end, trampoline_cr3
        .code16
trampoline_start:
        cli
        cld
        mov     %cs, %ax
        mov     %ax, %ds
        movzwl  %ax, %ebx
        shl     $4, %ebx                /* physical base of this page */
        lea     OFF(gdt)(%ebx), %eax
        mov     %eax, OFF(gdtr) + 2
        lea     OFF(enter32)(%ebx), %eax
        mov     %eax, OFF(far32)
        lea     OFF(enter64)(%ebx), %eax
        mov     %eax, OFF(far64)
        lgdtl   OFF(gdtr)
        mov     %cr0, %eax
        or      $1, %al
        mov     %eax, %cr0
        ljmpl   *OFF(far32)

        .code32
enter32:
        mov     $24, %eax
        mov     %eax, %ds
        mov     %eax, %ss
        mov     %cr4, %eax
        or      $((1 << 5) | (1 << 7)), %eax    /* PAE, PGE */
        mov     %eax, %cr4
        mov     OFF(trampoline_cr3)(%ebx), %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx
        rdmsr
        or      $((1 << 11) | (1 << 8)), %eax   /* NX, LME */
        wrmsr
        mov     $0x80010033, %eax               /* PG WP NE ET MP PE */
        mov     %eax, %cr0
        ljmpl   *OFF(far64)(%ebx)

        .code64
enter64:
        jmp     *OFF(target)(%rbx)

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff      /* 8: 32-bit code */
        .quad   0x00af9b000000ffff      /* 16: 64-bit code */
        .quad   0x00cf93000000ffff      /* 24: data */
gdtr:   .short  31
        .long   0
        .balign 4
far32:  .long   0
        .short  8
        .balign 4
far64:  .long   0
        .short  16
        .balign 8
target: .quad   ap_start
trampoline_cr3:
        .quad   0
trampoline_end:
        .section .note.GNU-stack, "", @progbits
