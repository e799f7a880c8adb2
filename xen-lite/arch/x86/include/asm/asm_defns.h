/* SPDX-License-Identifier: MIT */
/*
 * Code locations with a second meaning, for C and assembly alike.
 *
 * .ex_table    an instruction that may fault, and where to go on if it does
 * .smap_sites  three-byte no-ops that become stac or clac at boot, when the
 *              CPU has SMAP: no test is left on the paths that use them
 */
#ifndef ASM_ASM_DEFNS_H
#define ASM_ASM_DEFNS_H

#define SMAP_SITE_STAC 0
#define SMAP_SITE_CLAC 1

#ifdef __ASSEMBLY__
/* clang-format off */
.macro ex_table fault, fixup
        .pushsection .ex_table, "a", @progbits
        .long   \fault - ., \fixup - .
        .popsection
.endm
.macro smap_site kind
.Lsmap\@:
        .byte   0x0f, 0x1f, 0x00
        .pushsection .smap_sites, "a", @progbits
        .long   .Lsmap\@ - ., \kind
        .popsection
.endm
/* clang-format on */
#define STAC smap_site SMAP_SITE_STAC
#define CLAC smap_site SMAP_SITE_CLAC
#else

#include <hv/types.h>

#define EX_TABLE(fault, fixup)                                                 \
    ".pushsection .ex_table, \"a\", @progbits\n"                               \
    ".long " fault " - ., " fixup " - .\n"                                     \
    ".popsection\n"

#define SMAP_SITE(kind)                                                        \
    "661: .byte 0x0f, 0x1f, 0x00\n"                                            \
    ".pushsection .smap_sites, \"a\", @progbits\n"                             \
    ".long 661b - ., " #kind "\n"                                              \
    ".popsection\n"

struct ex_table_entry {
    int32_t fault, fixup; /* each relative to itself */
};
struct smap_site {
    int32_t site; /* relative to itself */
    uint32_t kind;
};

/* Where to continue after a fault at rip; 0: nowhere, it is a bug. */
unsigned long search_ex_table(unsigned long rip);

/* Let this CPU touch user pages, for a moment. */
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
