/* SPDX-License-Identifier: MIT */
/*
 * Guest memory and other accesses that may fault. Such an instruction has a
 * record in the exception table; the fault handler then continues at the
 * record's fix-up instead of calling the fault a bug.
 *
 * Guest addresses are used as they are (the guest's kernel root is loaded
 * during a hypercall), after the check that no byte lies in our range.
 */
#include <hv/lib.h>
#include <hv/guest_access.h>
#include <asm/processor.h>
#include <asm/uaccess.h>

extern const struct ex_table_entry __ex_table_start[], __ex_table_end[];

unsigned long search_ex_table(unsigned long rip)
{
    const struct ex_table_entry *e;

    for (e = __ex_table_start; e < __ex_table_end; e++)
        if ((unsigned long)&e->fault + e->fault == rip)
            return (unsigned long)&e->fixup + e->fixup;
    return 0;
}

/* Bytes not copied. One side is guest memory. */
static size_t copy_faulting(void *to, const void *from, size_t n)
{
    size_t words = n / 8, rest = n % 8;

    stac();
    asm volatile("1: rep movsq\n"
                 "mov %[rest], %[n]\n"
                 "2: rep movsb\n"
                 "3:\n"
                 ".pushsection .text.fixup, \"ax\", @progbits\n"
                 "4: lea (%[rest], %[n], 8), %[n]\n"
                 "jmp 3b\n"
                 ".popsection\n" EX_TABLE("1b", "4b") EX_TABLE("2b", "3b")
                 : [n] "+c"(words), "+D"(to), "+S"(from)
                 : [rest] "r"(rest)
                 : "memory");
    clac();
    return words;
}

size_t copy_to_guest_raw(uint64_t to, const void *from, size_t n)
{
    if (!n)
        return 0;
    return guest_range_ok(to, n) ? copy_faulting((void *)to, from, n) : n;
}

size_t copy_from_guest_raw(void *to, uint64_t from, size_t n)
{
    size_t left = n;

    if (!n)
        return 0;
    if (guest_range_ok(from, n))
        left = copy_faulting(to, (const void *)from, n);
    if (left) /* what the caller may look at has no history */
        memset((char *)to + (n - left), 0, left);
    return left;
}

size_t clear_guest_raw(uint64_t to, size_t n)
{
    size_t left = n;

    if (!n || !guest_range_ok(to, n))
        return n;
    stac();
    asm volatile("1: rep stosb\n"
                 "2:\n" EX_TABLE("1b", "2b")
                 : "+c"(left), "+D"(to)
                 : "a"(0)
                 : "memory");
    clac();
    return left;
}

int rdmsr_safe(uint32_t msr, uint64_t *v)
{
    uint32_t lo = 0, hi = 0;
    int rc = -EFAULT;

    asm volatile("1: rdmsr\n"
                 "xor %[rc], %[rc]\n"
                 "2:\n" EX_TABLE("1b", "2b")
                 : "+a"(lo), "+d"(hi), [rc] "+r"(rc)
                 : "c"(msr));
    *v = ((uint64_t)hi << 32) | lo;
    return rc;
}
