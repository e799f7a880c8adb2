/* SPDX-License-Identifier: MIT */
/*
 * Layout of the image. Each part is a whole number of pages with one
 * permission (head.S maps them so). The init part sits between the read-only
 * and the writable one; its frames go to the heap before dom0 runs. What opens
 * dom0's kernel goes there whole: common/kernel and, from archives, the
 * decompressors. ('?' stands for '/', which would begin a comment.)
 */
#include <asm/config.h>

ENTRY(multiboot_entry)
PHDRS
{
    image PT_LOAD FLAGS(7);
    note PT_NOTE FLAGS(4);
}
SECTIONS
{
    . = XEN_VIRT_START;
    _start = .;
    .text : {
        _stext = .;
        *(.head)
        *(.text.entry .text.entry.*)
        *(EXCLUDE_FILE(*.a *common?kernel?*.o) .text EXCLUDE_FILE(*.a *common?kernel?*.o) .text.*)
        . = ALIGN(4096);
        _etext = .;
    } :image = 0xcccccccc

    .rodata : {
        _srodata = .;
        *(EXCLUDE_FILE(*.a *common?kernel?*.o) .rodata EXCLUDE_FILE(*.a *common?kernel?*.o) .rodata.*)
        *(EXCLUDE_FILE(*.a *common?kernel?*.o) .data.rel.ro EXCLUDE_FILE(*.a *common?kernel?*.o) .data.rel.ro.*)
        . = ALIGN(8);
        __ex_table_start = .;
        KEEP(*(.ex_table))
        __ex_table_end = .;
        __smap_sites_start = .;
        KEEP(*(.smap_sites))
        __smap_sites_end = .;
    } :image
    .note.gnu.build-id : {
        __build_id_start = .;
        KEEP(*(.note.gnu.build-id))
        __build_id_end = .;
    } :image :note
    .rodata.end : {
        . = ALIGN(4096);
        _erodata = .;
    } :image

    __init_begin = .;
    .init.text : {
        _sinittext = .;
        *(.init.text .init.text.*)
        *.a:*(.text .text.*)
        *common?kernel?*.o(.text .text.*)
        . = ALIGN(4096);
        _einittext = .;
    } :image = 0xcccccccc
    .init.data : {
        _sinitdata = .;
        *(.init.data .init.data.* .init.rodata .init.rodata.*)
        *.a:*(.rodata .rodata.* .data.rel.ro .data.rel.ro.* .data .data.*)
        *.a:*(.bss .bss.* COMMON .init_array .init_array.*)
        *common?kernel?*.o(.rodata .rodata.* .data.rel.ro .data.rel.ro.* .data .data.*)
        *common?kernel?*.o(.bss .bss.* COMMON)
        . = ALIGN(8);
        __options_start = .;
        KEEP(*(.init.options))
        __options_end = .;
        . = ALIGN(4096);
    } :image
    /* The writable part begins with a page of data and the boot CPU's stack:
     * what the stack's alignment costs are pages that are freed. */
    . = ALIGN(. + 4096, STACK_SIZE) - 4096;
    _einitdata = .;
    __init_end = .;

    .data : {
        _sdata = .;
        *(.data.read_mostly)
        *(.data .data.* .got .got.plt .igot .igot.plt)
        . = ALIGN(4096);
    } :image
    .bss (NOLOAD) : {
        *(.bss.stack)
        *(.bss.page_aligned .bss.page_aligned.*)
        . = ALIGN(128);
        __per_cpu_start = .;
        *(.bss.percpu)
        . = ALIGN(128);
        __per_cpu_end = .;
        *(.bss .bss.* COMMON)
        . = ALIGN(4096);
    } :image
    _end = .;

    /* A fixed link address leaves nothing to relocate at run time. */
    .rela : { *(.rela.* .iplt .rela.iplt) }
    ASSERT(SIZEOF(.rela) == 0, "dynamic relocations in the image")

    /DISCARD/ : {
        *(.eh_frame .comment .note.GNU-stack .note.gnu.property .interp
          .dynamic .dynsym .dynstr .hash .gnu.hash)
    }
}
ASSERT(_end <= XEN_VIRT_END, "the image outgrew its window")
ASSERT((cpu0_stack & (STACK_SIZE - 1)) == 0, "the boot stack is not aligned")
