/* SPDX-License-Identifier: MIT */
/*
 * A hundred thousand grants in long lists, mapped, copied and unmapped: the
 * hypervisor looks often enough at what else waits for the CPU.
 * run: count=1 debug=1 timeout=300
 */
#include <pv/stretch.h>

#define RW     (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define FRAMES 64 /* of the table: all that dom0 has */
#define REFS   (FRAMES * 512)
#define LIST   4096
#define ROUNDS 25

static struct grant_entry_v1 *table[FRAMES];
static uint64_t l1[LIST / 512];

static void set_up_table(void)
{
    static xen_pfn_t frames[FRAMES];
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = FRAMES};
    long rc = 0;

    set_xen_guest_handle(s.frame_list, frames);
    stretch_begin();
    is(HC3(grant_table_op, GNTTABOP_setup_table, &s, 1), 0,
       "a grant table of 64 frames is set up");
    stretch_ok("setup_table");
    for (unsigned int i = 0; i < FRAMES; i++)
        table[i] = map_mfn(frames[i], RW, &rc);
    is(rc, 0, "the table is mapped");
}

static void offer_all(uint64_t mfn)
{
    for (unsigned int ref = 8; ref < REFS; ref++)
        table[ref / 512][ref % 512] = (struct grant_entry_v1){
            .flags = GTF_permit_access, .domid = 0, .frame = mfn};
}

/* L1 tables that no tree has. */
static void make_slots(void)
{
    long rc = 0;

    for (unsigned int i = 0; i < LIST / 512; i++) {
        l1[i] = p2m[start_info->nr_pages - 1 - i];
        rc |= mmuext(MMUEXT_CLEAR_PAGE, l1[i], 0);
        rc |= mmuext(MMUEXT_PIN_L1_TABLE, l1[i], 0);
    }
    is(rc, 0, "tables for the mappings are pinned");
}

static uint64_t slot(unsigned int i)
{
    return l1[i / 512] * PAGE_SIZE + i % 512 * 8;
}

static unsigned int ref_of(unsigned int round, unsigned int i)
{
    return 8 + (round * LIST + i) % (REFS - 8);
}

static unsigned int map_and_unmap(unsigned int round)
{
    static struct gnttab_map_grant_ref map[LIST];
    static struct gnttab_unmap_grant_ref unmap[LIST];
    unsigned int bad = 0;

    for (unsigned int i = 0; i < LIST; i++)
        map[i] = (struct gnttab_map_grant_ref){.host_addr = slot(i),
                                               .flags = GNTMAP_host_map |
                                                        GNTMAP_contains_pte,
                                               .ref = ref_of(round, i)};
    bad += !!HC3(grant_table_op, GNTTABOP_map_grant_ref, map, LIST);
    for (unsigned int i = 0; i < LIST; i++) {
        bad += !!map[i].status;
        unmap[i] = (struct gnttab_unmap_grant_ref){.host_addr = slot(i),
                                                   .handle = map[i].handle};
    }
    bad += !!HC3(grant_table_op, GNTTABOP_unmap_grant_ref, unmap, LIST);
    for (unsigned int i = 0; i < LIST; i++)
        bad += !!unmap[i].status;
    return bad;
}

/* Of whole pages, and backwards in one. */
static unsigned int copy(unsigned int round, uint64_t to, unsigned int offset)
{
    static struct gnttab_copy c[LIST];
    unsigned int bad = 0;

    for (unsigned int i = 0; i < LIST; i++)
        c[i] = (struct gnttab_copy){.source.domid = 0,
                                    .source.u.ref = ref_of(round, i),
                                    .dest.domid = DOMID_SELF,
                                    .dest.u.gmfn = to,
                                    .dest.offset = offset,
                                    .len = PAGE_SIZE - offset,
                                    .flags = GNTCOPY_source_gref};
    bad += !!HC3(grant_table_op, GNTTABOP_copy, c, LIST);
    for (unsigned int i = 0; i < LIST; i++)
        bad += !!c[i].status;
    return bad;
}

int main(void)
{
    uint64_t page = virt_to_mfn(alloc_page());
    unsigned int bad = 0;

    set_up_table();
    offer_all(page);
    make_slots();
    stretch_begin();
    for (unsigned int round = 0; round < ROUNDS; round++)
        bad += map_and_unmap(round);
    is(bad, 0, "100000 grants are mapped and unmapped");
    stretch_ok("lists of maps and unmaps");
    stretch_begin();
    bad = copy(0, virt_to_mfn(alloc_page()), 0) + copy(0, page, 8);
    is(bad, 0, "8192 pages are copied");
    stretch_ok("lists of copies");
    return 0;
}
