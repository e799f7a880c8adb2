/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_physdev_op: what dom0 needs for driving devices. Any domain may
 * set its I/O privilege (it gives nothing by itself) and its page of EOI bits;
 * the rest is dom0's.
 */
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <asm/apic.h>
#include <asm/irq.h>
#include <asm/irq_desc.h>
#include <asm/msi.h>
#include <xen/physdev.h>

#define PCI_CAP_MSIX 0x11
#define IOPORTS      65536u

/* --- any domain --- */

static long set_iopl(uint64_t arg)
{
    struct physdev_set_iopl op;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    if (op.iopl > 3)
        return -EINVAL;
    current->arch.iopl = op.iopl;
    return 0;
}

static long set_iobitmap(uint64_t arg)
{
    struct physdev_set_iobitmap op;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    if (op.nr_ports > IOPORTS)
        return -EINVAL;
    current->arch.iobmp = (uint64_t)op.bitmap.p;
    current->arch.iobmp_limit = op.nr_ports;
    return 0;
}

static long set_eoi_page(uint64_t arg, bool auto_unmask)
{
    struct physdev_pirq_eoi_gmfn op;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    return pirq_set_eoi_page(current->domain, _mfn(op.gmfn), auto_unmask);
}

static long eoi(uint64_t arg)
{
    struct physdev_eoi op;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    return pirq_eoi(current->domain, op.irq);
}

static long irq_status_query(uint64_t arg)
{
    struct physdev_irq_status_query op;
    long rc;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    if (op.irq >= NR_PIRQS)
        return -EINVAL;
    rc = pirq_status(current->domain, op.irq, &op.flags);
    if (!rc && copy_object_to_guest(arg, &op))
        rc = -EFAULT;
    return rc;
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

/* Devices are not given to other domains, so only dom0 itself has any. */
static long others_devices(domid_t domid)
{
    struct domain *d = get_domain_by_any_id(domid);

    if (!d)
        return -ESRCH;
    put_domain(d);
    return d == current->domain ? 0 : -EINVAL;
}

static long map_pirq(uint64_t arg)
{
    struct domain *d = current->domain;
    struct physdev_map_pirq op;
    long rc;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    rc = others_devices(op.domid);
    if (rc)
        return rc;
    spin_lock(&d->lock);
    rc = map_one(d, &op);
    spin_unlock(&d->lock);
    if (rc < 0)
        return rc;
    op.pirq = rc;
    return copy_object_to_guest(arg, &op) ? -EFAULT : 0;
}

static long do_unmap_pirq(uint64_t arg)
{
    struct domain *d = current->domain;
    struct physdev_unmap_pirq op;
    long rc;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    rc = others_devices(op.domid);
    if (rc)
        return rc;
    spin_lock(&d->lock);
    rc = unmap_pirq(d, op.pirq);
    spin_unlock(&d->lock);
    return rc;
}

static long free_pirq(uint64_t arg)
{
    struct domain *d = current->domain;
    struct physdev_get_free_pirq op;
    int pirq;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    spin_lock(&d->lock);
    pirq = get_free_pirq(d, op.type == MAP_PIRQ_TYPE_GSI);
    spin_unlock(&d->lock);
    if (pirq < 0)
        return pirq;
    op.pirq = pirq;
    return copy_object_to_guest(arg, &op) ? -EFAULT : 0;
}

/* --- lines --- */

static long apic_access(uint64_t arg, bool write)
{
    struct physdev_apic op;
    long rc;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    if (write)
        return io_apic_guest_write(op.apic_physbase, op.reg, op.value);
    rc = io_apic_guest_read(op.apic_physbase, op.reg, &op.value);
    if (!rc && copy_object_to_guest(arg, &op))
        rc = -EFAULT;
    return rc;
}

/* The hypervisor chooses vectors, and does so later: dom0 gets its own number
 * back. */
static long alloc_irq_vector(uint64_t arg)
{
    struct physdev_irq op;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    op.vector = op.irq;
    return copy_object_to_guest(arg, &op) ? -EFAULT : 0;
}

static long do_setup_gsi(uint64_t arg)
{
    struct physdev_setup_gsi op;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    return setup_gsi(op.gsi, op.triggering, op.polarity);
}

/* --- PCI devices --- */

/* dom0 keeps them all, so there is nothing to record. What reaches a device is
 * its interrupts alone, by map_pirq. */
static long pci_device(uint64_t arg, size_t size)
{
    char op[sizeof(struct physdev_pci_device_add) + 16];

    return size > sizeof(op) || copy_from_guest_raw(op, arg, size) ? -EFAULT
                                                                   : 0;
}

static long msix_device(uint64_t arg)
{
    struct physdev_pci_device op;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    return pci_find_cap((struct pci_sbdf){op.seg, op.bus, op.devfn},
                        PCI_CAP_MSIX)
               ? 0
               : -ENODEV;
}

static long restore_msi(uint64_t arg, bool ext)
{
    struct physdev_pci_device op = {0};
    struct physdev_restore_msi old;

    if (ext ? copy_object_from_guest(&op, arg)
            : copy_object_from_guest(&old, arg))
        return -EFAULT;
    if (!ext) {
        op.bus = old.bus;
        op.devfn = old.devfn;
    }
    irq_restore_msi((struct pci_sbdf){op.seg, op.bus, op.devfn});
    return 0;
}

static long mmcfg_reserved(uint64_t arg)
{
    struct physdev_pci_mmcfg_reserved op;

    if (copy_object_from_guest(&op, arg))
        return -EFAULT;
    return pci_mmcfg_reserved(op.address, op.segment, op.start_bus, op.end_bus,
                              op.flags & XEN_PCI_MMCFG_RESERVED);
}

static long pci_op(unsigned int cmd, uint64_t arg)
{
    switch (cmd) {
    case PHYSDEVOP_manage_pci_add:
    case PHYSDEVOP_manage_pci_remove:
        return pci_device(arg, sizeof(struct physdev_manage_pci));
    case PHYSDEVOP_manage_pci_add_ext:
        return pci_device(arg, sizeof(struct physdev_manage_pci_ext));
    case PHYSDEVOP_pci_device_add:
        return pci_device(arg, sizeof(struct physdev_pci_device_add));
    case PHYSDEVOP_pci_device_remove:
        return pci_device(arg, sizeof(struct physdev_pci_device));
    case PHYSDEVOP_prepare_msix:
    case PHYSDEVOP_release_msix:
        return msix_device(arg);
    case PHYSDEVOP_restore_msi:
        return restore_msi(arg, false);
    case PHYSDEVOP_restore_msi_ext:
        return restore_msi(arg, true);
    case PHYSDEVOP_pci_mmcfg_reserved:
        return mmcfg_reserved(arg);
    case PHYSDEVOP_dbgp_op: /* the hypervisor uses no debug port */
        return pci_device(arg, sizeof(struct physdev_dbgp_op));
    default:
        return -ENOSYS;
    }
}

static long dom0_op(unsigned int cmd, uint64_t arg)
{
    switch (cmd) {
    case PHYSDEVOP_map_pirq:
        return map_pirq(arg);
    case PHYSDEVOP_unmap_pirq:
        return do_unmap_pirq(arg);
    case PHYSDEVOP_get_free_pirq:
        return free_pirq(arg);
    case PHYSDEVOP_apic_read:
        return apic_access(arg, false);
    case PHYSDEVOP_apic_write:
        return apic_access(arg, true);
    case PHYSDEVOP_alloc_irq_vector:
        return alloc_irq_vector(arg);
    case PHYSDEVOP_setup_gsi:
        return do_setup_gsi(arg);
    default:
        return pci_op(cmd, arg);
    }
}

long do_physdev_op(unsigned int cmd, uint64_t arg)
{

    switch (cmd) {
    case PHYSDEVOP_set_iopl:
        return set_iopl(arg);
    case PHYSDEVOP_set_iobitmap:
        return set_iobitmap(arg);
    case PHYSDEVOP_pirq_eoi_gmfn_v1:
        return set_eoi_page(arg, true);
    case PHYSDEVOP_pirq_eoi_gmfn_v2:
        return set_eoi_page(arg, false);
    case PHYSDEVOP_eoi:
        return eoi(arg);
    case PHYSDEVOP_irq_status_query:
        return irq_status_query(arg);
    default:
        return is_hardware_domain(current->domain) ? dom0_op(cmd, arg) : -EPERM;
    }
}
