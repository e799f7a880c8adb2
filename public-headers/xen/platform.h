/* SPDX-License-Identifier: MIT */
/*
 * platform_op(request): what dom0's kernel tells and asks about the machine:
 * the wall clock, firmware data, ACPI sleep, physical CPUs.
 *
 * Caller  dom0 (else -EPERM)
 * Result  0 or a negative errno; on success the whole request is written back,
 *         so OUT fields are valid then only
 * Errors  -EFAULT; -EACCES another interface version; -ENOSYS a command that is
 *         not served; -EOPNOTSUPP one that is named below and refused
 * Restart never; no lock is held from one call to the next
 *
 * Fields are IN where the caller fills them, OUT where the call does. System
 * time is in nanoseconds since the hypervisor started, wall clock time in
 * seconds and nanoseconds since 1970 (UTC). A physical CPU has the number that
 * the hypervisor gave it: 0 is the CPU that booted.
 *
 * Structures of commands that are not served are declared because dom0's kernel
 * and libxenctrl mention them. Buffers that a request names are used during the
 * call only.
 */
#ifndef __XEN_PUBLIC_PLATFORM_H__
#define __XEN_PUBLIC_PLATFORM_H__

#include "xen.h"

/* To stand in every request. */
#define XENPF_INTERFACE_VERSION 0x03000001

/*
 * settime32: the wall clock was secs.nsecs at the given system time. It is the
 * hypervisor's clock from then on, and appears in the shared page of every
 * domain with the domain's offset added, under the version counter there. No
 * vcpu is interrupted for it, and the machine's own clock, which the battery
 * keeps, is not set: that is dom0's. System time goes on as before.
 *
 * In      everything; nsecs may be a second or more and is then carried over
 * Errors  none of its own
 */
#define XENPF_settime32 17
struct xenpf_settime32 {
    uint32_t secs;
    uint32_t nsecs;
    uint64_t system_time;
};
typedef struct xenpf_settime32 xenpf_settime32_t;

/*
 * settime64: the same without the end in 2106.
 *
 * In      everything
 * Errors  -EINVAL mbz is not 0
 */
#define XENPF_settime64 62
struct xenpf_settime64 {
    uint64_t secs;
    uint32_t nsecs;
    uint32_t mbz; /* 0 */
    uint64_t system_time;
};
typedef struct xenpf_settime64 xenpf_settime64_t;
#define XENPF_settime XENPF_settime64
#define xenpf_settime xenpf_settime64
typedef struct xenpf_settime xenpf_settime_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_settime_t);

/*
 * add_memtype, del_memtype, read_memtype: memory type range registers, which
 * stay as the firmware set them.
 *
 * Errors  -ENOSYS for all three; dom0's kernel then works without them. Memory
 *         types of a mapping come from its page table entry
 */
#define XENPF_add_memtype 31
struct xenpf_add_memtype {
    xen_pfn_t mfn;    /* IN */
    uint64_t nr_mfns; /* IN */
    uint32_t type;    /* IN */
    uint32_t handle;  /* OUT */
    uint32_t reg;     /* OUT */
};
typedef struct xenpf_add_memtype xenpf_add_memtype_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_add_memtype_t);

#define XENPF_del_memtype 32
struct xenpf_del_memtype {
    uint32_t handle; /* IN */
    uint32_t reg;    /* IN */
};
typedef struct xenpf_del_memtype xenpf_del_memtype_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_del_memtype_t);

#define XENPF_read_memtype 33
struct xenpf_read_memtype {
    uint32_t reg; /* IN; the rest OUT */
    xen_pfn_t mfn;
    uint64_t nr_mfns;
    uint32_t type;
};
typedef struct xenpf_read_memtype xenpf_read_memtype_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_read_memtype_t);

/*
 * microcode_update: new microcode for all CPUs.
 *
 * Errors  -EOPNOTSUPP: microcode is to be loaded by the firmware
 */
#define XENPF_microcode_update 35
struct xenpf_microcode_update {
    XEN_GUEST_HANDLE(const_void) data; /* IN */
    uint32_t length;                   /* IN: bytes */
};
typedef struct xenpf_microcode_update xenpf_microcode_update_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_microcode_update_t);

/*
 * platform_quirk: tells of a fault of the chip set that dom0 knows.
 *
 * Errors  -ENOSYS: the hypervisor works around none of them
 */
#define XENPF_platform_quirk     39
#define QUIRK_NOIRQBALANCING     1
#define QUIRK_IOAPIC_BAD_REGSEL  2
#define QUIRK_IOAPIC_GOOD_REGSEL 3
struct xenpf_platform_quirk {
    uint32_t quirk_id; /* IN */
};
typedef struct xenpf_platform_quirk xenpf_platform_quirk_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_platform_quirk_t);

/*
 * efi_runtime_call: UEFI run-time services on dom0's behalf.
 *
 * Errors  -ENOSYS: none is ever called. dom0 has no EFI variables
 */
#define XENPF_efi_runtime_call 49

/*
 * firmware_info: what the firmware told the hypervisor at boot, by type and
 * index. A caller counts the index up until -ESRCH.
 *
 *   DISK_INFO, DISK_MBR_SIGNATURE, VBEDDC_INFO
 *                     -ESRCH for every index: the BIOS, which knows, is not
 *                     called
 *   KBD_SHIFT_FLAGS   out: kbd_shift_flags, as the BIOS left them; index 0
 *   EFI_INFO          index says what:
 *     VERSION         out: version, of the system table
 *     CONFIG_TABLE    out: cfg, where the table is and how many entries it has
 *     VENDOR          in: vendor.bufsz, vendor.name, which may be NULL. Out:
 *                     vendor.revision, the name with its NUL. -EOVERFLOW the
 *                     buffer is too small
 *     MEM_INFO, PCI_ROM, APPLE_PROPERTIES
 *                     -ENODATA: these are not kept
 *
 * In      type, index; buffer addresses with their sizes. The rest is OUT
 * Errors  -ESRCH an index past the end; -EINVAL no such type, or no such index
 *         of EFI_INFO; -ENOSYS EFI data of a machine that was not booted by
 *         EFI; -EFAULT
 */
#define XENPF_firmware_info         50
#define XEN_FW_DISK_INFO            1 /* BIOS int 13h, per drive */
#define XEN_FW_DISK_MBR_SIGNATURE   2
#define XEN_FW_VBEDDC_INFO          3
#define XEN_FW_EFI_INFO             4 /* index: which of the next */
#define XEN_FW_EFI_VERSION          0
#define XEN_FW_EFI_CONFIG_TABLE     1
#define XEN_FW_EFI_VENDOR           2
#define XEN_FW_EFI_MEM_INFO         3
#define XEN_FW_EFI_RT_VERSION       4
#define XEN_FW_EFI_PCI_ROM          5
#define XEN_FW_EFI_APPLE_PROPERTIES 6
#define XEN_FW_KBD_SHIFT_FLAGS      5 /* BIOS int 16h */
struct xenpf_firmware_info {
    uint32_t type;  /* IN: XEN_FW_* */
    uint32_t index; /* IN */
    union {
        /* A drive as int 13h describes it; edd_params is its long form. */
        struct {
            uint8_t device; /* 0x80: first disk */
            uint8_t version;
            uint16_t interface_support;
            uint16_t legacy_max_cylinder;
            uint8_t legacy_max_head;
            uint8_t legacy_sectors_per_track;
            XEN_GUEST_HANDLE(void) edd_params; /* first word IN: its size */
        } disk_info;
        /* The four bytes at offset 440 of the drive's first sector. */
        struct {
            uint8_t device;
            uint32_t mbr_signature;
        } disk_mbr_signature;
        /* The screen as it identifies itself to the BIOS. */
        struct {
            uint8_t capabilities;
            uint8_t edid_transfer_time;   /* seconds */
            XEN_GUEST_HANDLE(uint8) edid; /* 128 bytes */
        } vbeddc_info;
        union xenpf_efi_info {
            /* Major number in the upper half, minor in the lower. */
            uint32_t version;
            struct {
                uint64_t addr; /* physical */
                uint32_t nent;
            } cfg;
            struct {
                uint32_t revision;
                uint32_t bufsz;              /* IN: bytes */
                XEN_GUEST_HANDLE(void) name; /* UTF-16 */
            } vendor;
            struct {
                uint64_t addr; /* IN, OUT */
                uint64_t size; /* IN, OUT */
                uint64_t attr;
                uint32_t type;
            } mem;
            struct {
                uint16_t segment; /* IN; so are bus and devfn */
                uint8_t bus;
                uint8_t devfn;
                uint16_t vendor;
                uint16_t devid;
                uint64_t address;
                xen_ulong_t size;
            } pci_rom;
            struct {
                uint64_t address;
                xen_ulong_t size;
            } apple_properties;
        } efi_info;
        /* Shift and lock keys as in byte 0x417 of the BIOS data area. */
        uint8_t kbd_shift_flags;
    } u;
};
typedef struct xenpf_firmware_info xenpf_firmware_info_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_firmware_info_t);

/*
 * enter_acpi_sleep: dom0's AML has prepared a sleep state; the hypervisor
 * writes the registers. For state 5 the call does not return: all other CPUs
 * are stopped, guests included, without being asked.
 *
 * In      everything; the sleep enable bit is added to both values
 * Errors  -EINVAL a state outside 1 to 5, or unknown flags; -EOPNOTSUPP states
 *         1 to 4, from which the machine would have to come back: the
 *         hypervisor's own state is not saved; -EPERM no such registers, which
 *         the extended ones never are
 */
#define XENPF_enter_acpi_sleep 51
struct xenpf_enter_acpi_sleep {
    uint16_t val_a;       /* IN: PM1a control, or sleep control if extended */
    uint16_t val_b;       /* IN: PM1b control, or sleep status if extended */
    uint32_t sleep_state; /* IN: 1 to 5; 5 is power off */
#define XENPF_ACPI_SLEEP_EXTENDED 0x00000001
    uint32_t flags; /* IN */
};
typedef struct xenpf_enter_acpi_sleep xenpf_enter_acpi_sleep_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_enter_acpi_sleep_t);

/*
 * change_freq: dom0 has changed the frequency of a CPU.
 *
 * Errors  -ENOSYS: frequencies are left as the firmware set them
 */
#define XENPF_change_freq 52
struct xenpf_change_freq {
    uint32_t flags; /* 0 */
    uint32_t cpu;   /* IN */
    uint64_t freq;  /* IN: Hz */
};
typedef struct xenpf_change_freq xenpf_change_freq_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_change_freq_t);

/*
 * getidletime: how long each CPU of a map has been idle.
 *
 * Errors  -ENOSYS; XEN_SYSCTL_getcpuinfo tells the same
 */
#define XENPF_getidletime 53
struct xenpf_getidletime {
    XEN_GUEST_HANDLE(uint8) cpumap_bitmap; /* IN: asked, OUT: answered */
    uint32_t cpumap_nr_cpus;               /* IN */
    XEN_GUEST_HANDLE(uint64) idletime;     /* OUT: ns, by CPU */
    uint64_t now;                          /* OUT: system time */
};
typedef struct xenpf_getidletime xenpf_getidletime_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_getidletime_t);

/*
 * set_processor_pminfo: C and P states as dom0 finds them in ACPI.
 *
 * Errors  -ENOSYS: the hypervisor uses none but the halt
 */
#define XENPF_set_processor_pminfo 54

/*
 * get_cpuinfo: one physical CPU by number. A number without a CPU is success
 * with the flag INVALID, so that a caller can count up to max_present.
 *
 * In      xen_cpuid
 * Out     max_present, the highest number of a CPU; flags; the ids of the local
 *         APIC and of ACPI, unless INVALID
 * Errors  none of its own
 */
#define XENPF_get_cpuinfo 55
struct xenpf_pcpuinfo {
    uint32_t xen_cpuid;   /* IN */
    uint32_t max_present; /* OUT; so are the rest */
#define XEN_PCPU_FLAGS_ONLINE  1
#define XEN_PCPU_FLAGS_INVALID 2 /* no such CPU */
    uint32_t flags;
    uint32_t apic_id;
    uint32_t acpi_id;
};
typedef struct xenpf_pcpuinfo xenpf_pcpuinfo_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_pcpuinfo_t);

/*
 * get_cpu_version: what CPUID says of a physical CPU: that of CPU 0 for each
 * that is online, zeros for all others.
 *
 * In      xen_cpuid
 * Out     everything else; vendor_id has no NUL
 * Errors  none of its own
 */
#define XENPF_get_cpu_version 48
struct xenpf_pcpu_version {
    uint32_t xen_cpuid;   /* IN */
    uint32_t max_present; /* OUT; so are the rest */
    char vendor_id[12];
    uint32_t family;
    uint32_t model;
    uint32_t stepping;
};
typedef struct xenpf_pcpu_version xenpf_pcpu_version_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_pcpu_version_t);

/*
 * Hotplug of CPUs and memory, which stay as they were at boot.
 *
 *   cpu_online   in: cpuid. 0 if the CPU is present, without effect
 *   cpu_offline  in: cpuid. -EOPNOTSUPP if the CPU is present
 *   cpu_hotadd, mem_hotadd, core_parking
 *                -EOPNOTSUPP
 *
 * Errors  -EINVAL cpu_online or cpu_offline of a CPU that is not present
 */
#define XENPF_cpu_online   56
#define XENPF_cpu_offline  57
#define XENPF_cpu_hotadd   58
#define XENPF_mem_hotadd   59
#define XENPF_core_parking 60
struct xenpf_cpu_ol {
    uint32_t cpuid; /* IN */
};
typedef struct xenpf_cpu_ol xenpf_cpu_ol_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_cpu_ol_t);

/*
 * resource_op: a list of MSRs to read or write on one CPU.
 *
 * Errors  -EOPNOTSUPP: dom0 has no access to arbitrary MSRs
 */
#define XENPF_resource_op         61
#define XEN_RESOURCE_OP_MSR_READ  0
#define XEN_RESOURCE_OP_MSR_WRITE 1
/* One of the list: each has its own result. */
struct xenpf_resource_entry {
    union {
        uint32_t cmd; /* IN */
        int32_t ret;  /* OUT */
    } u;
    uint32_t rsvd;
    uint64_t idx; /* IN */
    uint64_t val; /* IN, OUT */
};
typedef struct xenpf_resource_entry xenpf_resource_entry_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_resource_entry_t);

/* The list, and the CPU that was to work it off in order. */
struct xenpf_resource_op {
    uint32_t nr_entries; /* IN */
    uint32_t cpu;        /* IN */
    XEN_GUEST_HANDLE(xenpf_resource_entry_t) entries;
};
typedef struct xenpf_resource_op xenpf_resource_op_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_resource_op_t);

/*
 * get_symbol: the hypervisor's symbols in order of address, one for each call.
 *
 * In      namelen, name; symnum, 0 to begin with
 * Out     name, with its NUL unless it was cut; namelen, bytes written;
 * address; type, always 't'; symnum, of the next one. When there are no more it
 *         comes back unchanged, with an empty name
 * Errors  -EFAULT
 */
#define XENPF_get_symbol 63
struct xenpf_symdata {
    uint32_t namelen;            /* IN: room, OUT: length with NUL */
    uint32_t symnum;             /* IN: which, OUT: the next */
    XEN_GUEST_HANDLE(char) name; /* OUT */
    uint64_t address;            /* OUT */
    char type;                   /* OUT: as nm prints it */
};
typedef struct xenpf_symdata xenpf_symdata_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_symdata_t);

/* The request. Fields of 'u' are those of the command; pad fixes the size. */
struct xen_platform_op {
    uint32_t cmd;               /* IN: XENPF_* */
    uint32_t interface_version; /* IN */
    union {
        xenpf_settime_t settime;
        xenpf_settime32_t settime32;
        xenpf_settime64_t settime64;
        xenpf_add_memtype_t add_memtype;
        xenpf_del_memtype_t del_memtype;
        xenpf_read_memtype_t read_memtype;
        xenpf_microcode_update_t microcode;
        xenpf_platform_quirk_t platform_quirk;
        xenpf_firmware_info_t firmware_info;
        xenpf_enter_acpi_sleep_t enter_acpi_sleep;
        xenpf_change_freq_t change_freq;
        xenpf_getidletime_t getidletime;
        xenpf_pcpuinfo_t pcpu_info;
        xenpf_pcpu_version_t pcpu_version;
        xenpf_cpu_ol_t cpu_ol;
        xenpf_resource_op_t resource_op;
        xenpf_symdata_t symdata;
        uint8_t pad[128];
    } u;
};
typedef struct xen_platform_op xen_platform_op_t;
DEFINE_XEN_GUEST_HANDLE(xen_platform_op_t);

#endif
