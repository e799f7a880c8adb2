/* SPDX-License-Identifier: MIT */
/*
 * The grant table, version 1. Free entries are a list: the hypervisor does not
 * look at the frame of an entry whose flags are 0, so the next one's number
 * stands there.
 */
#include <pv/grant_table.h>

#define MAX_FRAMES 64 /* Xen's own limit if the toolstack sets none */
#define PER_FRAME  (PAGE_SIZE / sizeof(struct grant_entry_v1))

static struct grant_entry_v1 *table[MAX_FRAMES];
static unsigned int nr_frames, nr_free;
static grant_ref_t first_free = GRANT_NONE;

static struct grant_entry_v1 *entry_of(grant_ref_t ref)
{
    return &table[ref / PER_FRAME][ref % PER_FRAME];
}

static void put(grant_ref_t ref)
{
    entry_of(ref)->frame = first_free;
    first_free = ref;
    nr_free++;
}

/* One frame more. The toolstack's entries at the beginning stay as they are. */
static bool grow(void)
{
    static xen_pfn_t frames[MAX_FRAMES];
    struct gnttab_setup_table s = {.dom = DOMID_SELF,
                                   .nr_frames = nr_frames + 1};
    grant_ref_t first = nr_frames * PER_FRAME;
    long rc;

    set_xen_guest_handle(s.frame_list, frames);
    if (nr_frames == MAX_FRAMES ||
        HC3(grant_table_op, GNTTABOP_setup_table, &s, 1) ||
        s.status != GNTST_okay)
        return false;
    table[nr_frames] =
        map_mfn(frames[nr_frames], PTE_P | PTE_W | PTE_U | PTE_A | PTE_D, &rc);
    if (rc)
        return false;
    nr_frames++;
    for (grant_ref_t ref = first + PER_FRAME; ref-- > first;)
        if (ref >= GNTTAB_NR_RESERVED_ENTRIES)
            put(ref);
    return true;
}

grant_ref_t grant_page(domid_t domid, const void *page, bool readonly)
{
    grant_ref_t ref = first_free;
    struct grant_entry_v1 *e;

    if (ref == GRANT_NONE && !grow())
        return GRANT_NONE;
    ref = first_free;
    e = entry_of(ref);
    first_free = e->frame;
    nr_free--;
    e->domid = domid;
    e->frame = virt_to_mfn(page);
    /* The rest before the flags: they make it valid. */
    __atomic_store_n(&e->flags,
                     GTF_permit_access | (readonly ? GTF_readonly : 0),
                     __ATOMIC_RELEASE);
    return ref;
}

bool grant_end(grant_ref_t ref)
{
    struct grant_entry_v1 *e = entry_of(ref);
    uint16_t flags = __atomic_load_n(&e->flags, __ATOMIC_ACQUIRE);

    /* The hypervisor may set the two at any moment until flags are 0. */
    do {
        if (flags & (GTF_reading | GTF_writing))
            return false;
    } while (!__atomic_compare_exchange_n(&e->flags, &flags, 0, false,
                                          __ATOMIC_SEQ_CST, __ATOMIC_ACQUIRE));
    put(ref);
    return true;
}

unsigned int grants_free(void)
{
    return nr_free;
}

/* --- pages that are shared again and again -------------------------------- */

bool shared_pages_begin(struct shared_pages *s, domid_t domid, unsigned int nr)
{
    if (!s->base || s->room < nr) {
        s->base = alloc_pages(nr);
        s->room = nr;
    }
    memset(s->base, 0, nr * PAGE_SIZE);
    s->nr = nr;
    for (unsigned int i = 0; i < nr; i++) {
        s->ref[i] = grant_page(domid, (char *)s->base + i * PAGE_SIZE, false);
        if (s->ref[i] == GRANT_NONE) {
            shared_pages_end(s);
            return false;
        }
    }
    return true;
}

bool shared_pages_end(struct shared_pages *s)
{
    bool held = false;

    for (unsigned int i = 0; i < s->nr; i++) {
        if (s->ref[i] != GRANT_NONE && !grant_end(s->ref[i]))
            held = true;
        s->ref[i] = GRANT_NONE;
    }
    if (held)
        s->base = NULL;
    return !held;
}
