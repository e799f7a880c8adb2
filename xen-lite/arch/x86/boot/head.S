/* SPDX-License-Identifier: MIT */
/*
 * From the boot loader's 32-bit mode to C in 64-bit mode.
 *
 * The loader may have put the image anywhere below 4 GiB (multiboot2 relocates
 * it, multiboot1 puts it at 1 MiB), so until paging is on every address is
 * image base (in %esi) + offset. Then:
 *
 *   1. check for long mode and NX: there is no hypervisor without them
 *   2. fill the page tables: physical memory below 4 GiB at 0 and in the
 *      direct map, the image at its link address with final permissions
 *   3. enter long mode, jump to the link address, call __start_xen()
 *
 * Application processors arrive from trampoline.S at ap_start.
 */
#include <asm/config.h>
#include <asm-offsets.h>

#define OFFS(sym)  ((sym) - XEN_VIRT_START)
#define PHYS(sym)  OFFS(sym)(%esi)

#define MB1_MAGIC  0x1badb002
#define MB1_FLAGS  0x3 /* modules page aligned, memory map wanted */
#define MB2_MAGIC  0xe85250d6

#define PTE_TABLE  0x63 /* present, writable, accessed, dirty */
#define PTE_LARGE  0xe3
#define PTE_RX     0x121 /* present, accessed, global */
#define PTE_RW     0x163
#define NX_HIGH    0x80000000

#define L3_SLOT(va) (((va) >> 30) & 511)
#define L4_SLOT(va) (((va) >> 39) & 511)

        .section .head, "ax", @progbits
        .code32
/* The loader looks for these in the first 8 and 32 KiB of the file. */
        .balign 8
multiboot1_header:
        .long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)

        .balign 8
multiboot2_header:
        .long MB2_MAGIC, 0, multiboot2_end - multiboot2_header
        .long -(MB2_MAGIC + (multiboot2_end - multiboot2_header))
        /* wanted: command line, modules, memory map */
        .short 1, 0
        .long 20, 1, 3, 6
        .balign 8
        .short 6, 0     /* modules page aligned */
        .long 8
        .short 10, 0    /* relocatable: range, 2 MiB steps, lowest first */
        .long 24, 0x100000, 0xf0000000, 0x200000, 1
        .short 4, 1     /* console: text if there is any; optional */
        .long 12, 2
        .balign 8
        .short 5, 1     /* frame buffer of any size where there is no text */
        .long 20, 0, 0, 0
        .balign 8
        .short 0, 0
        .long 8
multiboot2_end:

        .globl multiboot_entry
multiboot_entry:
        cli
        cld
        /*
         * The image's own address is not known, and there is no stack yet. The
         * loader's information block (%ebx) may be written, and its second word
         * can serve as one slot.
         */
        mov     4(%ebx), %edi
        lea     8(%ebx), %esp
        call    1f
1:      pop     %esi
        sub     $OFFS(1b), %esi
        mov     %edi, 4(%ebx)
        lea     PHYS(cpu0_stack + STACK_SIZE), %esp
        mov     %eax, PHYS(boot_magic)
        mov     %ebx, PHYS(boot_info_pa)
        mov     %esi, PHYS(xen_phys_start)
        jmp     start32

        .section .init.text, "ax", @progbits
        .code32
start32:
        mov     $0x80000000, %eax
        cpuid
        cmp     $0x80000001, %eax
        jb      no_long_mode
        mov     $0x80000001, %eax
        cpuid
        and     $((1 << 29) | (1 << 20)), %edx  /* LM, NX */
        cmp     $((1 << 29) | (1 << 20)), %edx
        jne     no_long_mode

        /* Physical memory below 4 GiB, in large pages. */
        lea     PHYS(boot_l2), %edi
        mov     $PTE_LARGE, %eax
        mov     $2048, %ecx
1:      mov     %eax, (%edi)
        add     $(1 << 21), %eax
        add     $8, %edi
        loop    1b
        lea     PHYS(boot_l2 + PTE_TABLE), %eax
        mov     %eax, PHYS(boot_l3)
        add     $4096, %eax
        mov     %eax, PHYS(boot_l3 + 8)
        add     $4096, %eax
        mov     %eax, PHYS(boot_l3 + 16)
        add     $4096, %eax
        mov     %eax, PHYS(boot_l3 + 24)
        lea     PHYS(boot_l3 + PTE_TABLE), %eax
        mov     %eax, PHYS(boot_l4)
        mov     %eax, PHYS(boot_l4 + 8 * L4_SLOT(DIRECTMAP_VIRT_START))

        /* The window of the image and the fixmap. */
        lea     PHYS(xen_l3 + PTE_TABLE), %eax
        mov     %eax, PHYS(boot_l4 + 8 * L4_SLOT(XEN_VIRT_START))
        lea     PHYS(image_l2 + PTE_TABLE), %eax
        mov     %eax, PHYS(xen_l3 + 8 * L3_SLOT(XEN_VIRT_START))
        lea     PHYS(image_l1 + PTE_TABLE), %eax
        mov     %eax, PHYS(image_l2)
        add     $4096, %eax
        mov     %eax, PHYS(image_l2 + 8)
        add     $4096, %eax
        mov     %eax, PHYS(image_l2 + 16)
        add     $4096, %eax
        mov     %eax, PHYS(image_l2 + 24)
        lea     PHYS(fixmap_l1 + PTE_TABLE), %eax
        mov     %eax, PHYS(image_l2 + 8 * 511)

        /* The image, permissions by section. */
        lea     PHYS(image_l1), %edi
        lea     PTE_RX(%esi), %eax
        xor     %edx, %edx
        mov     $OFFS(_etext), %ecx
        call    map_up_to
        mov     $NX_HIGH, %edx
        mov     $OFFS(_erodata), %ecx
        call    map_up_to
        xor     %edx, %edx
        mov     $OFFS(_einittext), %ecx
        call    map_up_to
        add     $(PTE_RW - PTE_RX), %eax
        mov     $NX_HIGH, %edx
        mov     $OFFS(_end), %ecx
        call    map_up_to

        /* Long mode, write protection for us too. */
        mov     %cr4, %eax
        or      $((1 << 5) | (1 << 7)), %eax    /* PAE, PGE */
        mov     %eax, %cr4
        lea     PHYS(boot_l4), %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx
        rdmsr
        or      $((1 << 11) | (1 << 8)), %eax   /* NX, LME */
        wrmsr
        mov     $0x80010033, %eax               /* PG WP NE ET MP PE */
        mov     %eax, %cr0

        lea     PHYS(boot_gdt - FIRST_RESERVED_GDT_BYTE), %eax
        mov     %eax, PHYS(boot_gdtr + 2)
        lgdt    PHYS(boot_gdtr)
        lea     PHYS(start64), %eax
        push    $HV_CS64
        push    %eax
        lret

/*
 * Page-table entries up to image offset %ecx.
 * In, kept up to date: %edi next entry, %eax its low word. %edx: high word.
 */
map_up_to:
        lea     (%ecx,%esi), %ecx
1:      mov     %eax, %ebx
        and     $0xfffff000, %ebx
        cmp     %ecx, %ebx
        jae     2f
        mov     %eax, (%edi)
        mov     %edx, 4(%edi)
        add     $8, %edi
        add     $4096, %eax
        jmp     1b
2:      ret

/* No console yet: text memory, then wait for the end. */
no_long_mode:
        lea     PHYS(no_long_mode_text), %esi
        mov     $0xb8000, %edi
        mov     $0x4f, %ah
1:      lodsb
        test    %al, %al
        jz      2f
        stosw
        jmp     1b
2:      hlt
        jmp     2b

        .code64
start64:
        movabs  $high_start, %rax
        jmp     *%rax

high_start:
        movabs  $boot_gdt - FIRST_RESERVED_GDT_BYTE, %rax
        mov     %rax, boot_gdtr + 2(%rip)
        lgdt    boot_gdtr(%rip)
        call    load_boot_segments
        lea     cpu0_stack + STACK_SIZE(%rip), %rsp
        mov     boot_magic(%rip), %edi
        mov     boot_info_pa(%rip), %esi
        lea     __start_xen(%rip), %rax
        jmp     enter_c

/* An AP, in long mode on boot_l4, straight from the trampoline. Its stack may
 * lie above the 4 GiB that boot_l4 maps: to our own root first. */
        .globl  ap_start
ap_start:
        mov     ap_root(%rip), %rax
        mov     %rax, %cr3
        lgdt    boot_gdtr(%rip)
        mov     ap_boot_stack(%rip), %rsp
        call    load_boot_segments
        lea     start_secondary(%rip), %rax

/* %rsp: end of a stack block. Leave the cpu_info at its top, which is zero, to
 * C. */
enter_c:
        push    $0
        popf
        sub     $CPU_INFO_SIZE, %rsp
        and     $~15, %rsp
        push    $0              /* in place of a return address */
        xor     %ebp, %ebp
        jmp     *%rax

/* CS, too: the return from an interrupt loads it again. */
load_boot_segments:
        mov     $HV_DS, %eax
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %fs
        mov     %eax, %gs
        pop     %rcx
        push    $HV_CS64
        push    %rcx
        lretq

        .section .init.data, "aw", @progbits
        .balign 8
/* Reached through a base of boot_gdt - FIRST_RESERVED_GDT_BYTE, so that the
 * selectors are the final ones. */
boot_gdt:
        .quad   0
        .quad   0x00af9b000000ffff      /* HV_CS64 */
        .quad   0x00cf93000000ffff      /* HV_DS */
        .short  0, 0, 0
boot_gdtr:
        .short  FIRST_RESERVED_GDT_BYTE + 23
        .quad   0
        .balign 8
        .globl  boot_magic, boot_info_pa, ap_boot_stack, ap_root
boot_magic:     .long 0
boot_info_pa:   .long 0
ap_boot_stack:  .quad 0
ap_root:        .quad 0
no_long_mode_text:
        .asciz  "xen-lite needs a 64-bit CPU with NX"

        .balign 4096
        .globl  boot_l4
boot_l4:        .skip 4096
boot_l3:        .skip 4096
boot_l2:        .skip 4 * 4096

        .section .data, "aw", @progbits
        .balign 8
        .globl  xen_phys_start
xen_phys_start: .quad 0

        .section .bss.page_aligned, "aw", @nobits
        .balign 4096
        .globl  xen_l3, image_l2, image_l1, fixmap_l1
xen_l3:         .skip 4096
image_l2:       .skip 4096
image_l1:       .skip 4 * 4096
fixmap_l1:      .skip 4096

        .section .bss.stack, "aw", @nobits
        .balign STACK_SIZE
        .globl  cpu0_stack
cpu0_stack:     .skip STACK_SIZE

        .section .note.GNU-stack, "", @progbits
