/* SPDX-License-Identifier: MIT */
/*
 * memory_op(command, argument): how much memory a domain has, which frames, and
 * the frames that the hypervisor itself lends.
 *
 * Caller  'domid' may name another domain only for dom0 (else -EPERM); -ESRCH
 *         no such domain. What only dom0 may do is marked.
 * Restart the commands on lists are continued. How many extents are done stands
 *         in the upper bits of the command, so a guest must not use values
 *         above 63 itself.
 *
 * increase, decrease and populate return how many extents were done, which may
 * be fewer than asked: not an error, the caller decides. A request that makes
 * no sense does nothing and returns 0. An extent is a run of 2^order frames,
 * order 9 at most (12 for dom0).
 *
 * A PV domain has no pfn-to-mfn table in the hypervisor. Frames are mfns, and
 * 'pfn' only fills the machine-to-phys table.
 */
#ifndef __XEN_PUBLIC_MEMORY_H__
#define __XEN_PUBLIC_MEMORY_H__

#include "xen.h"
#include "physdev.h"

/*
 * increase: gets frames (OUT extent_start: first mfn of each extent; may be
 * NULL).
 *
 * decrease: gives frames back (IN extent_start: first mfn of each extent). A
 * frame that is still mapped or in use as a table stays the domain's, and
 * counts, until its last use ends.
 *
 * populate: gets frames for given pfns (IN extent_start: pfns, OUT: mfns).
 *
 * Frames hold nothing of a former owner. A domain gets no more than its limit
 * (XEN_DOMCTL_max_mem), and nothing that another domain has claimed.
 */
#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_populate_physmap     6

/*
 * mem_flags: bits 0-7 width of the machine addresses wanted (0: any), 8-15 NUMA
 * node + 1, then flags. There is one node: node requests are accepted and
 * change nothing.
 */
#define XENMEMF_address_bits(x)     (x)
#define XENMEMF_get_address_bits(x) ((x)&0xffu)
#define XENMEMF_node(x)             (((x) + 1) << 8)
#define XENMEMF_get_node(x)         ((((x) >> 8) - 1) & 0xffu)
#define XENMEMF_populate_on_demand  (1 << 16)
#define XENMEMF_exact_node_request  (1 << 17)
#define XENMEMF_exact_node(n)       (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode               (1 << 18)

struct xen_memory_reservation {
    XEN_GUEST_HANDLE(xen_pfn_t) extent_start; /* see above */
    xen_ulong_t nr_extents;                   /* IN */
    unsigned int extent_order; /* IN: an extent is 1 << order frames */
    unsigned int mem_flags;    /* IN: XENMEMF_* */
    domid_t domid;             /* IN */
};
typedef struct xen_memory_reservation xen_memory_reservation_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_reservation_t);

/*
 * Trades the frames in 'in' for those of 'out', equal in total, for instance
 * scattered ones for a contiguous and low run. The new frames hold nothing of a
 * former owner. Frames are exchanged in chunks (the smallest runs that are
 * whole on both sides); each chunk is exchanged entirely or not at all.
 *
 * Returns 0 when all is done. After an error nr_exchanged says what was done
 * before; the caller still owns the rest of 'in'.
 *
 * Errors  -EPERM an order above the limit; -EINVAL totals or domains that
 *         differ, or a frame that is still mapped, in use or another domain's;
 *         -ENOMEM no such frames free; -EFAULT
 * Restart continued, by nr_exchanged in the caller's structure
 */
#define XENMEM_exchange 11
struct xen_memory_exchange {
    struct xen_memory_reservation in;  /* IN: extent_start are mfns */
    struct xen_memory_reservation out; /* IN: pfns, OUT: mfns */
    xen_ulong_t nr_exchanged;          /* IN: 0, OUT: extents of 'in' done */
};
typedef struct xen_memory_exchange xen_memory_exchange_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_exchange_t);

/*
 * Returns the number of frames of the machine's memory map, counted from 0; no
 * argument.
 */
#define XENMEM_maximum_ram_page 2

/*
 * Return a number of frames: those a domain has, those it may have at most, and
 * (maximum_gpfn) the highest pfn that the domain says it uses, in
 * shared_info.arch.max_pfn.
 */
struct xen_memory_domain {
    domid_t domid; /* IN */
};
#define XENMEM_current_reservation 3
#define XENMEM_maximum_reservation 4
#define XENMEM_maximum_gpfn        14

/*
 * The frames that hold the machine-to-phys table: first mfn of each 2 MiB. Any
 * domain may ask. The form for 32-bit guests is -EOPNOTSUPP.
 */
#define XENMEM_machphys_mfn_list        5
#define XENMEM_machphys_compat_mfn_list 25
struct xen_machphys_mfn_list {
    unsigned int max_extents;                 /* IN: room in the array */
    XEN_GUEST_HANDLE(xen_pfn_t) extent_start; /* OUT */
    unsigned int nr_extents;                  /* OUT */
};
typedef struct xen_machphys_mfn_list xen_machphys_mfn_list_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mfn_list_t);

/*
 * Where the caller sees the machine-to-phys table, which any guest may read.
 * All OUT. max_mfn is the machine's last frame for dom0; others are told the
 * last that the range has room for. Nothing is mapped beyond the machine's
 * memory: a read there faults.
 */
#define XENMEM_machphys_mapping 12
struct xen_machphys_mapping {
    xen_ulong_t v_start, v_end;
    xen_ulong_t max_mfn;
};
typedef struct xen_machphys_mapping xen_machphys_mapping_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mapping_t);

/*
 * Guests whose pfns the hypervisor translates. PV guests have no such map:
 * these are -EACCES; the names are here for the tables and for traces.
 */
#define XENMEM_add_to_physmap        7
#define XENMEM_remove_from_physmap   15
#define XENMEM_add_to_physmap_batch  23
#define XENMAPSPACE_shared_info      0
#define XENMAPSPACE_grant_table      1
#define XENMAPSPACE_gmfn             2
#define XENMAPSPACE_gmfn_range       3
#define XENMAPSPACE_gmfn_foreign     4
#define XENMAPSPACE_dev_mmio         5
#define XENMAPIDX_grant_table_status 0x80000000
struct xen_add_to_physmap {
    domid_t domid;
    uint16_t size;
    unsigned int space;
    xen_ulong_t idx;
    xen_pfn_t gpfn;
};
typedef struct xen_add_to_physmap xen_add_to_physmap_t;
DEFINE_XEN_GUEST_HANDLE(xen_add_to_physmap_t);

struct xen_remove_from_physmap {
    domid_t domid;
    xen_pfn_t gpfn;
};
typedef struct xen_remove_from_physmap xen_remove_from_physmap_t;
DEFINE_XEN_GUEST_HANDLE(xen_remove_from_physmap_t);

/*
 * The memory map as BIOS E820 entries (20 bytes each: u64 start, u64 size, u32
 * type): the caller's own, the machine's (dom0), or set for a domain that is
 * being built.
 *
 * Errors  of memory_map: -ENOSYS none was set; of machine_memory_map: -EPERM;
 *         -EINVAL there is not room for the whole map and one more entry; of
 *         set_memory_map: -EINVAL too many entries; -ENOMEM
 */
#define XENMEM_memory_map         9
#define XENMEM_machine_memory_map 10
#define XENMEM_set_memory_map     13
struct xen_memory_map {
    unsigned int nr_entries; /* IN: room (or entries), OUT: entries */
    XEN_GUEST_HANDLE(void) buffer;
};
typedef struct xen_memory_map xen_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_map_t);

struct xen_foreign_memory_map {
    domid_t domid; /* IN */
    struct xen_memory_map map;
};
typedef struct xen_foreign_memory_map xen_foreign_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_foreign_memory_map_t);

/* Populate on demand, for translated guests only: -EINVAL. */
#define XENMEM_set_pod_target 16
#define XENMEM_get_pod_target 17
struct xen_pod_target {
    uint64_t target_pages;                            /* IN */
    uint64_t tot_pages, pod_cache_pages, pod_entries; /* OUT */
    domid_t domid;                                    /* IN */
};
typedef struct xen_pod_target xen_pod_target_t;

/* Frames saved by sharing, and shared: return a count, always 0. */
#define XENMEM_get_sharing_freed_pages  18
#define XENMEM_get_sharing_shared_pages 19

/* Paging, access rules and sharing: absent, -ENOSYS. */
#define XENMEM_paging_op  20
#define XENMEM_access_op  21
#define XENMEM_sharing_op 22
typedef enum {
    XENMEM_access_n,
    XENMEM_access_r,
    XENMEM_access_w,
    XENMEM_access_rw,
    XENMEM_access_x,
    XENMEM_access_rx,
    XENMEM_access_wx,
    XENMEM_access_rwx,
    XENMEM_access_rx2rw,
    XENMEM_access_n2rwx,
    XENMEM_access_default
} xenmem_access_t;

/*
 * Sets aside frames for a domain that is being built, so that two builds at
 * once do not both run out of memory; 0 gives the claim up. The argument is a
 * xen_memory_reservation whose nr_extents is the domain's size, including what
 * it has, with a NULL list and order 0. The claim shrinks as frames are
 * allocated.
 *
 * Caller  dom0
 * Errors  -EINVAL no such domain, it has a claim, or the size is not above what
 *         it has and within its limit; -ENOMEM so many frames are not free and
 *         unclaimed
 */
#define XENMEM_claim_pages 24

/*
 * Memory that devices use behind an IOMMU's back. Without an IOMMU there is
 * none: nr_entries becomes 0.
 */
#define XENMEM_reserved_device_memory_map 27
struct xen_reserved_device_memory {
    xen_pfn_t start_pfn;
    xen_ulong_t nr_pages;
};
typedef struct xen_reserved_device_memory xen_reserved_device_memory_t;
DEFINE_XEN_GUEST_HANDLE(xen_reserved_device_memory_t);

struct xen_reserved_device_memory_map {
#define XENMEM_RDM_ALL 1
    uint32_t flags;          /* IN: all, or those of the device below */
    unsigned int nr_entries; /* IN: room, OUT: entries */
    XEN_GUEST_HANDLE(xen_reserved_device_memory_t) buffer; /* OUT */
    union {
        physdev_pci_device_t pci; /* IN */
    } dev;
};
typedef struct xen_reserved_device_memory_map xen_reserved_device_memory_map_t;
DEFINE_XEN_GUEST_HANDLE(xen_reserved_device_memory_map_t);

/*
 * Frames of the hypervisor that belong to a domain's interface, so that dom0
 * can map them: the grant table, to fill in its first entries before the guest
 * starts. A NULL list with nr_frames 0 asks how many there can be. The table
 * grows as far as it is asked for. They are mapped like other frames of that
 * domain: as foreign memory, with its id.
 *
 * Caller  dom0, for another domain (its own: -EPERM)
 * Errors  -ESRCH no such domain; -EINVAL another id, a pad that is not 0,
 *         frames beyond the limit, or a resource that no PV domain has;
 *         -EOPNOTSUPP no such type; -ENOMEM
 */
#define XENMEM_acquire_resource 28
struct xen_mem_acquire_resource {
    domid_t domid; /* IN */
    uint16_t type; /* IN */
#define XENMEM_resource_ioreq_server 0
#define XENMEM_resource_grant_table  1
#define XENMEM_resource_vmtrace_buf  2
    uint32_t id; /* IN: for a grant table, which part */
#define XENMEM_resource_grant_table_id_shared 0
#define XENMEM_resource_grant_table_id_status 1
    uint32_t nr_frames; /* IN, OUT */
    uint32_t pad;       /* 0 */
    uint64_t frame;     /* IN: first frame */
#define XENMEM_resource_ioreq_server_frame_bufioreq 0
#define XENMEM_resource_ioreq_server_frame_ioreq(n) (1 + (n))
    XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* OUT: mfns, for PV callers */
};
typedef struct xen_mem_acquire_resource xen_mem_acquire_resource_t;
DEFINE_XEN_GUEST_HANDLE(xen_mem_acquire_resource_t);

/* A domain's virtual NUMA layout; no domain has one: -EOPNOTSUPP. */
#define XENMEM_get_vnumainfo 26
struct xen_vmemrange {
    uint64_t start, end; /* bytes */
    unsigned int flags;
    unsigned int nid;
};
typedef struct xen_vmemrange xen_vmemrange_t;
DEFINE_XEN_GUEST_HANDLE(xen_vmemrange_t);

struct xen_vnuma_topology_info {
    domid_t domid; /* IN */
    uint16_t pad;
    unsigned int nr_vnodes; /* IN: room, OUT: entries; the next two, too */
    unsigned int nr_vcpus;
    unsigned int nr_vmemranges;
    union {
        XEN_GUEST_HANDLE(uint) h;
        uint64_t pad;
    } vdistance; /* OUT; so are the next two */
    union {
        XEN_GUEST_HANDLE(uint) h;
        uint64_t pad;
    } vcpu_to_vnode;
    union {
        XEN_GUEST_HANDLE(xen_vmemrange_t) h;
        uint64_t pad;
    } vmemrange;
};
typedef struct xen_vnuma_topology_info xen_vnuma_topology_info_t;
DEFINE_XEN_GUEST_HANDLE(xen_vnuma_topology_info_t);

#endif
