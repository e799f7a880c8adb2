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
extern const struct {
    uint32_t offset; /* from _start, ascending */
    uint32_t name;   /* in symbol_names */
} symbol_table[];
extern const char symbol_names[];

const char *symbol_at(uint32_t i, unsigned long *addr)
{
    if (i >= symbol_count)
        return NULL;
    *addr = (unsigned long)_start + symbol_table[i].offset;
    return symbol_names + symbol_table[i].name;
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

        if (symbol_table[mid].offset <= where)
            low = mid + 1;
        else
            high = mid;
    }
    if (!low)
        return NULL;
    *offset = where - symbol_table[low - 1].offset;
    return symbol_names + symbol_table[low - 1].name;
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
