/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes and the flush clock.
 *
 * Each full flush of a CPU starts by advancing a global 64-bit clock and ends
 * by noting the tick for that CPU. A frame whose last mapping went away keeps
 * the low half of the clock as its stamp; a CPU whose last flush has a later
 * tick cannot hold a translation of it. A stamp that is older than 2^32 ticks
 * looks newer than it is, which costs a flush and nothing else, so there is no
 * wrap to handle.
 *
 * Remote flushes: one request at a time. A CPU that waits for its turn
 * serves the request that is under way, so waiting with interrupts off is safe.
 */
#include <hv/bitops.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/smp.h>
#include <asm/irq.h>
#include <asm/log_dirty.h>
#include <asm/paging.h>
#include <asm/tlb.h>

static uint64_t tlb_clock = 1;
#ifdef HV_DEBUG
static unsigned int opt_tlb_clock = (1u << 31) - 4096;
HV_OPTION(OPT_UINT, "tlb-clock", opt_tlb_clock);
#endif
static DEFINE_PER_CPU(uint64_t, flush_tick);
/* The domain whose root this CPU has loaded: domid + 1, 0 for the
 * hypervisor's. */
static DEFINE_PER_CPU(uint32_t, root_owner);

static struct {
    spinlock_t lock;
    uint64_t pending; /* CPUs that still have to act */
    unsigned long va;
    unsigned int flags;
} request;

void tlb_clock_end_boot(void)
{
#ifdef HV_DEBUG
    atomic_add(&tlb_clock, opt_tlb_clock);
#endif
}

uint32_t tlb_clock_now(void)
{
    return READ_ONCE(tlb_clock);
}

#ifdef HV_DEBUG
bool stamp_is_ahead(uint32_t stamp)
{
    uint64_t now = READ_ONCE(tlb_clock);

    return (uint32_t)((uint32_t)now - stamp) > now;
}
#endif

uint64_t tlb_filter(uint64_t cpumask, uint32_t stamp)
{
    uint64_t now = READ_ONCE(tlb_clock), when, stale = 0;
    unsigned int cpu;

    when = now - (uint32_t)((uint32_t)now - stamp);
    for_each_cpu (cpu, ((cpumask_t){cpumask}))
        if (READ_ONCE(per_cpu(flush_tick, cpu)) <= when)
            stale |= 1ull << cpu;
    return stale;
}

/* irqs off: everything cached by this CPU goes, and the tick says so. */
static void flush_all_with_root(uint64_t cr3)
{
    uint64_t tick = atomic_inc(&tlb_clock);

    vtlb_flush();
    if (mmu_cr4_features & CR4_PGE) {
        unsigned long cr4 = READ_CR(4);

        WRITE_CR(4, cr4 & ~CR4_PGE);
        WRITE_CR(3, cr3);
        WRITE_CR(4, cr4);
    } else {
        WRITE_CR(3, cr3);
    }
    WRITE_ONCE(this_cpu(flush_tick), tick);
}

/* A domain whose root is loaded exists, so its id finds it. */
static struct domain *root_domain(uint32_t root)
{
    return root ? domain_by_owner_id(root - 1) : NULL;
}

void root_load(uint64_t cr3, struct domain *d)
{
    unsigned long irq = local_irq_save();
    uint32_t root = d ? d->id + 1 : 0, before = this_cpu(root_owner);
    uint64_t me = 1ull << smp_processor_id();

    vtlb_root_loaded(d);
    if (root == before) {
        flush_all_with_root(cr3);
    } else {
        if (d)
            atomic_or(&d->arch.dirty_cpumask, me);
        flush_all_with_root(cr3);
        this_cpu(root_owner) = root;
        if ((d = root_domain(before)))
            atomic_and(&d->arch.dirty_cpumask, ~me);
    }
    local_irq_restore(irq);
}

void flush_local(unsigned long va, unsigned int flags)
{
    unsigned long irq = local_irq_save();

    if ((flags & FLUSH_ROOT) && is_idle_vcpu(current))
        root_load(virt_to_maddr(idle_root), NULL);
    else if (flags & (FLUSH_TLB | FLUSH_TLB_GLOBAL | FLUSH_ROOT))
        flush_all_with_root(READ_CR(3));
    else if (flags & FLUSH_VA) {
        vtlb_flush_va(va);
        invlpg(va);
    }
    local_irq_restore(irq);
}

/* Does this CPU's share of the request under way, if there is one. In one step:
 * an interrupt between its parts would answer, and what is cleared last would
 * be the bit of the next request. */
static void serve_request(void)
{
    unsigned long irq = local_irq_save();
    uint64_t me = 1ull << smp_processor_id();

    if (atomic_load(&request.pending) & me) {
        flush_local(request.va, request.flags);
        atomic_and(&request.pending, ~me);
    }
    local_irq_restore(irq);
}

void flush_tlb_interrupt(void)
{
    serve_request();
}

void flush_while_waiting(void)
{
    serve_request();
    cpu_relax();
}

void flush_mask(uint64_t cpumask, unsigned long va, unsigned int flags)
{
    uint64_t me = 1ull << smp_processor_id();

    cpumask &= cpu_online_map.bits | me;
    if (cpumask & me)
        flush_local(va, flags);
    cpumask &= ~me;
    if (!cpumask)
        return;
    assert_no_irq_locks();
    spin_lock_serving(&request.lock, flush_while_waiting);
    request.va = va;
    request.flags = flags;
    atomic_store(&request.pending, cpumask);
    smp_send_ipi_mask(cpumask, INVALIDATE_TLB_VECTOR);
    while (atomic_load(&request.pending))
        cpu_relax();
    spin_unlock(&request.lock);
}

void flush_cache_frame(mfn_t mfn)
{
    char *p = mfn_to_virt(mfn);

    for (unsigned int i = 0; i < PAGE_SIZE; i += 64)
        asm volatile("clflush (%0)" ::"r"(p + i) : "memory");
    smp_mb();
}

void arch_flush_tlb(struct domain *d)
{
    flush_mask(READ_ONCE(d->arch.dirty_cpumask), 0, FLUSH_TLB);
}
