/* SPDX-License-Identifier: MIT */
/*
 * physdev_op(command, argument): the hardware that dom0 drives, as far as the
 * hypervisor is involved: I/O privilege, routing of interrupts, MSI.
 *
 * A pirq is a domain's name for a physical interrupt. dom0 maps a GSI or MSI to
 * a pirq, binds the pirq to an event channel, and after serving a level
 * interrupt says eoi.
 *
 * Caller  any domain for eoi, pirq_eoi_gmfn, irq_status_query, set_iopl and
 *         set_iobitmap (which give a domain nothing that it does not have);
 *         dom0 for all others (else -EPERM)
 * Result  0 or a negative errno; nothing is continued. OUT fields are written
 *         on success only
 * Errors  -EFAULT the argument; -ENOSYS no such command (-EPERM to others than
 *         dom0)
 *
 * Other domains than dom0 have no devices: a domid that names one is -EINVAL.
 *
 * pirqs are numbers from 0 to 1023. A GSI, below 256, keeps its own number
 * unless dom0 wants another; messages get free ones from the top. GSI 0 is the
 * hypervisor's timer and never dom0's. Calls of several vcpus at once are put
 * in an order; what is mapped stays until unmap_pirq.
 */
#ifndef __XEN_PUBLIC_PHYSDEV_H__
#define __XEN_PUBLIC_PHYSDEV_H__

#include "xen.h"

/*
 * The interrupt was served: the line may fire again. One eoi too many is
 * harmless. A level line stays masked in the machine from its interrupt to this
 * call; edges and messages do not wait for it. Errors: -EINVAL no such pirq is
 * mapped.
 */
#define PHYSDEVOP_eoi 12
struct physdev_eoi {
    uint32_t irq; /* IN: pirq */
};
typedef struct physdev_eoi physdev_eoi_t;
DEFINE_XEN_GUEST_HANDLE(physdev_eoi_t);

/*
 * A page of the guest in which the hypervisor sets a bit per pirq that wants
 * eoi. With v1, eoi also unmasks the pirq's event channel. The page is held
 * until the domain ends.
 *
 * It is cleared, then has a bit for each level pirq that is bound, now and
 * later. A guest only reads it, and cannot use the frame as a page table. The
 * choice of v1 or v2 is for ever.
 *
 * Errors  -EINVAL not ordinary memory of the domain; -EBUSY it has such a page
 */
#define PHYSDEVOP_pirq_eoi_gmfn_v1 17
#define PHYSDEVOP_pirq_eoi_gmfn_v2 28
#define PHYSDEVOP_pirq_eoi_gmfn    PHYSDEVOP_pirq_eoi_gmfn_v2
struct physdev_pirq_eoi_gmfn {
    xen_pfn_t gmfn; /* IN */
};
typedef struct physdev_pirq_eoi_gmfn physdev_pirq_eoi_gmfn_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pirq_eoi_gmfn_t);

/*
 * needs_eoi is set for every pirq, as Xen does for drivers that do not look at
 * the page of bits, mapped or not; shared never, as a line has one user.
 * Errors: -EINVAL a number beyond the last pirq.
 */
#define PHYSDEVOP_irq_status_query 5
#define _XENIRQSTAT_needs_eoi      (0)
#define XENIRQSTAT_needs_eoi       (1U << _XENIRQSTAT_needs_eoi)
#define _XENIRQSTAT_shared         (1)
#define XENIRQSTAT_shared          (1U << _XENIRQSTAT_shared)
struct physdev_irq_status_query {
    uint32_t irq;   /* IN */
    uint32_t flags; /* OUT: XENIRQSTAT_* */
};
typedef struct physdev_irq_status_query physdev_irq_status_query_t;
DEFINE_XEN_GUEST_HANDLE(physdev_irq_status_query_t);

/*
 * The privilege at which the calling vcpu may do port I/O and cli. Only ports
 * that the domain may use are reached, at any level: others read as all ones,
 * and what is written to them is lost. With the assist architectural_iopl the
 * kernel needs level 0 only, and iret sets the level, too. Errors: -EINVAL
 * above 3.
 */
#define PHYSDEVOP_set_iopl 6
struct physdev_set_iopl {
    uint32_t iopl; /* IN: 1 for the guest's kernel, 3 for user mode, too */
};
typedef struct physdev_set_iopl physdev_set_iopl_t;
DEFINE_XEN_GUEST_HANDLE(physdev_set_iopl_t);

/*
 * Ports that user mode of the calling vcpu may use: a bit per port, 0 allows.
 * The bitmap stays in the guest's memory and is read when it is needed, by way
 * of the kernel root; bits that cannot be read allow nothing. So the kernel may
 * change it at any time, and must name another one, or NULL, before it reuses
 * the memory. Errors: -EINVAL more than 65536 ports.
 */
#define PHYSDEVOP_set_iobitmap 7
struct physdev_set_iobitmap {
    XEN_GUEST_HANDLE(uint8) bitmap; /* IN */
    uint32_t nr_ports;              /* IN */
};
typedef struct physdev_set_iobitmap physdev_set_iobitmap_t;
DEFINE_XEN_GUEST_HANDLE(physdev_set_iobitmap_t);

/*
 * An IO-APIC's registers, by its physical address. A write is accepted and does
 * nothing: the hypervisor programs the lines itself. A read shows what it has
 * programmed; of reg the low 8 bits count. Errors: -EINVAL no IO-APIC is there.
 */
#define PHYSDEVOP_apic_read  8
#define PHYSDEVOP_apic_write 9
struct physdev_apic {
    unsigned long apic_physbase; /* IN */
    uint32_t reg;                /* IN */
    uint32_t value;              /* IN of write, OUT of read */
};
typedef struct physdev_apic physdev_apic_t;
DEFINE_XEN_GUEST_HANDLE(physdev_apic_t);

/*
 * Vectors belong to the hypervisor; the answer is the irq's own number, for old
 * kernels that want one. free_irq_vector is -ENOSYS.
 */
#define PHYSDEVOP_alloc_irq_vector 10
#define PHYSDEVOP_free_irq_vector  11
struct physdev_irq {
    uint32_t irq;    /* IN */
    uint32_t vector; /* OUT */
};
typedef struct physdev_irq physdev_irq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_irq_t);

/*
 * map_pirq: gives a GSI or a device's MSI a name. With an MSI the device's
 * message is programmed, masked until the pirq is bound.
 *
 * A GSI that has this name already keeps it: success. Each MSI that is mapped
 * is a new interrupt. A table_base chooses MSI-X; the address itself counts
 * only if the device's own registers give none, as with virtual functions.
 * After an error nothing is mapped.
 *
 * Errors  -ESRCH no such domain; -EINVAL another domain, type, GSI or pirq
 *         number, a pirq that names something else, or an MSI-X entry beyond
 *         the table or in RAM; -ENODEV the device has no MSI or MSI-X;
 *         -EOPNOTSUPP several vectors in a row, which drivers answer by asking
 *         for one (-EDOM: not 1 to 32); -ENOSPC; -ENOMEM
 */
#define MAP_PIRQ_TYPE_MSI       0x0
#define MAP_PIRQ_TYPE_GSI       0x1
#define MAP_PIRQ_TYPE_UNKNOWN   0x2
#define MAP_PIRQ_TYPE_MSI_SEG   0x3 /* PCI segment in bus, bits 16 and up */
#define MAP_PIRQ_TYPE_MULTI_MSI 0x4 /* entry_nr vectors */
#define PHYSDEVOP_map_pirq      13
struct physdev_map_pirq {
    domid_t domid;       /* IN */
    int type;            /* IN: MAP_PIRQ_TYPE_* */
    int index;           /* IN: GSI; for MSI -1 or, with type GSI, an irq */
    int pirq;            /* IN: wanted, -1 for any; OUT */
    int bus;             /* IN: MSI */
    int devfn;           /* IN: MSI */
    int entry_nr;        /* IN: MSI-X entry; OUT of multi MSI: vectors got */
    uint64_t table_base; /* IN: address of the MSI-X table, 0 for MSI */
};
typedef struct physdev_map_pirq physdev_map_pirq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_map_pirq_t);

/*
 * Takes the name away and unbinds the line. The event channel stays open and
 * hears nothing more. MSI is switched off in the device; of MSI-X the entry is
 * masked, for others may be in use. Errors: -EINVAL it is not mapped, or
 * another domain; -ESRCH no such domain.
 */
#define PHYSDEVOP_unmap_pirq 14
struct physdev_unmap_pirq {
    domid_t domid; /* IN */
    int pirq;      /* IN */
};
typedef struct physdev_unmap_pirq physdev_unmap_pirq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_unmap_pirq_t);

/*
 * dom0 tells which PCI devices exist; oldest form first. All IN. dom0 keeps all
 * devices, so nothing is recorded; restore_msi programs the messages of a
 * device again after it has slept. A device that is not there is no error, and
 * removal unmaps no pirq. The forms without a segment mean segment 0.
 */
#define PHYSDEVOP_manage_pci_add     15
#define PHYSDEVOP_manage_pci_remove  16
#define PHYSDEVOP_restore_msi        19
#define PHYSDEVOP_manage_pci_add_ext 20
struct physdev_manage_pci {
    uint8_t bus;
    uint8_t devfn;
};
typedef struct physdev_manage_pci physdev_manage_pci_t;
DEFINE_XEN_GUEST_HANDLE(physdev_manage_pci_t);

struct physdev_restore_msi {
    uint8_t bus;
    uint8_t devfn;
};
typedef struct physdev_restore_msi physdev_restore_msi_t;
DEFINE_XEN_GUEST_HANDLE(physdev_restore_msi_t);

struct physdev_manage_pci_ext {
    uint8_t bus;
    uint8_t devfn;
    uint32_t is_extfn;
    uint32_t is_virtfn;
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;
};
typedef struct physdev_manage_pci_ext physdev_manage_pci_ext_t;
DEFINE_XEN_GUEST_HANDLE(physdev_manage_pci_ext_t);

/* Argument of physdev_op_compat, which old guests use; not served here. */
struct physdev_op {
    uint32_t cmd;
    union {
        physdev_irq_status_query_t irq_status_query;
        physdev_set_iopl_t set_iopl;
        physdev_set_iobitmap_t set_iobitmap;
        physdev_apic_t apic_op;
        physdev_irq_t irq_op;
    } u;
};
typedef struct physdev_op physdev_op_t;
DEFINE_XEN_GUEST_HANDLE(physdev_op_t);
#define PHYSDEVOP_IRQ_UNMASK_NOTIFY 4

/*
 * What ACPI says of a GSI, before it is bound. A GSI of which nothing is said
 * is edge and high below 16 and level and low from there, but for overrides in
 * the firmware's tables. Errors: -EINVAL no such GSI; -EEXIST it is in use: its
 * wiring stays as it is, which callers take for success.
 */
#define PHYSDEVOP_setup_gsi 21
struct physdev_setup_gsi {
    int gsi;            /* IN */
    uint8_t triggering; /* IN: 0 edge, 1 level */
    uint8_t polarity;   /* IN: 0 high, 1 low */
};
typedef struct physdev_setup_gsi physdev_setup_gsi_t;
DEFINE_XEN_GUEST_HANDLE(physdev_setup_gsi_t);

/*
 * A number that is not mapped; it is not reserved, so map_pirq may find it
 * taken. For a GSI one of 16 to 255 as long as there is one. Errors: -ENOSPC.
 */
#define PHYSDEVOP_get_free_pirq 23
struct physdev_get_free_pirq {
    int type;      /* IN: MAP_PIRQ_TYPE_* */
    uint32_t pirq; /* OUT */
};
typedef struct physdev_get_free_pirq physdev_get_free_pirq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_get_free_pirq_t);

/*
 * Where PCI configuration space is memory mapped. All IN. The firmware's own
 * table decides; dom0 confirms the ranges of further segments, which stay
 * mapped in the hypervisor. Segment 0 is reached by ports: 0 without effect, as
 * is a call without XEN_PCI_MMCFG_RESERVED. Errors: -ENODEV not in that table;
 * -EINVAL buses in the wrong order, or more ranges than the table has; -ENOMEM.
 */
#define PHYSDEVOP_pci_mmcfg_reserved 24
#define XEN_PCI_MMCFG_RESERVED       0x1 /* firmware reserved the range */
struct physdev_pci_mmcfg_reserved {
    uint64_t address;
    uint16_t segment;
    uint8_t start_bus;
    uint8_t end_bus;
    uint32_t flags;
};
typedef struct physdev_pci_mmcfg_reserved physdev_pci_mmcfg_reserved_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pci_mmcfg_reserved_t);

/* As manage_pci_add_ext, for devices of any segment. */
#define PHYSDEVOP_pci_device_add 25
#define XEN_PCI_DEV_EXTFN        0x1
#define XEN_PCI_DEV_VIRTFN       0x2
#define XEN_PCI_DEV_PXM          0x4
struct physdev_pci_device_add {
    uint16_t seg; /* all IN */
    uint8_t bus;
    uint8_t devfn;
    uint32_t flags; /* XEN_PCI_DEV_* */
    struct {
        uint8_t bus;
        uint8_t devfn;
    } physfn;                            /* if VIRTFN */
    uint32_t optarr[XEN_FLEX_ARRAY_DIM]; /* [0]: proximity, if PXM */
};
typedef struct physdev_pci_device_add physdev_pci_device_add_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pci_device_add_t);

/*
 * restore_msi_ext as restore_msi; prepare_msix and release_msix check that the
 * device has MSI-X (else -ENODEV) and have nothing to prepare.
 */
#define PHYSDEVOP_pci_device_remove 26
#define PHYSDEVOP_restore_msi_ext   27
#define PHYSDEVOP_prepare_msix      30
#define PHYSDEVOP_release_msix      31
struct physdev_pci_device {
    uint16_t seg; /* all IN */
    uint8_t bus;
    uint8_t devfn;
};
typedef struct physdev_pci_device physdev_pci_device_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pci_device_t);

/*
 * A reset of a USB host controller is about to come, or over. Accepted: the
 * hypervisor uses no debug port.
 */
#define PHYSDEVOP_dbgp_op            29
#define PHYSDEVOP_DBGP_RESET_PREPARE 1
#define PHYSDEVOP_DBGP_RESET_DONE    2
#define PHYSDEVOP_DBGP_BUS_UNKNOWN   0
#define PHYSDEVOP_DBGP_BUS_PCI       1
struct physdev_dbgp_op {
    uint8_t op;  /* IN */
    uint8_t bus; /* IN */
    union {
        physdev_pci_device_t pci;
    } u; /* IN */
};
typedef struct physdev_dbgp_op physdev_dbgp_op_t;
DEFINE_XEN_GUEST_HANDLE(physdev_dbgp_op_t);

#endif
