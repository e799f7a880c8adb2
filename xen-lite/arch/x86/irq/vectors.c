/* SPDX-License-Identifier: MIT */
/*
 * Which irq each vector of each CPU stands for.
 *
 * An irq that has moved to another CPU keeps its place in the tables of those
 * where it was, until it is shut down: a late interrupt there still finds it.
 * Such a place may be given away when its CPU has no other.
 */
#include <hv/lib.h>
#include <hv/percpu.h>
#include <asm/irq.h>
#include <asm/irq_desc.h>
#include <asm/traps.h>

DEFINE_PER_CPU(uint16_t[NR_VECTORS], vector_irq);
/* The tables, and where irqs are in them. */
static spinlock_t vector_lock = SPIN_LOCK_INIT(LOCK_DEVICE);

static uint16_t irq_of(const struct irq_desc *desc)
{
    return desc - irq_to_desc(0);
}

/* May desc have that place? left: also one that its irq has left. */
static bool is_vacant(const struct irq_desc *desc, unsigned int cpu, uint8_t v,
                      bool left)
{
    uint16_t irq = per_cpu(vector_irq, cpu)[v];
    const struct irq_desc *there = irq_to_desc(irq);

    return !irq || there == desc ||
           (left && (there->cpu != cpu || there->vector != v));
}

/*
 * 0: there is none. desc keeps the vector that it has if it can; a line must.
 * The IO-APIC waits for the acknowledge of an interrupt that is under way to
 * the old CPU, and knows it by the vector in the route: under another one the
 * line would be silent for ever.
 */
static uint8_t find_vector(const struct irq_desc *desc, unsigned int cpu)
{
    static uint8_t next = FIRST_DYNAMIC_VECTOR;

    ASSERT_HELD(&vector_lock);
    for (unsigned int left = 0; left < 2; left++) {
        if (desc->vector && is_vacant(desc, cpu, desc->vector, left))
            return desc->vector;
        if (desc->vector && !desc->msi)
            continue;
        for (unsigned int n = FIRST_DYNAMIC_VECTOR; n <= LAST_DYNAMIC_VECTOR;
             n++) {
            uint8_t v = next;

            next = v == LAST_DYNAMIC_VECTOR ? FIRST_DYNAMIC_VECTOR : v + 1;
            if (v != GUEST_INT80_VECTOR && is_vacant(desc, cpu, v, left))
                return v;
        }
    }
    return 0;
}

/* False: the CPU has no place. The route is as it was. */
bool place_irq(struct irq_desc *desc, unsigned int cpu)
{
    unsigned long flags = spin_lock_irqsave(&vector_lock);
    uint8_t vector = find_vector(desc, cpu);

    ASSERT_HELD(&desc->lock);
    if (vector) {
        per_cpu(vector_irq, cpu)[vector] = irq_of(desc);
        desc->cpu = cpu;
        desc->vector = vector;
    }
    spin_unlock_irqrestore(&vector_lock, flags);
    return vector;
}

void leave_all_places(struct irq_desc *desc)
{
    unsigned long flags = spin_lock_irqsave(&vector_lock);
    unsigned int cpu;

    for_each_online_cpu(cpu)
    {
        uint16_t *irq = per_cpu(vector_irq, cpu);

        for (unsigned int v = 0; v < NR_VECTORS; v++)
            if (irq[v] == irq_of(desc))
                irq[v] = 0;
    }
    desc->vector = 0;
    spin_unlock_irqrestore(&vector_lock, flags);
}
