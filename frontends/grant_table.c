/* SPDX-License-Identifier: MIT */
/*
 * The grant table, version 1. Which entries are free is noted outside of it: a
 * guest that is restored finds an empty table in its place, and its references
 * are given back one by one.
 */
#include "resume.h"

#include <pv/grant_table.h>

#define MAPPED     (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define MAX_FRAMES 64 /* Xen's own limit if the toolstack sets none */
#define PER_FRAME  (PAGE_SIZE / sizeof(struct grant_entry_v1))

static struct grant_entry_v1 *table[MAX_FRAMES];
static uint64_t free_refs[MAX_FRAMES * PER_FRAME / 64]; /* a bit each */
static unsigned int nr_frames, nr_free;

static struct grant_entry_v1 *entry_of(grant_ref_t ref)
{
    return &table[ref / PER_FRAME][ref % PER_FRAME];
}

static void put(grant_ref_t ref)
{
    free_refs[ref / 64] |= 1UL << ref % 64;
    nr_free++;
}

/* One is free. */
static grant_ref_t take(void)
{
    static unsigned int word; /* where the last one was */
    unsigned int bit;

    while (!free_refs[word])
        word = (word + 1) % (nr_frames * PER_FRAME / 64);
    bit = __builtin_ctzl(free_refs[word]);
    free_refs[word] &= ~(1UL << bit);
    nr_free--;
    return word * 64 + bit;
}

static bool get_frames(xen_pfn_t frames[MAX_FRAMES], unsigned int nr)
{
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = nr};

    set_xen_guest_handle(s.frame_list, frames);
    return !HC3(grant_table_op, GNTTABOP_setup_table, &s, 1) &&
           s.status == GNTST_okay;
}

/* One frame more. The toolstack's entries at the beginning stay as they are. */
static bool grow(void)
{
    static xen_pfn_t frames[MAX_FRAMES];
    grant_ref_t first = nr_frames * PER_FRAME;
    long rc;

    if (nr_frames == MAX_FRAMES || !get_frames(frames, nr_frames + 1))
        return false;
    table[nr_frames] = map_mfn(frames[nr_frames], MAPPED, &rc);
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
    struct grant_entry_v1 *e;
    grant_ref_t ref;

    if (!nr_free && !grow())
        return GRANT_NONE;
    ref = take();
    e = entry_of(ref);
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

void grant_table_unmap(void)
{
    for (unsigned int i = 0; i < nr_frames; i++)
        map_va(table[i], 0, UVMF_INVLPG);
}

bool grant_table_map(void)
{
    static xen_pfn_t frames[MAX_FRAMES];

    if (nr_frames && !get_frames(frames, nr_frames))
        return false;
    for (unsigned int i = 0; i < nr_frames; i++)
        if (map_va(table[i], frames[i] * PAGE_SIZE | MAPPED, UVMF_INVLPG))
            return false;
    return true;
}

/* --- pages that are shared again and again -------------------------------- */

bool shared_pages_begin(struct shared_pages *s, domid_t domid, unsigned int nr)
{
    if (!s->base || s->room < nr) {
        s->base = alloc_pages(nr);
        s->room = nr;
    }
    memset(s->base, 0, nr * PAGE_SIZE);
    for (s->nr = 0; s->nr < nr; s->nr++) {
        grant_ref_t ref =
            grant_page(domid, (char *)s->base + s->nr * PAGE_SIZE, false);

        if (ref == GRANT_NONE)
            return false;
        s->ref[s->nr] = ref;
    }
    return true;
}

bool shared_pages_end(struct shared_pages *s)
{
    bool held = false;

    while (s->nr) {
        grant_ref_t *ref = &s->ref[--s->nr];

        held = !grant_end(*ref) || held;
        *ref = GRANT_NONE;
    }
    if (held)
        s->base = NULL;
    return !held;
}
