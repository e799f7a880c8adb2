/* SPDX-License-Identifier: MIT */
/*
 * A grant table by its entries. References are fixed: first those of data pages
 * that may be written, then the same pages to be read alone, then rings.
 */
#include "liar.h"

#define FRAMES     2
#define PER_FRAME  (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define FIRST      GNTTAB_NR_RESERVED_ENTRIES
#define FIRST_RING (FIRST + 2 * DATA_PAGES)
#define RW         (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static volatile struct grant_entry_v1 *table[FRAMES];
static uint8_t *data;
static grant_ref_t next_ring = FIRST_RING;

static volatile struct grant_entry_v1 *entry(grant_ref_t ref)
{
    return &table[ref / PER_FRAME][ref % PER_FRAME];
}

static void grant(grant_ref_t ref, const void *page, uint16_t flags)
{
    entry(ref)->domid = 0;
    entry(ref)->frame = virt_to_mfn(page);
    mb();
    entry(ref)->flags = flags;
}

void grants_begin(void)
{
    static xen_pfn_t frame[FRAMES];
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = FRAMES};
    long rc = 0;

    set_xen_guest_handle(s.frame_list, frame);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
    for (unsigned int i = 0; !rc && i < FRAMES; i++)
        table[i] = map_mfn(frame[i], RW, &rc);
    if (s.status || rc) {
        printf("no grant table\n");
        shutdown(SHUTDOWN_crash);
    }
    data = alloc_pages(DATA_PAGES);
    grants_renew();
}

void grants_renew(void)
{
    for (unsigned int i = 0; i < DATA_PAGES; i++) {
        grant(data_ref(i, false), data_page(i), GTF_permit_access);
        grant(data_ref(i, true), data_page(i),
              GTF_permit_access | GTF_readonly);
    }
}

uint8_t *data_page(unsigned int i)
{
    return data + i * PAGE_SIZE;
}

grant_ref_t data_ref(unsigned int i, bool readonly)
{
    return FIRST + i + (readonly ? DATA_PAGES : 0);
}

/* Those of the console and the store, of rings, and of nothing. */
grant_ref_t odd_ref(void)
{
    switch (below(5)) {
    case 0:
        return below(FIRST);
    case 1:
        return FIRST_RING + below(16);
    case 2:
        return data_ref(below(DATA_PAGES), true);
    default:
        return odd(FRAMES * PER_FRAME - 1);
    }
}

grant_ref_t grant_ring(void *pages, unsigned int nr)
{
    grant_ref_t first = next_ring;

    next_ring += nr;
    grant_ring_again(first, pages, nr);
    return first;
}

void grant_ring_again(grant_ref_t first, void *pages, unsigned int nr)
{
    for (unsigned int i = 0; i < nr; i++)
        grant(first + i, (uint8_t *)pages + i * PAGE_SIZE, GTF_permit_access);
}

bool grant_in_use(grant_ref_t ref)
{
    return entry(ref)->flags & (GTF_reading | GTF_writing);
}

bool grants_in_use(void)
{
    for (grant_ref_t ref = FIRST; ref < next_ring; ref++)
        if (grant_in_use(ref))
            return true;
    return false;
}

void grant_revoke(grant_ref_t ref)
{
    entry(ref)->flags = 0;
}

/* Never another frame of the guest's own: that would not be the backend's
 * trouble. */
void grant_distort(uint32_t bits)
{
    grant_ref_t ref = FIRST + bits % (2 * DATA_PAGES);

    switch (bits >> 28) {
    case 0:
        entry(ref)->flags = 0;
        break;
    case 1:
        entry(ref)->flags = bits >> 8;
        break;
    case 2:
        entry(ref)->domid = bits >> 8;
        break;
    case 3:
        entry(ref)->frame = bits | 1u << 31;
        break;
    default:
        grant(ref, data_page((ref - FIRST) % DATA_PAGES),
              GTF_permit_access | (bits >> 8 & GTF_readonly));
    }
}
