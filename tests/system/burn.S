/* SPDX-License-Identifier: MIT */
/* A PV kernel that uses up its CPU for ever, and does nothing else. Linked at
 * 0x100000. */
        .macro note type, desc:vararg
        .balign 4
        .long 4, 2f - 1f, \type
        .asciz "Xen"
1:      \desc
2:
        .endm
        .section .note.Xen, "a", @note
        note 6, .asciz "burn"           /* GUEST_OS */
        note 5, .asciz "xen-3.0"        /* XEN_VERSION */
        note 8, .asciz "generic"        /* LOADER */
        note 3, .quad 0                 /* VIRT_BASE */
        note 1, .quad _start            /* ENTRY */

        .text
        .globl _start
_start: jmp _start
        .section .note.GNU-stack, "", @progbits
