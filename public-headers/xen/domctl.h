/* SPDX-License-Identifier: MIT */
/*
 * domctl(request): control of one domain by the toolstack. A request names the
 * command, the interface version (checked: this part of the ABI changes from
 * release to release) and the domain.
 *
 * Caller  dom0 (else -EPERM). Commands marked 'not self' are -EINVAL if dom0
 *         names itself.
 * Result  0 or a negative errno. OUT fields are written back on success only,
 *         except those of set_cpu_policy. Buffers are written as the command
 *         goes along, so after an error they may hold part of the answer.
 * Errors  -EFAULT the request or a buffer; -EACCES another interface version;
 *         -ESRCH no such domain, said before anything else about the command;
 *         -ENOSYS unknown command; -ENOMEM wherever memory is needed
 * Restart every command may be continued: one runs at a time, and a caller that
 *         finds another one running tries again. destroydomain, shadow_op,
 *         setvcpucontext and max_vcpus may take long; destroydomain goes on
 *         where it stopped.
 *
 * Commands for what this hypervisor does not have (HVM, device passthrough,
 * memory sharing, tracing by hardware ...) keep their numbers, so that they can
 * be named when they are refused; their arguments are not described.
 */
#ifndef __XEN_PUBLIC_DOMCTL_H__
#define __XEN_PUBLIC_DOMCTL_H__

#include "xen.h"
#include "event_channel.h"
#include "grant_table.h"
#include "memory.h"

#define XEN_DOMCTL_INTERFACE_VERSION 0x00000015

/*
 * createdomain: the domain starts without memory and vcpus, and paused;
 * max_mem, max_vcpus, setvcpucontext and unpausedomain make it run.
 * xen_domctl.domain is IN the id, or 0 or an id from 0x7FF0 on for a free one;
 * OUT the id. Ids go up, so that one is not used again soon.
 *
 * It is paused once, has a max_mem of 0, and is there for every other command
 * at once. After an error there is no domain. ssidref is ignored; iommu_opts
 * and vmtrace_size must be 0. Of the flags oos_off and xs_domain are taken, the
 * latter only to be shown by getdomaininfo. Sizes given as -1 are OUT what they
 * became: 64 frames of the grant table, 1024 of maptrack.
 *
 * Errors  -EEXIST the id is in use; -EOPNOTSUPP HVM, or emulated devices;
 *         -EINVAL flags, vcpus (1 to 128) or grant table sizes that are not
 *         supported (at most 64 frames of version 1, 1024 of maptrack); -ESRCH
 *         no such CPU pool; -ENODEV it has no CPU
 */
struct xen_domctl_createdomain {
    uint32_t ssidref;
    xen_domain_handle_t handle; /* IN: UUID */
#define _XEN_DOMCTL_CDF_hvm          0
#define XEN_DOMCTL_CDF_hvm           (1U << _XEN_DOMCTL_CDF_hvm)
#define _XEN_DOMCTL_CDF_hap          1
#define XEN_DOMCTL_CDF_hap           (1U << _XEN_DOMCTL_CDF_hap)
#define _XEN_DOMCTL_CDF_s3_integrity 2
#define XEN_DOMCTL_CDF_s3_integrity  (1U << _XEN_DOMCTL_CDF_s3_integrity)
#define _XEN_DOMCTL_CDF_oos_off      3
#define XEN_DOMCTL_CDF_oos_off       (1U << _XEN_DOMCTL_CDF_oos_off)
#define _XEN_DOMCTL_CDF_xs_domain    4
#define XEN_DOMCTL_CDF_xs_domain     (1U << _XEN_DOMCTL_CDF_xs_domain)
#define _XEN_DOMCTL_CDF_iommu        5
#define XEN_DOMCTL_CDF_iommu         (1U << _XEN_DOMCTL_CDF_iommu)
#define _XEN_DOMCTL_CDF_nested_virt  6
#define XEN_DOMCTL_CDF_nested_virt   (1U << _XEN_DOMCTL_CDF_nested_virt)
#define XEN_DOMCTL_CDF_vpmu          (1U << 7)
#define XEN_DOMCTL_CDF_MAX           XEN_DOMCTL_CDF_vpmu
    uint32_t flags; /* IN */
#define _XEN_DOMCTL_IOMMU_no_sharept 0
#define XEN_DOMCTL_IOMMU_no_sharept  (1U << _XEN_DOMCTL_IOMMU_no_sharept)
#define XEN_DOMCTL_IOMMU_MAX         XEN_DOMCTL_IOMMU_no_sharept
    uint32_t iommu_opts;
    uint32_t max_vcpus;          /* IN */
    uint32_t max_evtchn_port;    /* IN: highest port allowed */
    int32_t max_grant_frames;    /* IN: -1 for the default */
    int32_t max_maptrack_frames; /* IN: -1 for the default */
#define XEN_DOMCTL_GRANT_version_mask 0xf
#define XEN_DOMCTL_GRANT_version(v)   ((v)&XEN_DOMCTL_GRANT_version_mask)
    uint32_t grant_opts; /* IN: highest grant table version allowed */
    uint32_t vmtrace_size;
    uint32_t cpupool_id; /* IN */
    struct xen_arch_domainconfig arch;
};

/*
 * getdomaininfo: xen_domctl.domain is IN the id, or the lowest one wanted; OUT
 * the id found. A caller that goes on with id + 1 sees every domain.
 *
 * The domain is not stopped for it: the fields may be of slightly different
 * moments. VIRQ_DOM_EXC says when to look: it is sent when a domain shuts down,
 * when its destruction is done, and when its id is free. shr_pages, paged_pages
 * and ssidref are 0; the shutdown code is 255 while there is none. hvm_guest,
 * hap and debugged are never set. cpu_time only grows.
 *
 * Errors  -ESRCH none with this id or above; -EINVAL an id from 0x7FF0 on
 */
struct xen_domctl_getdomaininfo {
    domid_t domain; /* all OUT */
    uint16_t pad1;
#define _XEN_DOMINF_dying        0 /* destroyed; frames still in use */
#define XEN_DOMINF_dying         (1U << _XEN_DOMINF_dying)
#define _XEN_DOMINF_hvm_guest    1
#define XEN_DOMINF_hvm_guest     (1U << _XEN_DOMINF_hvm_guest)
#define _XEN_DOMINF_shutdown     2 /* stopped by itself; see the code */
#define XEN_DOMINF_shutdown      (1U << _XEN_DOMINF_shutdown)
#define _XEN_DOMINF_paused       3 /* by the toolstack */
#define XEN_DOMINF_paused        (1U << _XEN_DOMINF_paused)
#define _XEN_DOMINF_blocked      4 /* every vcpu waits for an event */
#define XEN_DOMINF_blocked       (1U << _XEN_DOMINF_blocked)
#define _XEN_DOMINF_running      5 /* some vcpu runs right now */
#define XEN_DOMINF_running       (1U << _XEN_DOMINF_running)
#define _XEN_DOMINF_debugged     6
#define XEN_DOMINF_debugged      (1U << _XEN_DOMINF_debugged)
#define _XEN_DOMINF_xs_domain    7
#define XEN_DOMINF_xs_domain     (1U << _XEN_DOMINF_xs_domain)
#define _XEN_DOMINF_hap          8
#define XEN_DOMINF_hap           (1U << _XEN_DOMINF_hap)
#define XEN_DOMINF_shutdownmask  255 /* SHUTDOWN_*, if shut down */
#define XEN_DOMINF_shutdownshift 16
    uint32_t flags;
    uint64_aligned_t tot_pages;
    uint64_aligned_t max_pages;
    uint64_aligned_t outstanding_pages; /* claimed and not yet used */
    uint64_aligned_t shr_pages;
    uint64_aligned_t paged_pages;
    uint64_aligned_t shared_info_frame; /* mfn */
    uint64_aligned_t cpu_time;          /* ns, of all vcpus */
    uint32_t nr_online_vcpus;
#define XEN_INVALID_MAX_VCPU_ID (~0U) /* no vcpu yet */
    uint32_t max_vcpu_id;
    uint32_t ssidref;
    xen_domain_handle_t handle;
    uint32_t cpupool;
    uint8_t gpaddr_bits;
    uint8_t pad2[7];
    struct xen_arch_domainconfig arch_config;
};
typedef struct xen_domctl_getdomaininfo xen_domctl_getdomaininfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_getdomaininfo_t);

/*
 * Types of frames, for saving: table level, pinned, or not the domain's (XTAB).
 */
#define XEN_DOMCTL_PFINFO_LTAB_SHIFT    28
#define XEN_DOMCTL_PFINFO_NOTAB         (0x0U << 28)
#define XEN_DOMCTL_PFINFO_L1TAB         (0x1U << 28)
#define XEN_DOMCTL_PFINFO_L2TAB         (0x2U << 28)
#define XEN_DOMCTL_PFINFO_L3TAB         (0x3U << 28)
#define XEN_DOMCTL_PFINFO_L4TAB         (0x4U << 28)
#define XEN_DOMCTL_PFINFO_LTABTYPE_MASK (0x7U << 28)
#define XEN_DOMCTL_PFINFO_LPINTAB       (0x1U << 31)
#define XEN_DOMCTL_PFINFO_XTAB          (0xfU << 28)
#define XEN_DOMCTL_PFINFO_XALLOC        (0xeU << 28)
#define XEN_DOMCTL_PFINFO_BROKEN        (0xdU << 28)
#define XEN_DOMCTL_PFINFO_LTAB_MASK     (0xfU << 28)
/*
 * getpageframeinfo3: replaces each mfn by its type. What a domain that runs has
 * just changed may be reported either way. A number that is no frame at all is
 * XTAB, too. XALLOC and BROKEN are for images, and not reported.
 * The answer is the type alone: the mfn is not in it any more. The array is
 * done in pieces: after -EFAULT its first part may be types, the rest mfns.
 *
 * Errors  -E2BIG more than 1024
 */
struct xen_domctl_getpageframeinfo3 {
    uint64_aligned_t num;                 /* IN */
    XEN_GUEST_HANDLE_64(xen_pfn_t) array; /* IN: mfns, OUT: types */
};

/*
 * shadow_op, not self: the log of dirty frames; the rest of shadow paging does
 * not exist. While it is on, every frame that the domain, a backend, or the
 * hypervisor on its behalf writes has its bit set, page tables and vcpu_info
 * included. It costs the domain speed: its vcpus run on page tables of the
 * hypervisor's. What can be written without being seen counts as written at
 * each reading: vcpu_info, pages of event channels, frames that dom0 or, by a
 * grant, somebody else has mapped writable.
 */
#define XEN_DOMCTL_SHADOW_OP_OFF             0
#define XEN_DOMCTL_SHADOW_OP_ENABLE          32
#define XEN_DOMCTL_SHADOW_OP_CLEAN           11 /* read the bitmap, clear it */
#define XEN_DOMCTL_SHADOW_OP_PEEK            12 /* read the bitmap */
#define XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION  30
#define XEN_DOMCTL_SHADOW_OP_SET_ALLOCATION  31
#define XEN_DOMCTL_SHADOW_OP_ENABLE_TEST     1
#define XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY 2
#define XEN_DOMCTL_SHADOW_ENABLE_REFCOUNT    (1 << 1)
#define XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY   (1 << 2)
#define XEN_DOMCTL_SHADOW_ENABLE_TRANSLATE   (1 << 3)
#define XEN_DOMCTL_SHADOW_ENABLE_EXTERNAL    (1 << 4)
#define XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL     (1 << 0)
struct xen_domctl_shadow_op_stats {
    uint32_t fault_count;
    uint32_t dirty_count;
};
/*
 * ENABLE starts the log with all bits clear. CLEAN reads the bitmap and clears
 * what it has read, PEEK only reads; a NULL bitmap gives the statistics alone.
 * Pages beyond the log's end read as 0.
 *
 * The log's size is that of the domain at ENABLE, by max_pfn and max_mem. A bit
 * that CLEAN has cleared is set again by the next write, so a caller who wants
 * a last, complete answer pauses the domain first; LOGDIRTY_FINAL alone changes
 * nothing. dirty_count is the bits set in this answer, fault_count the faults
 * since the last CLEAN. mb is ignored, and pages stays as it is.
 *
 * Errors  -EINVAL an unknown op or mode, ENABLE of a log that is on, any other
 *         of one that is off, a domain that is dying or has no vcpu; -EFAULT
 *         bits that could not be delivered stay set
 */
struct xen_domctl_shadow_op {
    uint32_t op;   /* IN */
    uint32_t mode; /* IN */
    uint32_t mb;
    XEN_GUEST_HANDLE_64(uint8) dirty_bitmap; /* OUT: bit per pfn */
    uint64_aligned_t pages;                  /* IN: size, OUT: done */
    struct xen_domctl_shadow_op_stats stats; /* OUT */
};

/*
 * max_mem: the most that the domain may have. A lower value takes nothing away
 * from it. Values below a page count as none. The hypervisor promises nothing
 * by it: whether there is that much is seen when frames are asked for, or
 * claimed (XENMEM_claim_pages).
 */
struct xen_domctl_max_mem {
    uint64_aligned_t max_memkb; /* IN: KiB */
};

/*
 * setvcpucontext, getvcpucontext, not self. Set initialises a vcpu, or changes
 * registers and callbacks of one that is initialised: its roots, GDT and LDT
 * must stay the same then (-EOPNOTSUPP). VGCF_online decides whether it is up.
 * NULL takes everything from the vcpu; it is down and not initialised then.
 * The domain is stopped while it is set, the vcpu while it is read. Where the
 * tables are refused, a vcpu that was not initialised stays so.
 *
 * Errors  -EINVAL no such vcpu, a dying domain, or a context that is refused as
 *         for VCPUOP_initialise; -ENODATA get of a vcpu that is not initialised
 */
struct xen_domctl_vcpucontext {
    uint32_t vcpu;                                  /* IN */
    XEN_GUEST_HANDLE_64(vcpu_guest_context_t) ctxt; /* IN of set, OUT of get */
};

/*
 * getvcpuinfo: the state of this moment; the vcpu is not stopped. Errors:
 * -EINVAL a number beyond max_vcpus; -ESRCH a vcpu that is not there.
 */
struct xen_domctl_getvcpuinfo {
    uint32_t vcpu; /* IN; the rest OUT */
    uint8_t online;
    uint8_t blocked;
    uint8_t running;
    uint64_aligned_t cpu_time; /* ns */
    uint32_t cpu;              /* where it runs or last ran */
};

/*
 * setnodeaffinity, getnodeaffinity: there is one node, number 0, so a map that
 * is accepted changes nothing. Errors: -EINVAL a map without it.
 */
struct xen_domctl_nodeaffinity {
    struct xenctl_bitmap nodemap; /* IN of set, OUT of get */
};

/*
 * setvcpuaffinity, getvcpuaffinity: on which CPUs a vcpu runs. Set writes back
 * what is in effect: the CPUs asked for that are in the domain's pool. An empty
 * soft affinity is no error. Get answers what was set, whatever the pool.
 *
 * A vcpu that runs where it may not any more leaves that CPU at once. After an
 * error in a map of a set, neither has changed. Bits beyond the last CPU are
 * ignored; room beyond it reads as 0. FORCE changes nothing, for there are no
 * temporary pins.
 *
 * Errors  -EINVAL no flag, a NULL map, a vcpu beyond max_vcpus, or a hard map
 *         without a CPU of the pool; -ESRCH a vcpu that is not there
 */
struct xen_domctl_vcpuaffinity {
    uint32_t vcpu;                /* IN */
#define _XEN_VCPUAFFINITY_HARD  0 /* may run nowhere else */
#define XEN_VCPUAFFINITY_HARD   (1U << _XEN_VCPUAFFINITY_HARD)
#define _XEN_VCPUAFFINITY_SOFT  1 /* had better run there */
#define XEN_VCPUAFFINITY_SOFT   (1U << _XEN_VCPUAFFINITY_SOFT)
#define _XEN_VCPUAFFINITY_FORCE 2 /* override a temporary pin */
#define XEN_VCPUAFFINITY_FORCE  (1U << _XEN_VCPUAFFINITY_FORCE)
    uint32_t flags;                   /* IN */
    struct xenctl_bitmap cpumap_hard; /* IN; OUT: what is in effect */
    struct xenctl_bitmap cpumap_soft;
};

/*
 * max_vcpus, not self: makes the vcpus. The number must be that of createdomain
 * (else -EINVAL); calling again is harmless. After -ENOMEM those that were made
 * stay, and another call makes the rest. They are down and not initialised.
 */
struct xen_domctl_max_vcpus {
    uint32_t max; /* IN */
};

/* Schedulers. The one here answers to CREDIT2's name and parameters. */
#define XEN_SCHEDULER_CREDIT   5
#define XEN_SCHEDULER_CREDIT2  6
#define XEN_SCHEDULER_ARINC653 7
#define XEN_SCHEDULER_RTDS     8
#define XEN_SCHEDULER_NULL     9

/*
 * Weight: a domain's share of the CPUs relative to others; 0 leaves it as it
 * is. Cap: the most that it gets, in percent of one CPU; 0: no limit. Both are
 * in force at once. The other schedulers' structures are here for their size.
 */
struct xen_domctl_sched_credit {
    uint16_t weight; /* share; 0 leaves it */
    uint16_t cap;    /* percent of a CPU; 0: none */
};
struct xen_domctl_sched_credit2 {
    uint16_t weight;
    uint16_t cap;
};
struct xen_domctl_sched_rtds {
    uint32_t period; /* us */
    uint32_t budget; /* us */
#define _XEN_DOMCTL_SCHEDRT_extra 0
#define XEN_DOMCTL_SCHEDRT_extra  (1U << _XEN_DOMCTL_SCHEDRT_extra)
    uint32_t flags;
};
/* For putvcpuinfo and getvcpuinfo, which are refused. */
typedef struct xen_domctl_schedparam_vcpu {
    union {
        struct xen_domctl_sched_credit credit;
        struct xen_domctl_sched_credit2 credit2;
        struct xen_domctl_sched_rtds rtds;
    } u;
    uint32_t vcpuid;
} xen_domctl_schedparam_vcpu_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_schedparam_vcpu_t);

#define XEN_DOMCTL_SCHEDOP_putinfo     0
#define XEN_DOMCTL_SCHEDOP_getinfo     1
#define XEN_DOMCTL_SCHEDOP_putvcpuinfo 2
#define XEN_DOMCTL_SCHEDOP_getvcpuinfo 3
/*
 * scheduler_op: putinfo and getinfo; vcpus have no parameters of their own.
 *
 * Errors  -EINVAL another scheduler or command, or a cap above 100 percent for
 *         each vcpu
 */
struct xen_domctl_scheduler_op {
    uint32_t sched_id; /* IN: XEN_SCHEDULER_*, must be the one in use */
    uint32_t cmd;      /* IN */
    union {
        struct xen_domctl_sched_credit credit;
        struct xen_domctl_sched_credit2 credit2;
        struct xen_domctl_sched_rtds rtds;
        struct {
            XEN_GUEST_HANDLE_64(xen_domctl_schedparam_vcpu_t) vcpus;
            uint32_t nr_vcpus;
            uint32_t padding;
        } v;
    } u; /* IN of put, OUT of get */
};

/*
 * setdomainhandle: the UUID, as getdomaininfo tells it, and the guest's own
 * XENVER_guest_handle. That no other domain has it is not checked.
 */
struct xen_domctl_setdomainhandle {
    xen_domain_handle_t handle; /* IN */
};

/*
 * setdebugging, not self: enable is -EOPNOTSUPP, external debuggers are not
 * supported.
 */
struct xen_domctl_setdebugging {
    uint8_t enable; /* IN: int3 and #DB stop the domain */
};

/*
 * irq_permission, iomem_permission, ioport_permission: what a guest may touch
 * of the machine. -EOPNOTSUPP: without an IOMMU no device leaves dom0. All IN;
 * access 1 or 0. What dom0 may touch is settled at boot.
 */
struct xen_domctl_irq_permission {
    uint32_t pirq;
    uint8_t allow_access;
    uint8_t pad[3];
};
struct xen_domctl_iomem_permission {
    uint64_aligned_t first_mfn;
    uint64_aligned_t nr_mfns;
    uint8_t allow_access;
};
struct xen_domctl_ioport_permission {
    uint32_t first_port;
    uint32_t nr_ports;
    uint8_t allow_access;
};

/*
 * hypercall_init: fills a frame with hypercall stubs, 32 bytes each, as a
 * kernel's note HYPERCALL_PAGE asks. Nothing of its old contents stays, and the
 * frame is the domain's as before. Errors: -EINVAL not ordinary memory of the
 * domain.
 */
struct xen_domctl_hypercall_init {
    uint64_aligned_t gmfn; /* IN: mfn */
};

/*
 * settimeoffset: added to the wall clock that the domain sees, from now on. It
 * may be negative. System time, which counts from the start, does not change.
 */
struct xen_domctl_settimeoffset {
    int64_aligned_t time_offset_seconds; /* IN: added to the wall clock */
};

/*
 * set_address_size, get_address_size: 64. Errors: -EOPNOTSUPP 32; -EINVAL
 * another.
 */
struct xen_domctl_address_size {
    uint32_t size; /* 64 */
};

/*
 * sendtrigger: NMI enters the vcpu's handler, if it has one. POWER and SLEEP
 * are buttons that a PV guest does not have (-EINVAL); others are -ENOSYS. An
 * NMI waits for a vcpu that is paused or in its handler, and a second one adds
 * nothing to one that waits. Without a handler it is lost: 0 all the same.
 *
 * Errors  -ESRCH no such vcpu
 */
#define XEN_DOMCTL_SENDTRIGGER_NMI   0
#define XEN_DOMCTL_SENDTRIGGER_RESET 1
#define XEN_DOMCTL_SENDTRIGGER_INIT  2
#define XEN_DOMCTL_SENDTRIGGER_POWER 3
#define XEN_DOMCTL_SENDTRIGGER_SLEEP 4
struct xen_domctl_sendtrigger {
    uint32_t trigger; /* IN */
    uint32_t vcpu;    /* IN */
};

/*
 * Cache attributes, as the architecture numbers them. No command here takes
 * one: a PV guest chooses them in its page tables.
 */
#define XEN_DOMCTL_MEM_CACHEATTR_UC     0
#define XEN_DOMCTL_MEM_CACHEATTR_WC     1
#define XEN_DOMCTL_MEM_CACHEATTR_WT     4
#define XEN_DOMCTL_MEM_CACHEATTR_WP     5
#define XEN_DOMCTL_MEM_CACHEATTR_WB     6
#define XEN_DOMCTL_MEM_CACHEATTR_UCM    7
#define XEN_DOMCTL_DELETE_MEM_CACHEATTR (~(uint32_t)0)

/*
 * A vcpu's virtual machine check state, in saved guests. PV guests have no
 * such state here: what a set brings is looked at and dropped, a get gives 0.
 */
struct hvm_vmce_vcpu {
    uint64_t caps;
    uint64_t mci_ctl2_bank0;
    uint64_t mci_ctl2_bank1;
    uint64_t mcg_ext_ctl;
};

/*
 * set_ext_vcpucontext, get_ext_vcpucontext: what vcpu_guest_context had no room
 * for. A shorter 'size' leaves the fields behind it alone; it must reach
 * mcg_cap. A callback of 0 is none. Callbacks run on the flat code segment: the
 * selectors are ignored by set. The domain is stopped for a set.
 *
 * Errors  -ESRCH no such vcpu, or the caller's own; -EINVAL an address that is
 *         not canonical, unknown bits of mcg_cap, or too short
 */
struct xen_domctl_ext_vcpucontext {
    uint32_t vcpu; /* IN */
    uint32_t size; /* IN of set, OUT of get: bytes from here that are valid */
    uint64_aligned_t syscall32_callback_eip;
    uint64_aligned_t sysenter_callback_eip;
    uint16_t syscall32_callback_cs;
    uint16_t sysenter_callback_cs;
    uint8_t syscall32_disables_events;
    uint8_t sysenter_disables_events;
    union {
        uint64_aligned_t mcg_cap;
        struct hvm_vmce_vcpu vmce;
    };
};

/* set_target: -EOPNOTSUPP, no domain but dom0 controls another. */
struct xen_domctl_set_target {
    domid_t target; /* IN: domain that this one may control */
};

/*
 * set_cpu_policy (not self), get_cpu_policy: what CPUID shows a domain, as a
 * list of leaves and a list of MSRs. NULL lists ask for the number of entries.
 * A feature that the host cannot give is dropped from what is set; leaves not
 * listed stay as they are. A set takes effect as a whole or not at all. Leaves
 * of the hypervisor itself and ARCH_CAPS are accepted and have no effect.
 *
 * Errors  -ENOBUFS get: not enough room; -E2BIG set: more entries than there
 *         are; -EEXIST set: the domain has run, and what its kernel saw at boot
 *         must stay true; -ERANGE a leaf or MSR that is not part of a policy,
 *         -EINVAL or -EOVERFLOW a value that is refused, both named in the err_
 *         fields (~0: none)
 */
#define XEN_CPUID_INPUT_UNUSED 0xFFFFFFFF
struct xen_domctl_cpu_policy {
    uint32_t nr_leaves; /* IN: entries or room, OUT of get: entries */
    uint32_t nr_msrs;   /* likewise */
    XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) leaves;
    XEN_GUEST_HANDLE_64(xen_msr_entry_t) msrs;
    uint32_t err_leaf, err_subleaf, err_msr; /* OUT: the entry refused */
};
typedef struct xen_domctl_cpu_policy xen_domctl_cpu_policy_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_cpu_policy_t);

/*
 * subscribe: an event channel of the domain that is sent when it suspends, in
 * place of VIRQ_DOM_EXC. 0 ends it. The port is not checked: if it is not bound
 * when the domain suspends, nobody is told.
 */
struct xen_domctl_subscribe {
    uint32_t port; /* IN: of the target, sent when it suspends */
};

/*
 * debug_op: -EINVAL, as for every PV domain. A PV kernel steps its programs
 * itself, by TF in their rflags.
 */
#define XEN_DOMCTL_DEBUG_OP_SINGLE_STEP_OFF 0
#define XEN_DOMCTL_DEBUG_OP_SINGLE_STEP_ON  1
struct xen_domctl_debug_op {
    uint32_t op;   /* IN */
    uint32_t vcpu; /* IN */
};

/*
 * settscinfo, gettscinfo, not self: how the guest's TSC relates to the
 * machine's; kept over migration. Guests read the TSC natively in every mode:
 * 'emulated' is refused. Set takes the mode, and the incarnation plus 1; get
 * tells the machine's frequency and the time since the domain was made.
 *
 * Errors  -EINVAL no such mode; -EOPNOTSUPP mode 1
 */
struct xen_domctl_tsc_info {
    uint32_t tsc_mode;    /* 0 as needed, 1 emulated, 2 native */
    uint32_t gtsc_khz;    /* frequency promised to the guest */
    uint32_t incarnation; /* migrations so far */
    uint32_t pad;
    uint64_aligned_t elapsed_nsec; /* guest time */
};

/*
 * gdbsx_*: -ENOSYS. A debugger can pause a domain, and read and change memory
 * and vcpus by the other commands and by mapping frames.
 */
struct xen_domctl_gdbsx_memio {
    uint64_aligned_t pgd3val; /* IN: root for a user address, or 0 */
    uint64_aligned_t gva;     /* IN: address in the guest */
    uint64_aligned_t uva;     /* IN: buffer of the caller */
    uint32_t len;             /* IN: bytes */
    uint8_t gwr;              /* IN: 1 writes to the guest */
    uint32_t remain;          /* OUT: bytes not done */
};
struct xen_domctl_gdbsx_pauseunp_vcpu {
    uint32_t vcpu; /* IN */
};
struct xen_domctl_gdbsx_domstatus {
    uint8_t paused; /* all OUT */
    uint32_t vcpu_id;
    uint32_t vcpu_ev;
};

/*
 * set_virq_handler: a global virtual interrupt now goes to this domain; it
 * comes back to dom0 when the domain dies, or when dom0 is named. The handler
 * before gets no more of them. Errors: -EINVAL no such interrupt, one that is
 * per vcpu, or a dying domain.
 */
struct xen_domctl_set_virq_handler {
    uint32_t virq; /* IN: a host-wide one now goes to this domain */
};

/*
 * setvcpuextstate, getvcpuextstate, not self: floating-point and vector state.
 * With size and mask 0 get says how much room it wants; then exactly that size
 * and mask are right. Set takes a shorter image, too, in the standard form
 * only; what it does not hold is reset. All of it is checked before any is
 * taken. The domain is stopped for either. xcr0 is what the vcpu has enabled,
 * xcr0_accum what it ever had: the image may hold these states and no others.
 *
 * Errors  -ESRCH no such vcpu; -EINVAL a size or mask that does not fit, or an
 *         image that the CPU would refuse
 */
struct xen_domctl_vcpuextstate {
    uint32_t vcpu;                      /* IN */
    uint64_aligned_t xfeature_mask;     /* IN of set, OUT of get */
    uint64_aligned_t size;              /* bytes of buffer */
    XEN_GUEST_HANDLE_64(uint64) buffer; /* xcr0, xcr0_accum, XSAVE image */
};

/* reserved must be 0, and so must the upper half of TSC_AUX. */
typedef struct xen_domctl_vcpu_msr {
    uint32_t index;
    uint32_t reserved;
    uint64_aligned_t value;
} xen_domctl_vcpu_msr_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_vcpu_msr_t);
/*
 * set_vcpu_msrs, get_vcpu_msrs, not self: MSRs that are a vcpu's own and not in
 * its context; TSC_AUX is the only one. NULL asks how many there can be. One
 * that is 0 is not listed by get. Entries before a bad one are set.
 *
 * Errors  -ESRCH no such vcpu; -ENOBUFS get: no room; -EINVAL set: too many,
 *         another MSR, or a value the CPU would refuse
 */
struct xen_domctl_vcpu_msrs {
    uint32_t vcpu;      /* IN */
    uint32_t msr_count; /* IN: entries or room, OUT: entries got, or, if set
                           fails, those before the bad one */
    XEN_GUEST_HANDLE_64(xen_domctl_vcpu_msr_t) msrs;
};

/* setvnumainfo: -EINVAL, there is one node. */
struct xen_domctl_vnuma {
    uint32_t nr_vnodes; /* all IN */
    uint32_t nr_vmemranges;
    uint32_t nr_vcpus;
    uint32_t pad;
    XEN_GUEST_HANDLE_64(uint) vdistance;
    XEN_GUEST_HANDLE_64(uint) vcpu_to_vnode;
    XEN_GUEST_HANDLE_64(uint) vnode_to_pnode;
    XEN_GUEST_HANDLE_64(xen_vmemrange_t) vmemrange;
};

/* get_paging_mempool_size, set_paging_mempool_size: -EOPNOTSUPP for PV. */
struct xen_domctl_paging_mempool {
    uint64_aligned_t size; /* bytes */
};

/*
 * The request. It is read as a whole when the call begins, whatever the
 * command, and written back as a whole by commands that have OUT fields: what
 * is not OUT keeps its value. The hypervisor keeps no address beyond the call.
 *
 * Commands without a structure of their own:
 *
 *   destroydomain  not self: stops the domain for good and takes its memory.
 *                  Its id is free again when the last user of a frame lets
 *                  go. Repeating it for a dying domain is harmless. Peers see
 *                  its event channels close; its mappings of granted frames
 *                  end.
 *   pausedomain    not self: its vcpus are off their CPUs when the call
 *                  returns. Pauses count, up to 255 (-EOVERFLOW).
 *   unpausedomain  takes one pause back. -EINVAL: there is none. A new domain
 *                  has one.
 *   resumedomain   not self: lets a domain that has shut down or suspended go
 *                  on where it stopped; otherwise it does nothing. The shutdown
 *                  code is forgotten; pauses stay.
 *   soft_reset     -EINVAL: no domain starts anew in place.
 *
 * Refused as in a Xen without HVM, IOMMU and cache allocation: vm_event_op,
 * vmtrace_op, gethvmcontext, sethvmcontext, bind_pt_irq, unbind_pt_irq and
 * set_broken_page_p2m are -EINVAL; monitor_op, memory_mapping, ioport_mapping
 * and the commands on assigned devices -EOPNOTSUPP; psr_cmt_op and psr_alloc
 * -ENODEV. Whatever else is not described is -ENOSYS.
 */
struct xen_domctl {
    uint32_t cmd; /* IN */
#define XEN_DOMCTL_createdomain            1
#define XEN_DOMCTL_destroydomain           2
#define XEN_DOMCTL_pausedomain             3
#define XEN_DOMCTL_unpausedomain           4
#define XEN_DOMCTL_getdomaininfo           5
#define XEN_DOMCTL_setvcpuaffinity         9
#define XEN_DOMCTL_shadow_op               10
#define XEN_DOMCTL_max_mem                 11
#define XEN_DOMCTL_setvcpucontext          12
#define XEN_DOMCTL_getvcpucontext          13
#define XEN_DOMCTL_getvcpuinfo             14
#define XEN_DOMCTL_max_vcpus               15
#define XEN_DOMCTL_scheduler_op            16
#define XEN_DOMCTL_setdomainhandle         17
#define XEN_DOMCTL_setdebugging            18
#define XEN_DOMCTL_irq_permission          19
#define XEN_DOMCTL_iomem_permission        20
#define XEN_DOMCTL_ioport_permission       21
#define XEN_DOMCTL_hypercall_init          22
#define XEN_DOMCTL_settimeoffset           24
#define XEN_DOMCTL_getvcpuaffinity         25
#define XEN_DOMCTL_real_mode_area          26
#define XEN_DOMCTL_resumedomain            27
#define XEN_DOMCTL_sendtrigger             28
#define XEN_DOMCTL_subscribe               29
#define XEN_DOMCTL_gethvmcontext           33
#define XEN_DOMCTL_sethvmcontext           34
#define XEN_DOMCTL_set_address_size        35
#define XEN_DOMCTL_get_address_size        36
#define XEN_DOMCTL_assign_device           37
#define XEN_DOMCTL_bind_pt_irq             38
#define XEN_DOMCTL_memory_mapping          39
#define XEN_DOMCTL_ioport_mapping          40
#define XEN_DOMCTL_set_ext_vcpucontext     42
#define XEN_DOMCTL_get_ext_vcpucontext     43
#define XEN_DOMCTL_set_opt_feature         44
#define XEN_DOMCTL_test_assign_device      45
#define XEN_DOMCTL_set_target              46
#define XEN_DOMCTL_deassign_device         47
#define XEN_DOMCTL_unbind_pt_irq           48
#define XEN_DOMCTL_get_device_group        50
#define XEN_DOMCTL_debug_op                54
#define XEN_DOMCTL_gethvmcontext_partial   55
#define XEN_DOMCTL_vm_event_op             56
#define XEN_DOMCTL_mem_sharing_op          57
#define XEN_DOMCTL_gettscinfo              59
#define XEN_DOMCTL_settscinfo              60
#define XEN_DOMCTL_getpageframeinfo3       61
#define XEN_DOMCTL_setvcpuextstate         62
#define XEN_DOMCTL_getvcpuextstate         63
#define XEN_DOMCTL_set_access_required     64
#define XEN_DOMCTL_audit_p2m               65
#define XEN_DOMCTL_set_virq_handler        66
#define XEN_DOMCTL_set_broken_page_p2m     67
#define XEN_DOMCTL_setnodeaffinity         68
#define XEN_DOMCTL_getnodeaffinity         69
#define XEN_DOMCTL_cacheflush              71
#define XEN_DOMCTL_get_vcpu_msrs           72
#define XEN_DOMCTL_set_vcpu_msrs           73
#define XEN_DOMCTL_setvnumainfo            74
#define XEN_DOMCTL_psr_cmt_op              75
#define XEN_DOMCTL_monitor_op              77
#define XEN_DOMCTL_psr_alloc               78
#define XEN_DOMCTL_soft_reset              79
#define XEN_DOMCTL_vuart_op                81
#define XEN_DOMCTL_get_cpu_policy          82
#define XEN_DOMCTL_set_cpu_policy          83
#define XEN_DOMCTL_vmtrace_op              84
#define XEN_DOMCTL_get_paging_mempool_size 85
#define XEN_DOMCTL_set_paging_mempool_size 86
#define XEN_DOMCTL_gdbsx_guestmemio        1000
#define XEN_DOMCTL_gdbsx_pausevcpu         1001
#define XEN_DOMCTL_gdbsx_unpausevcpu       1002
#define XEN_DOMCTL_gdbsx_domstatus         1003
    uint32_t interface_version; /* IN */
    domid_t domain;             /* IN, OUT where said */
    uint16_t _pad[3];
    union {
        struct xen_domctl_createdomain createdomain;
        struct xen_domctl_getdomaininfo getdomaininfo;
        struct xen_domctl_getpageframeinfo3 getpageframeinfo3;
        struct xen_domctl_nodeaffinity nodeaffinity;
        struct xen_domctl_vcpuaffinity vcpuaffinity;
        struct xen_domctl_shadow_op shadow_op;
        struct xen_domctl_max_mem max_mem;
        struct xen_domctl_vcpucontext vcpucontext;
        struct xen_domctl_getvcpuinfo getvcpuinfo;
        struct xen_domctl_max_vcpus max_vcpus;
        struct xen_domctl_scheduler_op scheduler_op;
        struct xen_domctl_setdomainhandle setdomainhandle;
        struct xen_domctl_setdebugging setdebugging;
        struct xen_domctl_irq_permission irq_permission;
        struct xen_domctl_iomem_permission iomem_permission;
        struct xen_domctl_ioport_permission ioport_permission;
        struct xen_domctl_hypercall_init hypercall_init;
        struct xen_domctl_settimeoffset settimeoffset;
        struct xen_domctl_tsc_info tsc_info;
        struct xen_domctl_address_size address_size;
        struct xen_domctl_sendtrigger sendtrigger;
        struct xen_domctl_ext_vcpucontext ext_vcpucontext;
        struct xen_domctl_set_target set_target;
        struct xen_domctl_subscribe subscribe;
        struct xen_domctl_debug_op debug_op;
        struct xen_domctl_cpu_policy cpu_policy;
        struct xen_domctl_vcpuextstate vcpuextstate;
        struct xen_domctl_vcpu_msrs vcpu_msrs;
        struct xen_domctl_set_virq_handler set_virq_handler;
        struct xen_domctl_gdbsx_memio gdbsx_guest_memio;
        struct xen_domctl_gdbsx_pauseunp_vcpu gdbsx_pauseunp_vcpu;
        struct xen_domctl_gdbsx_domstatus gdbsx_domstatus;
        struct xen_domctl_vnuma vnuma;
        struct xen_domctl_paging_mempool paging_mempool;
        uint8_t pad[128];
    } u;
};
typedef struct xen_domctl xen_domctl_t;
DEFINE_XEN_GUEST_HANDLE(xen_domctl_t);

#endif
