/* SPDX-License-Identifier: MIT */
/*
 * The TLBs of the world's CPUs, as far as whole operations go: each frame has a
 * set of CPUs that may hold a translation that can write to it, and one of
 * those that may walk through it as a table. Everything that is mapped at the
 * end of an operation may have been cached by any CPU that has the domain's
 * root loaded; only a flush of that CPU forgets it.
 */
#include "hv_world.h"
#include <asm/tlb.h>

unsigned long world_flushes, world_cache_flushes, world_root_flushes,
    world_roots_lost;
static uint64_t clock_now = 1, flushed_at[WORLD_CPUS];
static uint64_t may_write[WORLD_FRAMES], may_walk[WORLD_FRAMES];
static uint32_t loaded[WORLD_CPUS]; /* domid + 1 */
static uint64_t loaded_cr3[WORLD_CPUS];

void world_pass_time(uint64_t ticks)
{
    atomic_add(&clock_now, ticks);
}

void (*world_at_clock)(void);
uint32_t tlb_clock_now(void)
{
    void (*other)(void) = world_at_clock;

    if (other) {
        world_at_clock = NULL;
        other();
    }
    return atomic_load(&clock_now);
}

bool stamp_is_ahead(uint32_t stamp)
{
    uint64_t now = atomic_load(&clock_now);

    return (uint32_t)((uint32_t)now - stamp) > now;
}

uint64_t tlb_filter(uint64_t cpumask, uint32_t stamp)
{
    uint64_t now = atomic_load(&clock_now), stale = 0;
    uint64_t when = now - (uint32_t)((uint32_t)now - stamp);

    for (unsigned int c = 0; c < WORLD_CPUS; c++)
        if ((cpumask >> c & 1) && atomic_load(&flushed_at[c]) <= when)
            stale |= 1ull << c;
    return stale;
}

static void flush_cpu(unsigned int cpu)
{
    uint64_t tick = atomic_inc(&clock_now);

    atomic_inc(&world_flushes);
    for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
        atomic_and(&may_write[f], ~(1ull << cpu));
        atomic_and(&may_walk[f], ~(1ull << cpu));
    }
    atomic_store(&flushed_at[cpu], tick);
}

void flush_mask(uint64_t cpumask, unsigned long va, unsigned int flags)
{
    if (flags & FLUSH_ROOT)
        world_root_flushes++;
    if (flags & (FLUSH_TLB | FLUSH_TLB_GLOBAL))
        for (unsigned int c = 0; c < WORLD_CPUS; c++)
            if (cpumask >> c & 1)
                flush_cpu(c);
}

void (*world_while_waiting)(void);
void flush_while_waiting(void)
{
    if (world_while_waiting)
        world_while_waiting();
}

void flush_local(unsigned long va, unsigned int flags)
{
    flush_mask(1ull << test_cpu.cpu, va, flags);
}

void flush_cache_frame(mfn_t mfn)
{
    world_cache_flushes++;
}

static bool is_root(uint64_t cr3)
{
    uint32_t type = READ_ONCE(frame_table[cr3 >> PAGE_SHIFT].type);

    return (type & PGT_type_mask) == PGT_l4_table && (type & PGT_count_mask);
}

void root_load(uint64_t cr3, struct domain *d)
{
    unsigned int cpu = test_cpu.cpu;
    uint32_t root = d ? d->id + 1 : 0, before = loaded[cpu];

    if (loaded_cr3[cpu] && !is_root(loaded_cr3[cpu]))
        world_roots_lost++;
    loaded_cr3[cpu] = cr3;
    if (d)
        atomic_or(&d->arch.dirty_cpumask, 1ull << cpu);
    flush_cpu(cpu);
    loaded[cpu] = root;
    if (before && before != root && (d = domain_by_owner_id(before - 1)))
        atomic_and(&d->arch.dirty_cpumask, ~(1ull << cpu));
}

void world_leave_roots(domid_t id)
{
    for (unsigned int c = 0; c < WORLD_CPUS; c++)
        if (loaded[c] == id + 1u) {
            flush_cpu(c);
            loaded[c] = 0;
        }
}

void world_cached(mfn_t mfn, uint64_t cpus, enum world_use use)
{
    (use == WORLD_WRITES ? may_write : may_walk)[mfn_x(mfn)] |= cpus;
}

uint64_t world_may(unsigned int f, enum world_use use)
{
    return (use == WORLD_WRITES ? may_write : may_walk)[f];
}

bool world_may_be_stale(unsigned int f)
{
    static uint16_t last_owner[WORLD_FRAMES];
    uint16_t before = last_owner[f];

    last_owner[f] = frame_table[f].owner;
    return before != last_owner[f] && (may_write[f] | may_walk[f]);
}
