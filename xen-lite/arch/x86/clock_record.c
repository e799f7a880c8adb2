/* SPDX-License-Identifier: MIT */
/* Writing the clock that a guest reads, see asm/clock_record.h. */
#include <hv/arch.h>
#include <hv/domain.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/spinlock.h>
#include <asm/clock_record.h>
#include <asm/log_dirty.h>
#include <asm/tlb.h>
#include <xen/xen.h>

static spinlock_t record_lock = SPIN_LOCK_INIT(LOCK_DEVICE);

/* The holder may have all records to write, so a CPU that waits serves flushes,
 * too. */
unsigned long clock_records_lock(void)
{
    unsigned long flags = local_irq_save();

    spin_lock_serving(&record_lock, flush_while_waiting);
    return flags;
}

void clock_records_unlock(unsigned long flags)
{
    spin_unlock_irqrestore(&record_lock, flags);
}

void clock_record_open(struct vcpu_time_info *to)
{
    ASSERT_HELD(&record_lock);
    WRITE_ONCE(to->version, to->version | 1);
    smp_wmb();
}

void clock_record_close(struct vcpu_time_info *to,
                        const struct vcpu_time_info *t)
{
    ASSERT_HELD(&record_lock);
    to->tsc_timestamp = t->tsc_timestamp;
    to->system_time = t->system_time;
    to->tsc_to_system_mul = t->tsc_to_system_mul;
    to->tsc_shift = t->tsc_shift;
    to->flags = t->flags;
    smp_wmb();
    /* Even, whatever the guest has written meanwhile. */
    WRITE_ONCE(to->version, (to->version | 1) + 1);
}

bool clock_record_same(const struct vcpu_time_info *a,
                       const struct vcpu_time_info *b)
{
    return a->tsc_timestamp == b->tsc_timestamp &&
           a->system_time == b->system_time &&
           a->tsc_to_system_mul == b->tsc_to_system_mul &&
           a->tsc_shift == b->tsc_shift && a->flags == b->flags;
}

/* All of v that the guest may read. An area that it has taken away meanwhile is
 * no longer ours. */
static void for_each_record_of(struct vcpu *v,
                               void (*fn)(struct vcpu_time_info *record))
{
    const struct time_area *a = &v->arch.time_area;

    if (v->vcpu_info != &dummy_vcpu_info)
        fn(&v->vcpu_info->time);
    if (a->pg && a->at == v->time_info_guest) {
        fn(a->record);
        log_dirty_frame(page_to_mfn(a->pg));
    }
}

/* What is left of a domain that has shut down is being saved, and must not
 * change. */
void for_each_clock_record(void (*fn)(struct vcpu_time_info *record))
{
    struct domain *d;
    struct vcpu *v;

    ASSERT_HELD(&record_lock);
    for_each_domain (d)
        if (!d->is_shut_down)
            for_each_vcpu (d, v) {
                for_each_record_of(v, fn);
                flush_tlb_interrupt();
            }
}
