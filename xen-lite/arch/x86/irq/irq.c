/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of devices.
 *
 * An irq is a GSI line or an MSI; started, it has a vector on one CPU, and
 * that CPU's table leads from the vector back to the irq (vectors.c). The irq
 * belongs to dom0 (through a pirq that is bound to an event channel) or to
 * ourselves.
 *
 * A level line is masked and acknowledged at once, and unmasked when dom0 says
 * it has served the device: whatever dom0 does in between, the CPU's priority
 * is never held up. Edges and messages are acknowledged and passed on.
 */
#include <hv/acpi.h>
#include <hv/console.h>
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/lib.h>
#include <hv/percpu.h>
#include <hv/smp.h>
#include <asm/apic.h>
#include <asm/irq.h>
#include <asm/irq_desc.h>
#include <asm/tlb.h>
#include <asm/traps.h>

static struct irq_desc *irqs; /* [NR_IRQS] */

struct irq_desc *irq_to_desc(unsigned int irq)
{
    return &irqs[irq];
}

/* --- the two kinds of source --- */

static void set_route(struct irq_desc *desc, bool masked)
{
    uint32_t apic_id = cpu_to_apicid[desc->cpu];

    ASSERT_HELD(&desc->lock);
    if (desc->msi) {
        msi_set_message(desc->msi, apic_id, desc->vector);
        msi_mask(desc->msi, masked);
    } else {
        io_apic_set_route(desc - irqs, desc->vector, apic_id, desc->level,
                          desc->active_low, masked);
    }
    desc->masked = masked;
}

static void mask_irq(struct irq_desc *desc, bool masked)
{
    ASSERT_HELD(&desc->lock);
    if (desc->msi)
        msi_mask(desc->msi, masked);
    else
        io_apic_mask(desc - irqs, masked);
    desc->masked = masked;
}

/* Gives desc a vector on a CPU; masked as asked. */
static int startup_irq(struct irq_desc *desc, unsigned int cpu, bool masked)
{
    ASSERT_HELD(&desc->lock);
    if (!place_irq(desc, cpu))
        return -ENOSPC;
    desc->awaits_eoi = false;
    set_route(desc, masked);
    return 0;
}

static void shutdown_irq(struct irq_desc *desc)
{
    ASSERT_HELD(&desc->lock);
    if (!desc->vector)
        return;
    mask_irq(desc, true);
    leave_all_places(desc);
    desc->awaits_eoi = false;
}

/* A line's move is one store, without a moment in which an edge is lost. */
static void move_irq(struct irq_desc *desc, unsigned int cpu)
{
    ASSERT_HELD(&desc->lock);
    /* A message that cannot be masked might be sent half old, half new. */
    if (desc->cpu == cpu || (desc->msi && !desc->msi->maskable))
        return;
    if (!place_irq(desc, cpu))
        return;
    if (desc->msi)
        set_route(desc, desc->masked);
    else
        io_apic_set_cpu(desc - irqs, cpu_to_apicid[cpu]);
}

/* --- arrival --- */

static void handle_irq(struct irq_desc *desc)
{
    void (*fn)(void *) = NULL;
    struct domain *d = NULL;
    void *data = NULL;
    uint32_t pirq = 0;

    spin_lock(&desc->lock);
    if (desc->action) {
        fn = desc->action;
        data = desc->data;
    } else if (desc->guest) {
        d = desc->guest;
        pirq = desc->pirq;
        if (desc->level) {
            mask_irq(desc, true);
            desc->awaits_eoi = true;
        }
    } else if (desc->vector) { /* else it has just been shut down */
        mask_irq(desc, true);
    }
    spin_unlock(&desc->lock);

    /* A level line that the hypervisor serves must be quiet before it is
     * acknowledged. */
    if (fn)
        fn(data);
    lapic_eoi();
    if (d)
        send_guest_pirq(d, pirq);
}

void do_IRQ(struct cpu_regs *regs)
{
    uint8_t vector = regs->entry_vector;
    unsigned int irq;

    switch (vector) {
    case LOCAL_TIMER_VECTOR:
        lapic_eoi();
        raise_softirq(TIMER_SOFTIRQ);
        return;
    case EVENT_CHECK_VECTOR:
        /* The exit path looks at the pending words; nothing else to do. */
        lapic_eoi();
        return;
    case INVALIDATE_TLB_VECTOR:
        lapic_eoi();
        flush_tlb_interrupt();
        return;
    case CALL_FUNCTION_VECTOR:
        lapic_eoi();
        smp_call_function_interrupt();
        return;
    case SPURIOUS_APIC_VECTOR:
        return; /* by definition without acknowledge */
    case ERROR_APIC_VECTOR:
        lapic_write(APIC_ESR, 0);
        printk(XENLOG_ERR "CPU%u: APIC error %x\n", smp_processor_id(),
               lapic_read(APIC_ESR));
        lapic_eoi();
        return;
    }
    irq = this_cpu(vector_irq)[vector];
    if (irq)
        handle_irq(&irqs[irq]);
    else
        lapic_eoi();
}

/* --- our own use --- */

int __init request_irq(unsigned int isa_irq, void (*fn)(void *data), void *data)
{
    bool level, active_low;
    unsigned int gsi = isa_irq_to_gsi(isa_irq, &level, &active_low);
    struct irq_desc *desc;
    unsigned long flags;
    int rc = -EBUSY;

    if (!gsi || !gsi_valid(gsi))
        return -EINVAL;
    desc = &irqs[gsi];
    flags = spin_lock_irqsave(&desc->lock);
    if (!desc->action && !desc->guest) {
        desc->level = level;
        desc->active_low = active_low;
        desc->action = fn;
        desc->data = data;
        rc = startup_irq(desc, 0, false);
    }
    spin_unlock_irqrestore(&desc->lock, flags);
    return rc;
}

/* --- the guest's use: see asm/irq_desc.h --- */

int irq_bind_guest(struct irq_desc *desc, struct domain *d, uint32_t pirq,
                   unsigned int cpu)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    int rc = -EBUSY;

    if (!desc->action && !desc->guest) {
        desc->guest = d;
        desc->pirq = pirq;
        if (desc->msi) {
            move_irq(desc, cpu);
            mask_irq(desc, false);
            msi_enable(desc->msi);
            rc = 0;
        } else {
            rc = startup_irq(desc, cpu, false);
        }
        if (rc)
            desc->guest = NULL;
    }
    spin_unlock_irqrestore(&desc->lock, flags);
    return rc;
}

void irq_unbind_guest(struct irq_desc *desc, const struct domain *d)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);

    if (desc->guest == d) {
        if (desc->msi)
            mask_irq(desc, true);
        else
            shutdown_irq(desc);
        desc->guest = NULL;
    }
    spin_unlock_irqrestore(&desc->lock, flags);
}

void irq_set_cpu(struct irq_desc *desc, const struct domain *d,
                 unsigned int cpu)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);

    if (desc->guest == d && desc->vector)
        move_irq(desc, cpu);
    spin_unlock_irqrestore(&desc->lock, flags);
}

void irq_guest_eoi(struct irq_desc *desc, const struct domain *d)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);

    if (desc->guest == d && desc->awaits_eoi) {
        desc->awaits_eoi = false;
        mask_irq(desc, false);
    }
    spin_unlock_irqrestore(&desc->lock, flags);
}

/* --- messages --- */

int irq_create_msi(struct msi_desc *msi)
{
    ASSERT(pirq_lock_is_held()); /* search and claim are one */
    for (unsigned int irq = NR_GSIS; irq < NR_IRQS; irq++) {
        struct irq_desc *desc = &irqs[irq];
        unsigned long flags;
        int rc;

        if (desc->msi)
            continue;
        flags = spin_lock_irqsave(&desc->lock);
        desc->msi = msi;
        /* The message is in place, masked, before dom0 enables the device:
         * without a mask bit, a stray one finds an irq that is not bound. */
        rc = startup_irq(desc, smp_processor_id(), true);
        if (rc)
            desc->msi = NULL;
        spin_unlock_irqrestore(&desc->lock, flags);
        return rc ?: (int)irq;
    }
    return -ENOSPC;
}

struct msi_desc *irq_destroy_msi(struct irq_desc *desc)
{
    unsigned long flags = spin_lock_irqsave(&desc->lock);
    struct msi_desc *msi = desc->msi;

    shutdown_irq(desc);
    desc->msi = NULL;
    spin_unlock_irqrestore(&desc->lock, flags);
    return msi;
}

void irq_restore_msi(struct pci_sbdf dev)
{
    for (unsigned int irq = NR_GSIS; irq < NR_IRQS; irq++) {
        struct irq_desc *desc = &irqs[irq];
        unsigned long flags = spin_lock_irqsave(&desc->lock);

        if (desc->msi && pci_sbdf_eq(desc->msi->dev, dev)) {
            set_route(desc, desc->masked);
            msi_enable(desc->msi);
        }
        spin_unlock_irqrestore(&desc->lock, flags);
    }
}

int setup_gsi(unsigned int gsi, bool level, bool active_low)
{
    struct irq_desc *desc;
    unsigned long flags;
    int rc = 0;

    if (!gsi || !gsi_valid(gsi))
        return -EINVAL;
    desc = &irqs[gsi];
    flags = spin_lock_irqsave(&desc->lock);
    if (desc->vector) {
        rc = -EEXIST; /* in use: the wiring stays */
    } else {
        desc->level = level;
        desc->active_low = active_low;
    }
    spin_unlock_irqrestore(&desc->lock, flags);
    return rc;
}

void arch_dump_irqs(char key)
{
    for (unsigned int irq = 0; irq < NR_IRQS && dump_goes_on(); irq++) {
        struct irq_desc *desc = &irqs[irq];
        struct irq_desc d;
        unsigned long flags = spin_lock_irqsave(&desc->lock);

        d = *desc;
        spin_unlock_irqrestore(&desc->lock, flags);
        if (!d.vector)
            continue;
        printk("  irq %u: vector %x CPU%u %s%s%s", irq, d.vector, d.cpu,
               d.msi     ? "msi"
               : d.level ? "level"
                         : "edge",
               d.masked ? " masked" : "", d.awaits_eoi ? " in service" : "");
        if (d.guest)
            printk(" d%d pirq %u\n", d.guest->id, d.pirq);
        else
            printk(" ours\n");
    }
}

void __init init_irqs(void)
{
    irqs = xzalloc_array(struct irq_desc, NR_IRQS);
    BUG_ON(!irqs);
    for (unsigned int i = 0; i < NR_IRQS; i++) {
        spin_lock_init(&irqs[i].lock, LOCK_IRQ);
        irqs[i].masked = true;
        /* PCI lines unless ACPI says otherwise. */
        irqs[i].level = irqs[i].active_low = i >= 16 && i < NR_GSIS;
    }
    for (unsigned int i = 0; i < acpi.nr_overrides; i++) {
        unsigned int gsi = acpi.override[i].gsi;

        if (gsi < NR_GSIS) {
            irqs[gsi].level = acpi.override[i].level;
            irqs[gsi].active_low = acpi.override[i].active_low;
        }
    }
    io_apic_init();
}
