/* SPDX-License-Identifier: MIT */
/* Writes to page tables mapped read-only are carried out, if they are allowed:
 * the forms that Linux uses. Others fault. */
#include <pv/pv.h>

#define NOT_PRESENT 0x7700L

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

static void do_mov_across(void *p)
{
    *(volatile uint64_t *)p = 0x1111111122222222UL;
}

static void do_mov_indexed(void *p)
{
    asm volatile("movq %0, 16(%1, %2, 8)" ::"r"(NOT_PRESENT),
                 "r"((char *)p - 16 - 8 * 5), "r"(5L)
                 : "memory");
}

/* The bit is the first one of the table, counted from a page before. */
static void do_bts_far(void *p)
{
    asm volatile("btsq %0, %1" ::"r"(8 * PAGE_SIZE + 1),
                 "m"(*((char *)p - PAGE_SIZE))
                 : "memory");
}

/* The same with a number of 32 bits, which is negative. */
static void do_bts_back(void *p)
{
    asm volatile("btsl %0, %1" ::"r"((int)(3 - 8 * PAGE_SIZE)),
                 "m"(*((char *)p + PAGE_SIZE))
                 : "memory");
}

/* A write that begins in plain memory and ends in a table is no write of the
 * whole to the table. */
static void test_across(void)
{
    char *table = (char *)alloc_pages(2) + PAGE_SIZE;

    is(make_readonly(table), 0, "a page after plain memory is read-only");
    is(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(table), 0), 0,
       "it is a page table");
    is(try_call(do_mov_across, table - 4), 14,
       "a write that begins before a page table faults");
    is(*(uint64_t *)table, 0, "nothing of it is written");
    is(try_call(do_mov_indexed, table), -1,
       "a write to a table's first entry by base, index and displacement");
    is(*(uint64_t *)table, NOT_PRESENT, "is carried out");
    is(try_call(do_bts_far, table), -1, "a bit that is named from afar");
    is(*(uint64_t *)table, NOT_PRESENT | 2, "is set");
    is(try_call(do_bts_back, table), -1, "a bit that is named from behind");
    is(*(uint64_t *)table, NOT_PRESENT | 2 | 8, "is set");
    is(try_call(do_mov_across, table + 4), 14,
       "a write across two entries faults");
    is(*(uint64_t *)table, NOT_PRESENT | 2 | 8, "and changes neither");
}

int main(void)
{
    uint8_t *va = alloc_page();
    uint64_t l1 = read_pte(va, 2) & PTE_MASK, good = read_pte(va, 1), l4;
    const uint64_t *m2p = (uint64_t *)0xffff800000000000UL;

    l4 = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
    entry = (uint64_t *)pfn_to_virt(m2p[l1 / PAGE_SIZE]) +
            ((uint64_t)va >> 12 & 511);
    is(*entry, good, "the entry that maps a page can be found");

    value = good & ~PTE_W;
    is(try_call(do_mov, NULL), -1,
       "mov of 8 bytes to a page table is accepted");
    is(*entry & PTE_W, 0, "mov of 8 bytes to a page table takes effect");
    value = good;
    is(try_call(do_xchg, NULL), -1, "xchg with a page table is accepted");
    is(result & PTE_W, 0, "xchg with a page table returns the old entry");
    is(*entry & PTE_W, PTE_W, "xchg with a page table stores the new entry");
    value = 0;
    is(try_call(do_xchg_disp, NULL), -1,
       "xchg with displacement that stores 0 is accepted");
    is(*entry, 0, "xchg with displacement clears the entry");
    mmuext(MMUEXT_INVLPG_LOCAL, (uint64_t)va, 0);
    ok(read_faults(va), "the page of a cleared entry faults");
    is(mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn(va), 0), 0,
       "the page of a cleared entry has no writable use left");
    mmuext(MMUEXT_UNPIN_TABLE, virt_to_mfn(va), 0);
    value = good;
    is(try_call(do_mov, NULL), -1, "the entry can be written again");
    is(try_call(do_andb, NULL), -1, "lock andb to a page table is accepted");
    is(*entry & PTE_W, 0, "lock andb clears the write bit");
    mmuext(MMUEXT_INVLPG_LOCAL, (uint64_t)va, 0);
    ok(write_faults(va, 1),
       "the page of an entry without write bit is read-only");
    value = good;
    try_call(do_mov, NULL);
    is(try_call(do_andb_ds, NULL), -1, "ds andb with a SIB byte is accepted");
    is(*entry & PTE_W, 0, "ds andb with a SIB byte clears the write bit");
    value = good;
    is(try_call(do_cmpxchg, NULL), -1,
       "lock cmpxchg with a page table is accepted");
    is(*entry & PTE_W, PTE_W, "lock cmpxchg swaps the entry");
    *va = 77;
    is(*va, 77, "the page of a swapped entry can be written");

    value = l4 | RW;
    is(try_call(do_mov, NULL), 14, "a write of a forbidden entry faults");
    is(*entry & PTE_MASK, good & PTE_MASK,
       "a write of a forbidden entry changes nothing");
    value = good;
    ok(try_call(do_movl, NULL) != -1 || (*entry & 0xffffffff) == 0,
       "a 4-byte write to a page table is refused or done, not half done");
    value = good;
    is(try_call(do_mov, NULL), -1, "the entry is restored at the end");
    test_across();
    return 0;
}
