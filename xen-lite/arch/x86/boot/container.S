/* SPDX-License-Identifier: MIT */
/*
 * The file that boot loaders read: a 32-bit ELF header, one loadable segment,
 * the flat image. A 64-bit ELF would be refused by QEMU's -kernel, and its
 * link address is not physical anyway. Linked as a flat binary at 0.
 */
#include <asm/config.h>

#define EM_386  3
#define PT_LOAD 1

        .section .text, "ax", @progbits
elf_header:
        .byte   0x7f
        .ascii  "ELF"
        .byte   1, 1, 1, 0              /* 32 bit, little endian, current */
        .quad   0
        .short  2, EM_386               /* executable */
        .long   1, BOOT_PHYS_BASE + ENTRY_OFFSET
        .long   segment - elf_header, 0, 0
        .short  segment - elf_header, 32, 1, 40, 0, 0
segment:
        .long   PT_LOAD, image - elf_header
        .long   BOOT_PHYS_BASE, BOOT_PHYS_BASE
        .long   image_end - image, MEMORY_SIZE
        .long   7, 4096
        .balign 4096
image:
        .incbin IMAGE
image_end:
        .section .note.GNU-stack, "", @progbits
