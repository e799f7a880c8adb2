/* SPDX-License-Identifier: MIT */
/*
 * Single instructions that may fault on a guest's account, each with its way
 * out: no call, no test beyond the address check that is the caller's.
 */
#ifndef ASM_UACCESS_H
#define ASM_UACCESS_H

#include <asm/asm_defns.h>
#include <asm/page.h>

/* Both ends of [addr, addr + n) on the same side of our range. n > 0 */
static inline bool guest_range_ok(uint64_t addr, uint64_t n)
{
    uint64_t last = addr + n - 1;

    return last >= addr &&
           (last < GUEST_LOW_END || addr >= HYPERVISOR_VIRT_END);
}

/* Store a word at a checked guest address, between stac() and clac(). */
#define put_guest_word(addr, val, fault_label)                                 \
    asm goto("1: movq %1, (%0)\n" EX_TABLE("1b", "%l2")                        \
             :                                                                 \
             : "r"(addr), "er"((uint64_t)(val))                                \
             : "memory"                                                        \
             : fault_label)

/* Load a word from a checked guest address, between stac() and clac(). */
#define get_guest_word(addr, var, fault_label)                                 \
    asm goto("1: movq (%1), %0\n" EX_TABLE("1b", "%l2")                        \
             : "=r"(var)                                                       \
             : "r"(addr)                                                       \
             :                                                                 \
             : fault_label)

/* Load a data segment register; a selector that faults becomes null. */
#define load_selector(seg, sel)                                                \
    ({                                                                         \
        uint32_t s_ = (uint16_t)(sel);                                         \
        asm volatile("1: mov %0, %%" #seg "\n"                                 \
                     ".pushsection .text.fixup, \"ax\", @progbits\n"           \
                     "2: xor %0, %0\n"                                         \
                     "jmp 1b\n"                                                \
                     ".popsection\n" EX_TABLE("1b", "2b")                      \
                     : "+r"(s_)::"memory");                                    \
        s_;                                                                    \
    })
#define read_selector(seg)                                                     \
    ({                                                                         \
        uint32_t s_;                                                           \
        asm volatile("mov %%" #seg ", %0" : "=r"(s_));                         \
        (uint16_t) s_;                                                         \
    })

static inline void swapgs(void)
{
    asm volatile("swapgs" ::: "memory");
}

#endif
