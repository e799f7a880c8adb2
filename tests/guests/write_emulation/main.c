/* SPDX-License-Identifier: MIT */
/* Writes to page tables mapped read-only are carried out, if they are allowed:
 * the forms that Linux uses. Others fault. */
#include <pv/pv.h>

#define RW (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static uint64_t *entry; /* of va, in a read-only page */
static uint64_t value, result;

static void do_mov(void *arg)
{
    *(volatile uint64_t *)entry = value;
}
static void do_xchg(void *arg)
{
    result = value;
    asm volatile("xchg %0, %1" : "+r"(result), "+m"(*entry)::"memory");
}
static void do_xchg_disp(void *arg)
{
    result = value;
    asm volatile("xchg %0, 8(%1)" : "+r"(result) : "r"(entry - 1) : "memory");
}
static void do_andb(void *arg)
{
    asm volatile("lock andb $0xfd, %0" : "+m"(*entry)::"memory");
}
static void do_andb_ds(void *arg)
{
    asm volatile(
        "mov %0, %%r12\n\t.byte 0x3e, 0x41, 0x80, 0x24, 0x24, 0xfd" ::"r"(entry)
        : "r12", "memory");
}
static void do_cmpxchg(void *arg)
{
    result = *entry;
    asm volatile("lock cmpxchg %2, %1"
                 : "+a"(result), "+m"(*entry)
                 : "r"(value)
                 : "memory");
}
static void do_movl(void *arg)
{
    *(volatile uint32_t *)entry = 0;
}

int main(void)
{
    uint8_t *va = alloc_page();
    uint64_t l1 = read_pte(va, 2) & PTE_MASK, good = read_pte(va, 1), l4;
    const uint64_t *m2p = (uint64_t *)0xffff800000000000UL;

    l4 = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    entry = (uint64_t *)pfn_to_virt(m2p[l1 / PAGE_SIZE]) +
            ((uint64_t)va >> 12 & 511);
    is(*entry, good, "found the entry");

    value = good & ~PTE_W;
    is(try_call(do_mov, NULL), -1, "mov of 8 bytes");
    is(*entry & PTE_W, 0, "took effect");
    value = good;
    is(try_call(do_xchg, NULL), -1, "xchg");
    is(result & PTE_W, 0, "returned the old entry");
    is(*entry & PTE_W, PTE_W, "stored the new one");
    value = 0;
    is(try_call(do_xchg_disp, NULL), -1, "xchg with displacement, to 0");
    is(*entry, 0, "cleared");
    mmuext(MMUEXT_INVLPG_LOCAL, (uint64_t)va, 0);
    ok(read_faults(va), "page is gone");
    value = good;
    is(try_call(do_mov, NULL), -1, "and back");
    is(try_call(do_andb, NULL), -1, "lock andb");
    is(*entry & PTE_W, 0, "write bit cleared");
    mmuext(MMUEXT_INVLPG_LOCAL, (uint64_t)va, 0);
    ok(write_faults(va, 1), "page is read-only");
    value = good;
    try_call(do_mov, NULL);
    is(try_call(do_andb_ds, NULL), -1, "ds andb with a SIB byte");
    is(*entry & PTE_W, 0, "write bit cleared");
    value = good;
    is(try_call(do_cmpxchg, NULL), -1, "lock cmpxchg");
    is(*entry & PTE_W, PTE_W, "swapped");
    *va = 77;
    is(*va, 77, "page works");

    value = l4 | RW;
    is(try_call(do_mov, NULL), 14, "a forbidden entry faults");
    is(*entry & PTE_MASK, good & PTE_MASK, "and changes nothing");
    value = good;
    ok(try_call(do_movl, NULL) != -1 || (*entry & 0xffffffff) == 0,
       "4-byte write is refused or done, not half done");
    value = good;
    is(try_call(do_mov, NULL), -1, "restored");
    return 0;
}
