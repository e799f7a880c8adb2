/* SPDX-License-Identifier: MIT */
/*
 * Names of our functions, for call traces and for dom0's /proc/xen/xensyms.
 * The table is made from the linked image (symbols.awk) and linked into its
 * read-only part, behind the code, whose addresses so stay what they were.
 */
#include <hv/lib.h>
#include <hv/symbols.h>
#include <asm/setup.h>

extern const uint32_t symbol_count;
extern const uint32_t symbol_offset[];  /* from _start, ascending */
extern const uint16_t symbol_name_at[]; /* of each, in symbol_names */
extern const char symbol_names[];

static const char *name_of(uint32_t i)
{
    return symbol_names + symbol_name_at[i];
}

const char *symbol_at(uint32_t i, unsigned long *addr)
{
    if (i >= symbol_count)
        return NULL;
    *addr = (unsigned long)_start + symbol_offset[i];
    return name_of(i);
}

const char *symbol_lookup(unsigned long addr, unsigned long *offset)
{
    uint32_t low = 0, high = symbol_count, where;

    if (addr < (unsigned long)_stext || addr >= (unsigned long)_etext)
        return NULL;
    where = addr - (unsigned long)_start;
    /* The last one that starts at or below. */
    while (low < high) {
        uint32_t mid = (low + high) / 2;

        if (symbol_offset[mid] <= where)
            low = mid + 1;
        else
            high = mid;
    }
    if (!low)
        return NULL;
    *offset = where - symbol_offset[low - 1];
    return name_of(low - 1);
}

void print_symbol(unsigned long addr)
{
    unsigned long offset;
    const char *name = symbol_lookup(addr, &offset);

    if (name)
        printk("   %016lx %s+0x%lx\n", addr, name, offset);
    else
        printk("   %016lx\n", addr);
}
