/* SPDX-License-Identifier: MIT */
/*
 * Flushes, their clock, and roots, in steps of CPUs that take turns. A CPU that
 * is asked to flush does so at once.
 */
#include "hv_world.h"
#include "interleave.h"
#include "interleave_tlb.h"
#include <asm/tlb.h>

static uint64_t clock = 1, flushed_at[WORLD_CPUS];
static uint32_t loaded[WORLD_CPUS]; /* domid + 1 */

uint32_t tlb_clock_now(void)
{
    return READ_ONCE(clock);
}

bool stamp_is_ahead(uint32_t stamp)
{
    uint64_t now = READ_ONCE(clock);

    return (uint32_t)((uint32_t)now - stamp) > now;
}

uint64_t tlb_filter(uint64_t cpumask, uint32_t stamp)
{
    uint64_t now = READ_ONCE(clock), stale = 0;
    uint64_t when = now - (uint32_t)((uint32_t)now - stamp);

    for (unsigned int c = 0; c < WORLD_CPUS; c++)
        if ((cpumask >> c & 1) && READ_ONCE(flushed_at[c]) <= when)
            stale |= 1ull << c;
    return stale;
}

static void flush_cpu(unsigned int cpu)
{
    uint64_t tick = atomic_inc(&clock);

    model_flush(cpu);
    WRITE_ONCE(flushed_at[cpu], tick);
}

void flush_mask(uint64_t cpumask, unsigned long va, unsigned int flags)
{
    if (flags & (FLUSH_TLB | FLUSH_TLB_GLOBAL))
        for (unsigned int c = 0; c < WORLD_CPUS; c++)
            if (cpumask >> c & 1)
                flush_cpu(c);
}

void flush_local(unsigned long va, unsigned int flags)
{
    flush_mask(1ull << test_cpu.cpu, va, flags);
}

void arch_flush_tlb(struct domain *d)
{
    flush_mask(READ_ONCE(d->arch.dirty_cpumask), 0, FLUSH_TLB);
}

void flush_while_waiting(void)
{
    interleave_wait_at(__builtin_return_address(0));
}

void flush_cache_frame(mfn_t mfn)
{
}

void root_load(uint64_t cr3, struct domain *d)
{
    unsigned int cpu = test_cpu.cpu;
    uint32_t root = d ? d->id + 1 : 0, before = loaded[cpu];

    if (d)
        atomic_or(&d->arch.dirty_cpumask, 1ull << cpu);
    model_root(cpu, d ? _mfn(cr3 >> PAGE_SHIFT) : INVALID_MFN);
    flush_cpu(cpu);
    loaded[cpu] = root;
    if (before && before != root && (d = domain_by_owner_id(before - 1)))
        atomic_and(&d->arch.dirty_cpumask, ~(1ull << cpu));
}

void world_leave_roots(domid_t id)
{
    for (unsigned int c = 0; c < WORLD_CPUS; c++)
        if (loaded[c] == id + 1u) {
            model_root(c, INVALID_MFN);
            flush_cpu(c);
            loaded[c] = 0;
        }
}
