/* SPDX-License-Identifier: MIT */
/*
 * The page tables that the guest starts on, written as plain memory and
 * checked by Xen when the L4 is pinned. Entries hold machine frames. Two
 * rules of PV make the difference to ordinary tables: the guest kernel runs
 * at user privilege, so every entry has the user bit, and no mapping of a
 * page-table frame may be writable.
 *
 * Tables of one level are consecutive, so the table for an address is found
 * by its distance from the mapping's first address.
 */
#include "private.h"

#define PTE_PRESENT  0x001ULL
#define PTE_RW       0x002ULL
#define PTE_USER     0x004ULL
#define PTE_ACCESSED 0x020ULL
#define PTE_DIRTY    0x040ULL

#define PTE_LEAF  (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED)
#define PTE_TABLE (PTE_LEAF | PTE_DIRTY)

#define ENTRIES 512

static uint64_t pte(struct builder *b, uint64_t pfn, uint64_t flags)
{
    return (uint64_t)b->mfns[pfn] << PAGE_SHIFT | flags;
}

static bool is_page_table(const struct builder *b, uint64_t pfn)
{
    return range_has(b->layout.page_tables, pfn);
}

/* Entries of one table of m: which part of m it covers, and with what. */
static void fill_table(struct builder *b, const struct mapping *m,
                       unsigned int level, uint64_t index, uint64_t *table)
{
    unsigned int shift = 48 - 9 * level - 9; /* bytes per entry */
    uint64_t first_entry = m->first >> shift, last_entry = m->last >> shift;
    uint64_t entry = ((m->first >> (shift + 9)) + index) * ENTRIES, i;

    for (i = 0; i < ENTRIES; i++, entry++) {
        uint64_t nr = entry - first_entry, pfn;

        table[i] = 0;
        if (entry < first_entry || entry > last_entry)
            continue;
        if (level < 3) {
            table[i] = pte(b, m->table_pfn[level + 1] + nr, PTE_TABLE);
            continue;
        }
        pfn = m->first_pfn + nr;
        if (pfn >= b->layout.nr_pages)
            continue;
        table[i] =
            pte(b, pfn, is_page_table(b, pfn) ? PTE_LEAF & ~PTE_RW : PTE_LEAF);
    }
}

/* All tables of m below the L4, and their entries in it. */
static int write_mapping(struct builder *b, const struct mapping *m,
                         uint64_t *l4)
{
    struct pfn_range tables = {
        .start = m->table_pfn[1],
        .count = m->nr_tables[1] + m->nr_tables[2] + m->nr_tables[3],
    };
    uint64_t *virt = guest_map(b, tables), *table = virt, i;
    unsigned int level;

    if (!virt)
        return -1;
    for (level = 1; level <= 3; level++)
        for (i = 0; i < m->nr_tables[level]; i++, table += ENTRIES)
            fill_table(b, m, level, i, table);
    for (i = 0; i < m->nr_tables[1]; i++)
        l4[((m->first >> 39) + i) % ENTRIES] =
            pte(b, m->table_pfn[1] + i, PTE_TABLE);
    guest_unmap(b, virt, tables);
    return 0;
}

int write_page_tables(struct builder *b)
{
    struct pfn_range top = {b->layout.page_tables.start, 1};
    uint64_t *l4 = guest_map(b, top);
    int rc;

    if (!l4)
        return -1;
    memset(l4, 0, PAGE_SIZE);
    rc = write_mapping(b, &b->layout.window, l4);
    if (!rc && b->layout.list.nr_tables[1])
        rc = write_mapping(b, &b->layout.list, l4);
    guest_unmap(b, l4, top);
    return rc;
}
