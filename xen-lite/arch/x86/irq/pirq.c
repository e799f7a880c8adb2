/* SPDX-License-Identifier: MIT */
/*
 * pirqs: dom0's names for interrupts. Mapped, a pirq stands for an irq; bound
 * to an event channel, that irq is open. GSIs keep their own numbers, messages
 * get numbers above them, from the top.
 *
 * The map changes under pirq_lock; binding (with the event lock held) and
 * unmapping meet there. 0 in the map is "none": GSI 0 is the PIT's.
 */
#include <hv/domain.h>
#include <hv/event_channel.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <asm/apic.h>
#include <asm/irq.h>
#include <asm/irq_desc.h>
#include <xen/physdev.h>

static spinlock_t pirq_lock = SPIN_LOCK_INIT(LOCK_PIRQ);

#ifdef HV_DEBUG
bool pirq_lock_is_held(void)
{
    return lock_is_held(&pirq_lock);
}
#endif

/* The irq behind pirq, or NULL. The number may be any. */
static struct irq_desc *pirq_desc(const struct domain *d, int pirq)
{
    int irq;

    if (pirq < 0 || pirq >= NR_PIRQS || !d->arch.pirq_to_irq)
        return NULL;
    irq = READ_ONCE(d->arch.pirq_to_irq[pirq]);
    return irq > 0 ? irq_to_desc(irq) : NULL;
}

/* --- the page of bits that say "this one wants an eoi" -------------------- */

static void publish_eoi_need(struct domain *d, uint32_t pirq, bool need)
{
    ASSERT_HELD(&pirq_lock);
    if (!d->arch.pirq_eoi_map)
        return;
    if (need)
        set_bit(pirq, d->arch.pirq_eoi_map);
    else
        clear_bit(pirq, d->arch.pirq_eoi_map);
}

int pirq_set_eoi_page(struct domain *d, mfn_t mfn, bool auto_unmask)
{
    struct page_info *pg = get_writable_page(mfn, d);
    unsigned long flags;

    if (!pg)
        return -EINVAL;
    flags = spin_lock_irqsave(&pirq_lock);
    if (d->arch.pirq_eoi_map) {
        spin_unlock_irqrestore(&pirq_lock, flags);
        put_page_and_type(pg);
        return -EBUSY;
    }
    d->arch.pirq_eoi_mfn = mfn;
    d->arch.pirq_eoi_map = page_to_virt(pg);
    d->arch.auto_unmask = auto_unmask;
    memset(d->arch.pirq_eoi_map, 0, PAGE_SIZE);
    for (int pirq = 0; pirq < NR_PIRQS; pirq++) {
        const struct irq_desc *desc = pirq_desc(d, pirq);

        if (desc && desc->guest == d && desc->level)
            publish_eoi_need(d, pirq, true);
    }
    spin_unlock_irqrestore(&pirq_lock, flags);
    return 0;
}

/* --- binding --- */

int pirq_guest_bind(struct vcpu *v, uint32_t pirq, bool will_share)
{
    struct domain *d = v->domain;
    unsigned long flags = spin_lock_irqsave(&pirq_lock);
    struct irq_desc *desc = pirq_desc(d, pirq);
    int rc = desc ? irq_bind_guest(desc, d, pirq, v->processor) : -EINVAL;

    ASSERT(evtchn_lock_is_held(d));
    if (!rc)
        publish_eoi_need(d, pirq, desc->level);
    spin_unlock_irqrestore(&pirq_lock, flags);
    return rc;
}

void pirq_guest_unbind(struct domain *d, uint32_t pirq)
{
    unsigned long flags = spin_lock_irqsave(&pirq_lock);
    struct irq_desc *desc = pirq_desc(d, pirq);

    ASSERT(evtchn_lock_is_held(d));
    if (desc)
        irq_unbind_guest(desc, d);
    publish_eoi_need(d, pirq, false);
    spin_unlock_irqrestore(&pirq_lock, flags);
}

void pirq_guest_set_affinity(struct domain *d, uint32_t pirq, struct vcpu *v)
{
    struct irq_desc *desc = pirq_desc(d, pirq);

    ASSERT(evtchn_lock_is_held(d));
    if (desc)
        irq_set_cpu(desc, d, v->processor);
}

/* --- mapping --- */

static int any_free_pirq(const struct domain *d)
{
    ASSERT_HELD(&d->lock);
    for (int pirq = NR_PIRQS - 1; pirq >= NR_GSIS; pirq--)
        if (!d->arch.pirq_to_irq[pirq])
            return pirq;
    return -ENOSPC;
}

int get_free_pirq(struct domain *d, bool gsi)
{
    ASSERT_HELD(&d->lock);
    if (!d->arch.pirq_to_irq)
        return -EINVAL;
    if (gsi)
        for (int pirq = 16; pirq < NR_GSIS; pirq++)
            if (!d->arch.pirq_to_irq[pirq])
                return pirq;
    return any_free_pirq(d);
}

/* pirq < 0: any. The number that is now irq's name, or -errno. */
static int name_irq(struct domain *d, int irq, int pirq)
{
    unsigned long flags;
    int rc = -EINVAL;

    ASSERT_HELD(&d->lock);
    flags = spin_lock_irqsave(&pirq_lock);
    if (pirq < 0)
        pirq =
            irq < NR_GSIS && !d->arch.pirq_to_irq[irq] ? irq : any_free_pirq(d);
    if (pirq < 0) {
        rc = pirq;
    } else if (pirq < NR_PIRQS && (!d->arch.pirq_to_irq[pirq] ||
                                   d->arch.pirq_to_irq[pirq] == irq)) {
        d->arch.pirq_to_irq[pirq] = irq;
        rc = pirq;
    }
    spin_unlock_irqrestore(&pirq_lock, flags);
    return rc;
}

int map_gsi_pirq(struct domain *d, int gsi, int pirq)
{
    if (!d->arch.pirq_to_irq || gsi <= 0 || !gsi_valid(gsi))
        return -EINVAL;
    return name_irq(d, gsi, pirq);
}

int map_msi_pirq(struct domain *d, struct pci_sbdf dev, unsigned int entry_nr,
                 paddr_t table, int pirq)
{
    struct msi_desc *msi;
    unsigned long flags;
    int irq, rc;

    ASSERT_HELD(&d->lock);
    if (!d->arch.pirq_to_irq)
        return -EINVAL;
    msi = xzalloc(struct msi_desc);
    if (!msi)
        return -ENOMEM;
    rc = msi_prepare(msi, dev, entry_nr, table);
    if (rc)
        goto out;
    flags = spin_lock_irqsave(&pirq_lock);
    rc = irq = irq_create_msi(msi);
    spin_unlock_irqrestore(&pirq_lock, flags);
    if (rc < 0)
        goto out;
    rc = name_irq(d, irq, pirq);
    if (rc < 0)
        msi_release(irq_destroy_msi(irq_to_desc(irq)));
out:
    if (rc < 0)
        xfree(msi);
    return rc;
}

int unmap_pirq(struct domain *d, int pirq)
{
    struct msi_desc *msi = NULL;
    struct irq_desc *desc;
    unsigned long flags;

    flags = spin_lock_irqsave(&pirq_lock);
    desc = pirq_desc(d, pirq);
    if (desc) {
        irq_unbind_guest(desc, d);
        publish_eoi_need(d, pirq, false);
        if (desc->msi)
            msi = irq_destroy_msi(desc);
        d->arch.pirq_to_irq[pirq] = 0;
    }
    spin_unlock_irqrestore(&pirq_lock, flags);
    if (msi)
        msi_release(msi);
    xfree(msi);
    return desc ? 0 : -EINVAL;
}

void free_domain_pirqs(struct domain *d)
{
    if (d->arch.pirq_to_irq)
        for (int pirq = 0; pirq < NR_PIRQS; pirq++)
            unmap_pirq(d, pirq);
    if (d->arch.pirq_eoi_map) {
        d->arch.pirq_eoi_map = NULL;
        put_page_and_type(mfn_to_page(d->arch.pirq_eoi_mfn));
    }
}

/* --- in use --- */

/* Every pirq needs an eoi, as on Xen, because a driver that asks here does not
 * look at the page of bits, and an eoi too many is harmless. */
int pirq_status(struct domain *d, int pirq, uint32_t *flags)
{
    if (pirq < 0 || pirq >= NR_PIRQS)
        return -EINVAL;
    *flags = XENIRQSTAT_needs_eoi;
    return 0;
}

int pirq_eoi(struct domain *d, int pirq)
{
    struct irq_desc *desc = pirq_desc(d, pirq);

    if (!desc)
        return -EINVAL;
    if (d->arch.auto_unmask)
        evtchn_unmask(d, d->pirq_to_port[pirq]);
    irq_guest_eoi(desc, d);
    return 0;
}
