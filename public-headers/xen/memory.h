/* SPDX-License-Identifier: MIT */
/*
 * memory_op(command, argument): how much memory a domain has, which frames,
 * and the frames that the hypervisor itself lends.
 *
 * Commands that work on lists return how many extents were done, which may be
 * fewer than asked: not an error, the caller decides.
 */
#ifndef __XEN_PUBLIC_MEMORY_H__
#define __XEN_PUBLIC_MEMORY_H__

#include "xen.h"
#include "physdev.h"

/*
 * increase: get frames (OUT extent_start: first mfn of each extent).
 * decrease: give frames back (IN extent_start: first mfn of each extent).
 * populate: get frames for given pfns (IN extent_start: pfns, OUT: mfns).
 */
#define XENMEM_increase_reservation 0
#define XENMEM_decrease_reservation 1
#define XENMEM_populate_physmap     6

/* mem_flags: bits 0-7 width of the address, 8-15 NUMA node + 1, then flags. */
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
 * Trade the frames in `in` for those of `out`, equal in total, for instance
 * scattered ones for a contiguous and low run. All or nothing as the guest
 * sees it: on an error nr_exchanged says what was done, 0 for nothing.
 */
#define XENMEM_exchange 11
struct xen_memory_exchange {
    struct xen_memory_reservation in;  /* IN: extent_start are mfns */
    struct xen_memory_reservation out; /* IN: pfns, OUT: mfns */
    xen_ulong_t nr_exchanged;          /* IN: 0, OUT: extents of `in` done */
};
typedef struct xen_memory_exchange xen_memory_exchange_t;
DEFINE_XEN_GUEST_HANDLE(xen_memory_exchange_t);

/* Returns the last frame number of the machine; no argument. */
#define XENMEM_maximum_ram_page 2

/* Return a number of frames (maximum_gpfn: the highest pfn) of a domain. */
struct xen_memory_domain {
    domid_t domid; /* IN */
};
#define XENMEM_current_reservation 3
#define XENMEM_maximum_reservation 4
#define XENMEM_maximum_gpfn        14

/* The frames that hold the machine-to-phys table: first mfn of each 2 MiB. */
#define XENMEM_machphys_mfn_list        5
#define XENMEM_machphys_compat_mfn_list 25
struct xen_machphys_mfn_list {
    unsigned int max_extents;                 /* IN: room in the array */
    XEN_GUEST_HANDLE(xen_pfn_t) extent_start; /* OUT */
    unsigned int nr_extents;                  /* OUT */
};
typedef struct xen_machphys_mfn_list xen_machphys_mfn_list_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mfn_list_t);

/* Where the caller sees that table. All OUT. */
#define XENMEM_machphys_mapping 12
struct xen_machphys_mapping {
    xen_ulong_t v_start, v_end;
    xen_ulong_t max_mfn;
};
typedef struct xen_machphys_mapping xen_machphys_mapping_t;
DEFINE_XEN_GUEST_HANDLE(xen_machphys_mapping_t);

/*
 * Guests whose pfns the hypervisor translates. PV guests have no such map:
 * these are refused, the names are here for the tables and for traces.
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
 * The memory map as BIOS E820 entries (20 bytes each: u64 start, u64 size,
 * u32 type): the caller's own, the machine's, or set for another domain.
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

/* Populate on demand, for translated guests only. */
#define XENMEM_set_pod_target 16
#define XENMEM_get_pod_target 17
struct xen_pod_target {
    uint64_t target_pages;                            /* IN */
    uint64_t tot_pages, pod_cache_pages, pod_entries; /* OUT */
    domid_t domid;                                    /* IN */
};
typedef struct xen_pod_target xen_pod_target_t;

/* Frames saved by sharing, and shared: return a count. */
#define XENMEM_get_sharing_freed_pages  18
#define XENMEM_get_sharing_shared_pages 19

/* Paging, access rules and sharing: absent. */
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

/* Set aside frames for a domain that is being built; 0 gives them up. The
 * argument is a xen_memory_reservation with a count and order 0. */
#define XENMEM_claim_pages 24

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
 * Frames of the hypervisor that belong to a domain's interface, so that a
 * privileged domain can map them: the grant table, to fill in its first
 * entries before the guest starts. nr_frames 0 asks how many there are.
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

/* A domain's virtual NUMA layout; -EOPNOTSUPP when it has none. */
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
