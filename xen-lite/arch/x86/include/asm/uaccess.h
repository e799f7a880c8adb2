/* SPDX-License-Identifier: MIT */
/*
 * Single instructions that may fault on a guest's account, each with its way
 * out: no call, no test beyond the address check that is the caller's.
 *
 * The address space is that of current's kernel: during a hypercall it is the
 * one that is loaded. For more than a word there are the copies of
 * <hv/guest_access.h>, which check and open the pages themselves.
 *
 * A fault of the hypervisor at one of them ends in do_hv_exception(), which
 * finds the way out in the table of asm_defns.h. Faults that are the
 * hypervisor's own affair, as those of the virtual TLB, are served there first,
 * and the instruction is tried again.
 */
#ifndef ASM_UACCESS_H
#define ASM_UACCESS_H

#include <asm/asm_defns.h>
#include <asm/page.h>

/*
 * Whether a guest may use [addr, addr + n): both ends on the same side of our
 * range. n > 0. It says nothing of what is mapped, and a non-canonical address
 * below our range is left to the fault.
 */
static inline bool guest_range_ok(uint64_t addr, uint64_t n)
{
    uint64_t last = addr + n - 1;

    return last >= addr &&
           (last < GUEST_LOW_END || addr >= HYPERVISOR_VIRT_END);
}

/*
 * Stores a word at a checked guest address, between stac() and clac(). A fault
 * goes to the label, with the pages still open: it must call clac(). Nothing
 * is stored then. val is converted to 64 bits.
 */
#define put_guest_word(addr, val, fault_label)                                 \
    asm goto("1: movq %1, (%0)\n" EX_TABLE("1b", "%l2")                        \
             :                                                                 \
             : "r"(addr), "er"((uint64_t)(val))                                \
             : "memory"                                                        \
             : fault_label)

/*
 * Loads a word from a checked guest address, likewise. The guest may change it
 * at any time: what is checked is the variable, loaded once. After a fault it
 * has no value.
 */
#define get_guest_word(addr, var, fault_label)                                 \
    asm goto("1: movq (%1), %0\n" EX_TABLE("1b", "%l2")                        \
             : "=r"(var)                                                       \
             : "r"(addr)                                                       \
             :                                                                 \
             : fault_label)

/*
 * Loads a data segment register; a selector that faults becomes null. The value
 * is what was loaded. The guest's descriptor tables are in force. The base of
 * FS or GS is then that of the descriptor: those that a guest has set by MSR
 * are to be written afterwards.
 */
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
/* What is in a data segment register, 16 bits. On entry nothing saves them: it
 * is still the guest's. */
#define read_selector(seg)                                                     \
    ({                                                                         \
        uint32_t s_;                                                           \
        asm volatile("mov %%" #seg ", %0" : "=r"(s_));                         \
        (uint16_t) s_;                                                         \
    })

/* Exchanges the guest's two GS bases; the hypervisor uses neither. */
static inline void swapgs(void)
{
    asm volatile("swapgs" ::: "memory");
}

#endif
