/* SPDX-License-Identifier: MIT */
/*
 * Is all right in the world? Every reference is counted again, by other code
 * than the hypervisor's, and each frame, table and TLB looked at.
 */
#include <stdio.h>
#include "hv_world.h"
#include <asm/paging.h>

static struct {
    uint32_t general, type;
} expect[WORLD_FRAMES];
static unsigned long errors;

static void complain(unsigned int f, const char *what, unsigned long detail)
{
    const struct page_info *pg = frame_table + f;

    if (++errors <= 10)
        printf("# frame %u type %08x count %08x owner %u resume %x: %s %lx\n",
               f, pg->type, pg->count, pg->owner, pg->resume, what, detail);
}

static bool is_ram(unsigned long mfn)
{
    return mfn < WORLD_FRAMES && frame_table[mfn].owner != DOMID_IO;
}

static unsigned int live_level(const struct page_info *pg)
{
    if (pg->owner == DOMID_INVALID || pg->owner == DOMID_IO ||
        !(pg->type & (PGT_validated | PGT_partial)))
        return 0;
    return table_level(pg->type);
}

static bool is_listed(const struct page_info *pg)
{
    return (pg->type & PGT_partial) && (pg->type & PGT_listed);
}

/* Calls fn for each entry of each live table that holds references. */
static void each_entry(void (*fn)(unsigned int f, unsigned int level,
                                  unsigned int slot, pte_t e))
{
    for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
        const struct page_info *pg = frame_table + f;
        unsigned int level = live_level(pg), end = PT_ENTRIES;
        const pte_t *t = mfn_to_virt(_mfn(f));

        if (!level)
            continue;
        if (pg->type & PGT_partial)
            end = pg->resume & RESUME_SLOT;
        for (unsigned int i = 0; i < NR_WORLD_SLOTS; i++) {
            unsigned int slot = world_slots[i];

            if (slot < end && !is_hv_slot(level, slot) &&
                (t[slot] & PTE_PRESENT))
                fn(f, level, slot, t[slot]);
        }
    }
}

static void expect_entry(unsigned int f, unsigned int level, unsigned int slot,
                         pte_t e)
{
    unsigned long mfn = mfn_x(pte_mfn(e));
    const struct page_info *pg = frame_table + mfn;

    if (!is_listed(frame_table + f) &&
        !(frame_table[f].entry_mask & (1u << slot / MASK_GROUP)))
        complain(f, "slot outside the mask", slot);
    if (entry_adjust(e, level) != e || !entry_flags_ok(e, level))
        complain(f, "forbidden flags", e);
    if (!is_ram(mfn)) {
        if (level > 1 || frame_table[f].owner != 0)
            complain(f, "maps no RAM", e);
        return;
    }
    expect[mfn].general++;
    if (pg->owner == DOMID_INVALID)
        complain(mfn, "free but mapped by", f);
    if (level > 1) {
        expect[mfn].type++;
        if ((pg->type & (PGT_type_mask | PGT_validated)) !=
            (table_type(level - 1) | PGT_validated))
            complain(mfn, "not a valid table, but in", f);
        if (pg->owner != frame_table[f].owner)
            complain(mfn, "table of another owner in", f);
    } else if (e & PTE_RW) {
        expect[mfn].type++;
        if ((pg->type & PGT_type_mask) != PGT_writable)
            complain(mfn, "mapped writable by", f);
    }
}

/* A table whose undo stopped at a child holds that one's general count. */
static void expect_interrupted_child(unsigned int f)
{
    const struct page_info *pg = frame_table + f;
    const pte_t *t = mfn_to_virt(_mfn(f));

    if (live_level(pg) && (pg->type & PGT_partial) &&
        (pg->resume & RESUME_CHILD))
        expect[mfn_x(pte_mfn(t[pg->resume & RESUME_SLOT]))].general++;
}

static void expect_root(mfn_t mfn)
{
    if (!mfn_valid(mfn))
        return;
    expect[mfn_x(mfn)].general++;
    expect[mfn_x(mfn)].type++;
    if ((mfn_to_page(mfn)->type & (PGT_type_mask | PGT_validated)) !=
        (PGT_l4_table | PGT_validated))
        complain(mfn_x(mfn), "root of a vcpu", 0);
}

static void verify_frame(unsigned int f)
{
    const struct page_info *pg = frame_table + f;
    uint32_t n = pg->type & PGT_count_mask;

    if (pg->owner == DOMID_INVALID || pg->owner == DOMID_IO ||
        (pg->count & PGC_xenheap))
        return;
    if ((pg->count & PGC_count_mask) != expect[f].general)
        complain(f, "general count is wrong, right:", expect[f].general);
    if (n != expect[f].type)
        complain(f, "type count is wrong, right:", expect[f].type);
    if (pg->type & PGT_locked)
        complain(f, "left locked", 0);
    if (!n && (pg->type & PGT_type_mask))
        complain(f, "type without use", 0);
    if (n && !(pg->type & (PGT_validated | PGT_partial)))
        complain(f, "neither valid nor partial", 0);
    if ((table_level(pg->type) ||
         (pg->type & PGT_type_mask) == PGT_descriptor) &&
        world_may(f, WORLD_WRITES))
        complain(f, "a TLB may still write to it", world_may(f, WORLD_WRITES));
    if ((pg->type & PGT_type_mask) == PGT_writable && world_may(f, WORLD_WALKS))
        complain(f, "a CPU may still walk it", world_may(f, WORLD_WALKS));
    if (live_level(pg) == 4) {
        const pte_t *t = mfn_to_virt(_mfn(f));

        for (unsigned int i = ROOT_SLOT_FIRST; i <= ROOT_SLOT_LAST; i++)
            if (t[i] != idle_root[i])
                complain(f, "our slot is not ours", i);
    }
}

void (*world_holders)(void);
void world_expect(unsigned int f, uint32_t general, uint32_t type)
{
    expect[f].general += general;
    expect[f].type += type;
}

static uint64_t owned[WORLD_DOMAINS];

unsigned long world_verify(void)
{
    errors = 0;
    memset(expect, 0, sizeof(expect));
    memset(owned, 0, sizeof(owned));
    for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
        const struct page_info *pg = frame_table + f;
        unsigned int held =
            !!(pg->type & PGT_pinned) + !!(pg->type & PGT_partial);

        if (pg->owner == DOMID_INVALID || pg->owner == DOMID_IO)
            continue;
        expect[f].general += held + !!(pg->count & PGC_allocated);
        expect[f].type += held;
        if (pg->owner < WORLD_DOMAINS && !(pg->count & PGC_xenheap))
            owned[pg->owner]++;
    }
    each_entry(expect_entry);
    if (world_holders)
        world_holders();
    for (unsigned int f = 0; f < WORLD_FRAMES; f++)
        expect_interrupted_child(f);
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
        struct domain *d = world_domain[i];

        if (owned[i] != (d ? d->owned_frames : 0))
            complain(0, "owned frames miscounted, right:", owned[i]);
        for (unsigned int j = 0; d && j < WORLD_VCPUS; j++) {
            expect_root(d->vcpu[j]->arch.guest_root);
            expect_root(d->vcpu[j]->arch.guest_root_user);
        }
    }
    for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
        uint16_t owner = frame_table[f].owner;

        verify_frame(f);
        if (owner == DOMID_INVALID)
            continue;
        if (world_may_be_stale(f))
            complain(f, "new owner, old translations", owner);
    }
    return errors;
}

static void note_entry(unsigned int f, unsigned int level, unsigned int slot,
                       pte_t e)
{
    const struct domain *d = domain_by_owner_id(frame_table[f].owner);
    unsigned long mfn = mfn_x(pte_mfn(e));

    if (!d || !is_ram(mfn) || !(frame_table[f].type & PGT_validated))
        return;
    if (level > 1)
        world_cached(_mfn(mfn), d->arch.dirty_cpumask, WORLD_WALKS);
    else if (e & PTE_RW)
        world_cached(_mfn(mfn), d->arch.dirty_cpumask, WORLD_WRITES);
}

void world_note_tlbs(void)
{
    world_free_domains();
    each_entry(note_entry);
}
