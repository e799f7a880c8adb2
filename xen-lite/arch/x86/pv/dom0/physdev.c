/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_physdev_op: what dom0 needs for driving devices. Any domain may
 * set its I/O privilege (it gives nothing by itself) and its page of EOI bits;
 * the rest is dom0's.
 */
#include <hv/domain.h>
#include <hv/hypercall.h>
#include <hv/subop.h>
#include <asm/apic.h>
#include <asm/irq.h>
#include <asm/irq_desc.h>
#include <asm/msi.h>
#include <xen/physdev.h>

#define PCI_CAP_MSIX 0x11
#define IOPORTS      65536u

/* --- any domain --- */

static long set_iopl(struct domain *d, void *arg)
{
    const struct physdev_set_iopl *op = arg;

    if (op->iopl > 3)
        return -EINVAL;
    current->arch.iopl = op->iopl;
    return 0;
}

static long set_iobitmap(struct domain *d, void *arg)
{
    const struct physdev_set_iobitmap *op = arg;

    if (op->nr_ports > IOPORTS)
        return -EINVAL;
    current->arch.iobmp = (uint64_t)op->bitmap.p;
    current->arch.iobmp_limit = op->nr_ports;
    return 0;
}

static long eoi_page_v1(struct domain *d, void *arg)
{
    const struct physdev_pirq_eoi_gmfn *op = arg;

    return pirq_set_eoi_page(d, _mfn(op->gmfn), true);
}

static long eoi_page_v2(struct domain *d, void *arg)
{
    const struct physdev_pirq_eoi_gmfn *op = arg;

    return pirq_set_eoi_page(d, _mfn(op->gmfn), false);
}

static long eoi(struct domain *d, void *arg)
{
    const struct physdev_eoi *op = arg;

    return pirq_eoi(d, op->irq);
}

static long irq_status_query(struct domain *d, void *arg)
{
    struct physdev_irq_status_query *op = arg;

    return op->irq < NR_PIRQS ? pirq_status(d, op->irq, &op->flags) : -EINVAL;
}

/* --- mapping --- */

static int map_one(struct domain *d, const struct physdev_map_pirq *op)
{
    struct pci_sbdf dev = {.bus = op->bus, .devfn = op->devfn};

    switch (op->type) {
    case MAP_PIRQ_TYPE_GSI:
        return map_gsi_pirq(d, op->index, op->pirq);
    case MAP_PIRQ_TYPE_MSI_SEG:
        dev.seg = op->bus >> 16;
        break;
    case MAP_PIRQ_TYPE_MULTI_MSI:
        /* Vectors in a row need interrupt remapping to be moved one by one;
         * drivers then ask for a single one. */
        if (op->entry_nr != 1)
            return op->entry_nr > 0 && op->entry_nr <= 32 ? -EOPNOTSUPP : -EDOM;
        dev.seg = op->bus >> 16;
        break;
    case MAP_PIRQ_TYPE_MSI:
        break;
    default:
        return -EINVAL;
    }
    if (op->entry_nr < 0)
        return -EINVAL;
    return map_msi_pirq(d, dev, op->table_base ? op->entry_nr : 0,
                        op->table_base, op->pirq);
}

static long map_pirq(struct domain *d, void *arg)
{
    struct physdev_map_pirq *op = arg;
    int rc;

    if (d != current->domain)
        return -EINVAL; /* only dom0 itself has devices */
    spin_lock(&d->lock);
    rc = map_one(d, op);
    spin_unlock(&d->lock);
    if (rc < 0)
        return rc;
    op->pirq = rc;
    return 0;
}

static long do_unmap_pirq(struct domain *d, void *arg)
{
    const struct physdev_unmap_pirq *op = arg;
    long rc;

    if (d != current->domain)
        return -EINVAL;
    spin_lock(&d->lock);
    rc = unmap_pirq(d, op->pirq);
    spin_unlock(&d->lock);
    return rc;
}

static long free_pirq(struct domain *d, void *arg)
{
    struct physdev_get_free_pirq *op = arg;
    int pirq;

    spin_lock(&d->lock);
    pirq = get_free_pirq(d, op->type == MAP_PIRQ_TYPE_GSI);
    spin_unlock(&d->lock);
    if (pirq < 0)
        return pirq;
    op->pirq = pirq;
    return 0;
}

/* --- lines --- */

static long apic_read(struct domain *d, void *arg)
{
    struct physdev_apic *op = arg;

    return io_apic_guest_read(op->apic_physbase, op->reg, &op->value);
}

static long apic_write(struct domain *d, void *arg)
{
    const struct physdev_apic *op = arg;

    return io_apic_guest_write(op->apic_physbase, op->reg, op->value);
}

/* The hypervisor chooses vectors, and does so later: dom0 gets its own number
 * back. */
static long alloc_irq_vector(struct domain *d, void *arg)
{
    struct physdev_irq *op = arg;

    op->vector = op->irq;
    return 0;
}

static long do_setup_gsi(struct domain *d, void *arg)
{
    const struct physdev_setup_gsi *op = arg;

    return setup_gsi(op->gsi, op->triggering, op->polarity);
}

/* --- PCI devices --- */

static long msix_device(struct domain *d, void *arg)
{
    const struct physdev_pci_device *op = arg;

    return pci_find_cap((struct pci_sbdf){op->seg, op->bus, op->devfn},
                        PCI_CAP_MSIX)
               ? 0
               : -ENODEV;
}

static long restore_msi(struct domain *d, void *arg)
{
    const struct physdev_restore_msi *op = arg;

    irq_restore_msi((struct pci_sbdf){0, op->bus, op->devfn});
    return 0;
}

static long restore_msi_ext(struct domain *d, void *arg)
{
    const struct physdev_pci_device *op = arg;

    irq_restore_msi((struct pci_sbdf){op->seg, op->bus, op->devfn});
    return 0;
}

static long mmcfg_reserved(struct domain *d, void *arg)
{
    const struct physdev_pci_mmcfg_reserved *op = arg;
    long rc;

    spin_lock(&hardware_domain->lock);
    rc = pci_mmcfg_reserved(op->address, op->segment, op->start_bus,
                            op->end_bus, op->flags & XEN_PCI_MMCFG_RESERVED);
    spin_unlock(&hardware_domain->lock);
    return rc;
}

#define ANY_DOMAIN(handler, type)                                              \
    {                                                                          \
        .fn = handler, SUBOP_IN(struct physdev_##type)                         \
    }
#define DOM0(handler, type)                                                    \
    {                                                                          \
        .fn = handler, SUBOP_IN(struct physdev_##type), .flags = SUBOP_DOM0    \
    }
#define DOM0_OUT(handler, type)                                                \
    {                                                                          \
        .fn = handler, SUBOP_INOUT(struct physdev_##type), .flags = SUBOP_DOM0 \
    }

static const struct subop physdev_table[] = {
    [PHYSDEVOP_set_iopl] = ANY_DOMAIN(set_iopl, set_iopl),
    [PHYSDEVOP_set_iobitmap] = ANY_DOMAIN(set_iobitmap, set_iobitmap),
    [PHYSDEVOP_pirq_eoi_gmfn_v1] = ANY_DOMAIN(eoi_page_v1, pirq_eoi_gmfn),
    [PHYSDEVOP_pirq_eoi_gmfn_v2] = ANY_DOMAIN(eoi_page_v2, pirq_eoi_gmfn),
    [PHYSDEVOP_eoi] = ANY_DOMAIN(eoi, eoi),
    [PHYSDEVOP_irq_status_query] = {.fn = irq_status_query,
                                    SUBOP_INOUT(
                                        struct physdev_irq_status_query)},
    [PHYSDEVOP_map_pirq] = {.fn = map_pirq,
                            SUBOP_INOUT(struct physdev_map_pirq),
                            SUBOP_DOMID(struct physdev_map_pirq, domid),
                            .flags = SUBOP_DOM0},
    [PHYSDEVOP_unmap_pirq] = {.fn = do_unmap_pirq,
                              SUBOP_IN(struct physdev_unmap_pirq),
                              SUBOP_DOMID(struct physdev_unmap_pirq, domid),
                              .flags = SUBOP_DOM0},
    [PHYSDEVOP_get_free_pirq] = DOM0_OUT(free_pirq, get_free_pirq),
    [PHYSDEVOP_apic_read] = DOM0_OUT(apic_read, apic),
    [PHYSDEVOP_apic_write] = DOM0(apic_write, apic),
    [PHYSDEVOP_alloc_irq_vector] = DOM0_OUT(alloc_irq_vector, irq),
    [PHYSDEVOP_setup_gsi] = DOM0(do_setup_gsi, setup_gsi),
    [PHYSDEVOP_prepare_msix] = DOM0(msix_device, pci_device),
    [PHYSDEVOP_release_msix] = DOM0(msix_device, pci_device),
    [PHYSDEVOP_restore_msi] = DOM0(restore_msi, restore_msi),
    [PHYSDEVOP_restore_msi_ext] = DOM0(restore_msi_ext, pci_device),
    [PHYSDEVOP_pci_mmcfg_reserved] = DOM0(mmcfg_reserved, pci_mmcfg_reserved),
    /* dom0 keeps all devices, so there is nothing to record. What reaches a
     * device is its interrupts alone, by map_pirq. */
    [PHYSDEVOP_manage_pci_add] = DOM0(subop_nothing, manage_pci),
    [PHYSDEVOP_manage_pci_remove] = DOM0(subop_nothing, manage_pci),
    [PHYSDEVOP_manage_pci_add_ext] = DOM0(subop_nothing, manage_pci_ext),
    [PHYSDEVOP_pci_device_add] = DOM0(subop_nothing, pci_device_add),
    [PHYSDEVOP_pci_device_remove] = DOM0(subop_nothing, pci_device),
    /* The hypervisor has no debug port that could be disturbed. */
    [PHYSDEVOP_dbgp_op] = DOM0(subop_nothing, dbgp_op),
};

static const struct subop_family physdev_ops = {
    .call = __HYPERVISOR_physdev_op,
    .rows = {{physdev_table, ARRAY_SIZE(physdev_table)}},
    .otherwise = {.rc = -ENOSYS, .flags = SUBOP_DOM0},
};

long do_physdev_op(unsigned int cmd, uint64_t arg)
{
    return subop_call(&physdev_ops, cmd, arg);
}
