/* SPDX-License-Identifier: MIT */
/* Writing the clock that a guest reads, see asm/clock_record.h. */
#include <hv/arch.h>
#include <hv/lib.h>
#include <hv/spinlock.h>
#include <asm/clock_record.h>
#include <xen/xen.h>

static spinlock_t record_lock = SPIN_LOCK_INIT(LOCK_DEVICE);

unsigned long clock_records_lock(void)
{
    return spin_lock_irqsave(&record_lock);
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
