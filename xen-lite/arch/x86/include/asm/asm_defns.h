/* SPDX-License-Identifier: MIT */
/*
 * Code locations with a second meaning, for C and assembly alike.
 *
 * .ex_table    an instruction that may fault, and where to go on if it does
 * .smap_sites  three-byte no-ops that become stac or clac at boot, when the
 *              CPU has SMAP: no test is left on the paths that use them
 *
 * The linker gathers each section into one table, between symbols of its own
 * (xen.lds.S). Entries are offsets from their own place, so a table is half as
 * big as one of addresses.
 */
#ifndef ASM_ASM_DEFNS_H
#define ASM_ASM_DEFNS_H

/* smap_site.kind: what the no-op becomes. The C macro writes it as a plain
 * number, for it pastes its argument into a string. */
#define SMAP_SITE_STAC 0
#define SMAP_SITE_CLAC 1

#ifdef __ASSEMBLY__
#include <asm-offsets.h>
/* clang-format off */
/* Both are labels. At fixup the registers are those of the moment of the
 * fault, and rsp too: whatever the code has pushed by then is still there. */
.macro ex_table fault, fixup
        .pushsection .ex_table, "a", @progbits
        .long   \fault - ., \fixup - .
        .popsection
.endm
/* The no-op itself, and its entry in the table. It keeps all registers and
 * flags but AC. */
.macro smap_site kind
.Lsmap\@:
        .byte   0x0f, 0x1f, 0x00
        .pushsection .smap_sites, "a", @progbits
        .long   .Lsmap\@ - ., \kind
        .popsection
.endm
/* A stretch (hv/stretch.h) begins, called by the function in rax or by this
 * one; rsp is at guest_regs. rdx is lost, and with a name rax. */
.macro STRETCH_BEGINS what
#ifdef HV_DEBUG
        .ifnb   \what
        lea     \what(%rip), %rax
        .endif
        mov     %rax, CPUINFO_stretch_what(%rsp)
        rdtsc
        shl     $32, %rdx
        or      %rdx, %rax
        mov     %rax, CPUINFO_stretch_start(%rsp)
        mov     CPUINFO_stretch_what(%rsp), %rax
#endif
.endm
/* ... and ends. Kept are rax and what C preserves. */
.macro STRETCH_ENDS
#ifdef HV_DEBUG
        push    %rax
        push    %rax
        call    stretch_end
        pop     %rax
        pop     %rax
#endif
.endm
/* clang-format on */
/* As instructions: what stac() and clac() are in C. */
#define STAC smap_site SMAP_SITE_STAC
#define CLAC smap_site SMAP_SITE_CLAC
#else

#include <hv/types.h>

/* The same for inline assembly: a string to stand behind the instruction.
 * Labels as strings; local ones ("1b") refer to the asm statement. */
#define EX_TABLE(fault, fixup)                                                 \
    ".pushsection .ex_table, \"a\", @progbits\n"                               \
    ".long " fault " - ., " fixup " - .\n"                                     \
    ".popsection\n"

/* kind: 0 stac, 1 clac, as a literal. */
#define SMAP_SITE(kind)                                                        \
    "661: .byte 0x0f, 0x1f, 0x00\n"                                            \
    ".pushsection .smap_sites, \"a\", @progbits\n"                             \
    ".long 661b - ., " #kind "\n"                                              \
    ".popsection\n"

/* An entry of .ex_table. Nothing sorts them: a fault looks at each. */
struct ex_table_entry {
    int32_t fault, fixup; /* each relative to itself */
};
/* An entry of .smap_sites, of use at boot only. */
struct smap_site {
    int32_t site; /* relative to itself */
    uint32_t kind;
};

/* Where to continue after a fault at rip; 0: nowhere, it is a bug. */
unsigned long search_ex_table(unsigned long rip);

/* Let this CPU touch user pages, for a moment. The pair does not nest, and each
 * way out of what runs between the two, a fault's included, comes by clac().
 * Without SMAP both do nothing. */
static inline void stac(void)
{
    asm volatile(SMAP_SITE(0)::: "memory");
}
static inline void clac(void)
{
    asm volatile(SMAP_SITE(1)::: "memory");
}

#endif
#endif
