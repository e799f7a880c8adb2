/* SPDX-License-Identifier: MIT */
/*
 * The page tables that keep the hypervisor longest, taken and given back: it
 * looks often enough at what else waits for the CPU.
 * run: count=1 debug=1 timeout=300
 */
#include <pv/stretch.h>

#define RO      (PTE_P | PTE_U | PTE_A)
#define RW      (RO | PTE_W | PTE_D)
#define ENTRIES 512
#define L1S     11 /* the most that may follow each other without a look */
#define DATA    (L1S * ENTRIES)

/* Frames that nothing maps: those at the end of dom0's memory. */
static uint64_t take_frame(void)
{
    static uint64_t taken;

    return p2m[start_info->nr_pages - 1 - taken++];
}

/* --- tables, written while they are plain pages --------------------------- */

static struct mmu_update updates[ENTRIES];

static void fill(uint64_t table, const uint64_t entries[ENTRIES])
{
    unsigned int done;

    for (unsigned int i = 0; i < ENTRIES; i++)
        updates[i] = (struct mmu_update){table * PAGE_SIZE + i * 8, entries[i]};
    HC4(mmu_update, updates, ENTRIES, &done, DOMID_SELF);
}

/* All entries are the same. */
static uint64_t filled_with(uint64_t entry)
{
    static uint64_t entries[ENTRIES];
    uint64_t table = take_frame();

    for (unsigned int i = 0; i < ENTRIES; i++)
        entries[i] = entry;
    fill(table, entries);
    return table;
}

static uint64_t entry_of(uint64_t mfn)
{
    return mfn * PAGE_SIZE | RW;
}

/* --- frames that have been tables ----------------------------------------- */

static uint64_t data[DATA];
static struct mmuext_op ops[ENTRIES];

static long for_data(unsigned int cmd, unsigned int first)
{
    unsigned int done;

    for (unsigned int i = 0; i < ENTRIES; i++) {
        ops[i].cmd = cmd;
        ops[i].arg1.mfn = data[first + i];
    }
    return HC4(mmuext_op, ops, ENTRIES, &done, DOMID_SELF);
}

static void make_data(void)
{
    static uint64_t none[ENTRIES];
    long rc = 0;

    for (unsigned int i = 0; i < DATA; i++) {
        data[i] = take_frame();
        fill(data[i], none);
    }
    stretch_begin();
    for (unsigned int i = 0; i < DATA; i += ENTRIES) {
        rc |= for_data(MMUEXT_PIN_L1_TABLE, i);
        rc |= for_data(MMUEXT_UNPIN_TABLE, i);
    }
    is(rc, 0, "empty tables are pinned and unpinned");
    stretch_ok("lists of pins");
}

/* Each entry ends a table's quarantine, or frees a frame. */
static void frames_in_tables(void)
{
    struct xen_memory_reservation r = {.nr_extents = DATA, .domid = DOMID_SELF};
    uint64_t l2[ENTRIES] = {0}, table = take_frame();

    for (unsigned int t = 0; t < L1S; t++) {
        uint64_t entries[ENTRIES], l1 = take_frame();

        for (unsigned int i = 0; i < ENTRIES; i++)
            entries[i] = entry_of(data[t * ENTRIES + i]);
        fill(l1, entries);
        l2[5 + t] = entry_of(l1);
    }
    fill(table, l2);
    stretch_begin();
    is(mmuext(MMUEXT_PIN_L2_TABLE, table, 0), 0,
       "full tables of frames that were tables are pinned");
    stretch_ok("a pin of frames that were tables");
    set_xen_guest_handle(r.extent_start, data);
    stretch_begin();
    is(HC2(memory_op, XENMEM_decrease_reservation, &r), DATA,
       "the frames are given back while they are mapped");
    stretch_ok("giving back mapped frames");
    stretch_begin();
    is(mmuext(MMUEXT_UNPIN_TABLE, table, 0), 0, "the tables are unpinned");
    stretch_ok("an unpin that frees all frames");
}

/* --- trees of four levels ------------------------------------------------- */

static void pin_and_unpin(uint64_t root, const char *what)
{
    stretch_begin();
    is(mmuext(MMUEXT_PIN_L4_TABLE, root, 0), 0, "%s is pinned", what);
    is(mmuext(MMUEXT_UNPIN_TABLE, root, 0), 0, "%s is unpinned", what);
    stretch_ok(what);
}

static void trees(void)
{
    uint64_t page = entry_of(take_frame());
    uint64_t l1 = filled_with(page), l2 = filled_with(entry_of(l1));
    uint64_t l3 = filled_with(entry_of(l2)), entries[ENTRIES];

    pin_and_unpin(filled_with(entry_of(l3)), "a root of aliases alone");
    for (unsigned int i = 0; i < ENTRIES; i++)
        entries[i] = entry_of(filled_with(page));
    fill(l2, entries);
    pin_and_unpin(filled_with(entry_of(l3)), "a root above 512 full tables");
}

int main(void)
{
    make_data();
    frames_in_tables();
    trees();
    return 0;
}
