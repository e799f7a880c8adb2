/* SPDX-License-Identifier: MIT */
/*
 * TLBs that know all they can: after each step each CPU walks the tables below
 * its root, and below each table that it has ever come through, as a table of
 * that level, and remembers every translation that it finds, until it flushes.
 * So a translation that some CPU could have is there, and what must never be is
 * seen at once:
 *
 *  - a page table or descriptor page that some CPU can write to,
 *  - a frame that may be written to, and that some CPU takes for a table,
 *  - a frame that gets an owner while some CPU can still reach it.
 */
#include "interleave_tlb.h"
#include "interleave.h"

const unsigned int model_slots[NR_MODEL_SLOTS] = {0, 1, 8, 15, 16, 511};

static mfn_t root_of[WORLD_CPUS] = {INVALID_MFN, INVALID_MFN, INVALID_MFN};
/* Bits of CPUs, by frame. */
static struct {
    uint8_t read, write, walk;
} tlb[WORLD_FRAMES];
/* Ways through tables, rw if all entries on the way let write. */
static struct way {
    uint32_t frame;
    uint8_t level, cpus;
    bool rw;
} ways[64];
static unsigned int nr_ways;
static bool learned; /* something, in this walk */
static uint16_t last_owner[WORLD_FRAMES];

static void check_frame(unsigned int f)
{
    const struct page_info *pg = frame_table + f;
    uint32_t type = pg->type & PGT_type_mask;
    uint16_t owner = pg->owner, before = last_owner[f];

    if (before != owner) {
        interleave_save(&last_owner[f], sizeof(last_owner[f]));
        last_owner[f] = owner;
        if (before == DOMID_INVALID && (tlb[f].read | tlb[f].walk))
            interleave_fail("frame %u goes to domain %u, CPUs %x can reach it",
                            f, owner, tlb[f].read | tlb[f].walk);
    }
    if (owner == DOMID_INVALID || !(pg->type & PGT_validated))
        return;
    if (type == PGT_writable ? tlb[f].walk : tlb[f].write)
        interleave_fail("frame %u has type %08x, and CPUs %x can %s it", f,
                        pg->type,
                        type == PGT_writable ? tlb[f].walk : tlb[f].write,
                        type == PGT_writable ? "walk through" : "write to");
}

static void add(uint8_t *what, uint8_t cpus)
{
    if (!(cpus & ~*what))
        return;
    interleave_save(what, 1);
    *what |= cpus;
    learned = true;
}

static void learn(uint8_t *what, uint8_t cpus, unsigned int f)
{
    if (!(cpus & ~*what))
        return;
    add(what, cpus);
    check_frame(f);
}

static struct way *way(unsigned int f, unsigned int level, bool rw)
{
    struct way *w = ways, *end = ways + nr_ways;

    while (w < end && (w->frame != f || w->level != level || w->rw != rw))
        w++;
    if (w == end) {
        BUG_ON(nr_ways == ARRAY_SIZE(ways));
        interleave_save(&nr_ways, sizeof(nr_ways));
        interleave_save(w, sizeof(*w));
        nr_ways++;
        *w = (struct way){.frame = f, .level = level, .rw = rw};
    }
    return w;
}

static void go_through(uint8_t cpus, unsigned int f, unsigned int level,
                       bool rw)
{
    add(&way(f, level, rw)->cpus, cpus);
    learn(&tlb[f].walk, cpus, f);
}

static void walk(const struct way *w)
{
    const pte_t *t = mfn_to_virt(_mfn(w->frame));

    for (unsigned int i = 0; i < NR_MODEL_SLOTS; i++) {
        pte_t e = t[model_slots[i]];
        unsigned long f = mfn_x(pte_mfn(e));
        bool rw = w->rw && (e & PTE_RW);

        if (!(e & PTE_PRESENT) || f >= WORLD_FRAMES)
            continue;
        if (w->level > 1) {
            go_through(w->cpus, f, w->level - 1, rw);
            continue;
        }
        learn(&tlb[f].read, w->cpus, f);
        if (rw)
            learn(&tlb[f].write, w->cpus, f);
    }
}

static void walk_all(void)
{
    for (unsigned int c = 0; c < WORLD_CPUS; c++)
        if (mfn_valid(root_of[c]))
            go_through(1u << c, mfn_x(root_of[c]), 4, true);
    do {
        learned = false;
        for (unsigned int i = 0; i < nr_ways; i++)
            if (ways[i].cpus)
                walk(&ways[i]);
    } while (learned);
}

void model_begin(void)
{
    interleave_save(last_owner, sizeof(last_owner));
    for (unsigned int f = 0; f < WORLD_FRAMES; f++)
        last_owner[f] = frame_table[f].owner;
    walk_all();
}

/* --- what the CPUs do ----------------------------------------------------- */

static void tlb_step(bool write)
{
    interleave_turn(INTERLEAVE_TLB, 8, write, __builtin_return_address(0));
    interleave_perform(INTERLEAVE_TLB, 8, write);
}

void model_root(unsigned int cpu, mfn_t root)
{
    tlb_step(true);
    interleave_save(&root_of[cpu], sizeof(root_of[cpu]));
    root_of[cpu] = root;
}

unsigned int model_reaches(const struct page_info *pg)
{
    unsigned int f = mfn_x(page_to_mfn(pg));

    tlb_step(false);
    return tlb[f].read | tlb[f].walk;
}

void model_flush(unsigned int cpu)
{
    uint8_t others = ~(1u << cpu);

    tlb_step(true);
    for (unsigned int i = 0; i < nr_ways; i++) {
        interleave_save(&ways[i].cpus, 1);
        ways[i].cpus &= others;
    }
    for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
        if (!((tlb[f].read | tlb[f].walk) & (1u << cpu)))
            continue;
        interleave_save(&tlb[f], sizeof(tlb[f]));
        tlb[f].read &= others;
        tlb[f].write &= others;
        tlb[f].walk &= others;
    }
}

static uintptr_t record_of(uintptr_t at)
{
    return (at - FRAMETABLE_VIRT_START) / sizeof(struct page_info);
}

/* A frame's type, or an entry of a table. */
bool interleave_maps(uintptr_t at)
{
    uintptr_t frame = (at - DIRECTMAP_VIRT_START) / PAGE_SIZE;

    if (record_of(at) < WORLD_FRAMES)
        return at % sizeof(struct page_info) == 0;
    return frame < WORLD_FRAMES && frame_table[frame].owner < WORLD_DOMAINS &&
           table_level(frame_table[frame].type);
}

void interleave_written(uintptr_t at)
{
    if (record_of(at) < WORLD_FRAMES)
        check_frame(record_of(at));
    else if (at == INTERLEAVE_TLB || interleave_maps(at))
        walk_all();
}

/* Of guests' frames, what no test uses. */
bool interleave_ignores(uintptr_t at)
{
    uintptr_t offset = at - DIRECTMAP_VIRT_START;
    const struct page_info *pg = frame_table + offset / PAGE_SIZE;

    if (offset >= WORLD_FRAMES * PAGE_SIZE || (pg->count & PGC_xenheap) ||
        pg->owner == DOMID_IDLE)
        return false;
    for (unsigned int i = 0; i < NR_MODEL_SLOTS; i++)
        if (offset % PAGE_SIZE / sizeof(pte_t) == model_slots[i])
            return false;
    return true;
}

/* --- for the recount ------------------------------------------------------ */

uint64_t world_may(unsigned int f, enum world_use use)
{
    return use == WORLD_WRITES ? tlb[f].write : tlb[f].walk;
}

bool world_may_be_stale(unsigned int f)
{
    return false; /* seen when it happens */
}

void world_cached(mfn_t mfn, uint64_t cpus, enum world_use use)
{
}
