/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: how a domain lets another use a frame of its memory.
 *
 * The granter fills in an entry of its table and tells the other domain the
 * index (gref), usually in the store or in a ring. The other domain maps the
 * frame or asks the hypervisor to copy. While it is in use the hypervisor keeps
 * 'reading' and 'writing' set in the entry: the granter must not take the grant
 * back then.
 *
 *   grant: write domid and frame, barrier, then flags
 *   end:   if neither reading nor writing, compare-and-swap flags to 0
 *
 * The hypervisor checks an entry when it is used for the first time and marks
 * it in the same atomic step. It remembers the frame: what the granter writes
 * to the entry while it is in use changes nothing for those who use it.
 *
 * A frame that is mapped outlives its granter: a domain that is destroyed while
 * others map its frames stays, dying, until the last of them unmaps or dies.
 */
#ifndef __XEN_PUBLIC_GRANT_TABLE_H__
#define __XEN_PUBLIC_GRANT_TABLE_H__

#include "xen.h"

typedef uint32_t grant_ref_t;    /* index in the granter's table */
typedef uint32_t grant_handle_t; /* a mapping, as its user names it */

/* Version 1 of an entry, 8 bytes; all [GST] but reading and writing. */
struct grant_entry_v1 {
    uint16_t flags; /* GTF_* */
    domid_t domid;  /* who may use it */
    uint32_t frame; /* the granter's pfn; its mfn if PV */
};
typedef struct grant_entry_v1 grant_entry_v1_t;

/*
 * Entries that the toolstack fills in before the guest starts. A kernel must
 * not hand out the reserved ones for other purposes.
 */
#define GNTTAB_RESERVED_CONSOLE    0
#define GNTTAB_RESERVED_XENSTORE   1
#define GNTTAB_NR_RESERVED_ENTRIES 8

/*
 * Types of an entry. accept_transfer is accepted and never used: frames do not
 * change hands by grants. transitive exists in version 2 only.
 */
#define GTF_invalid         (0U << 0)
#define GTF_permit_access   (1U << 0)
#define GTF_accept_transfer (2U << 0)
#define GTF_transitive      (3U << 0)
#define GTF_type_mask       (3U << 0)

/*
 * Of the flags below the hypervisor reads readonly alone. Every mapping is an
 * ordinary, cached one, whatever PWT, PCD and PAT say, and sub_page means
 * nothing in version 1. What it writes is reading and writing: reading while
 * there is any use, writing while there is one that may write.
 */
/* With permit_access. */
#define _GTF_readonly (2)
#define GTF_readonly  (1U << _GTF_readonly)
#define _GTF_reading  (3) /* [XEN] */
#define GTF_reading   (1U << _GTF_reading)
#define _GTF_writing  (4) /* [XEN] */
#define GTF_writing   (1U << _GTF_writing)
#define _GTF_PWT      (5) /* cache attributes of the mapping */
#define GTF_PWT       (1U << _GTF_PWT)
#define _GTF_PCD      (6)
#define GTF_PCD       (1U << _GTF_PCD)
#define _GTF_PAT      (7)
#define GTF_PAT       (1U << _GTF_PAT)
#define _GTF_sub_page (8) /* version 2 */
#define GTF_sub_page  (1U << _GTF_sub_page)

/* With accept_transfer. */
#define _GTF_transfer_committed (2)
#define GTF_transfer_committed  (1U << _GTF_transfer_committed)
#define _GTF_transfer_completed (3)
#define GTF_transfer_completed  (1U << _GTF_transfer_completed)

/*
 * Version 2, 16 bytes; reading and writing are in a table of their own. It is
 * not offered (set_version: -ENOSYS); the layout is here for the names.
 */
struct grant_entry_header {
    uint16_t flags;
    domid_t domid;
};
typedef struct grant_entry_header grant_entry_header_t;

union grant_entry_v2 {
    grant_entry_header_t hdr;
    struct {
        grant_entry_header_t hdr;
        uint32_t pad0;
        uint64_t frame;
    } full_page;
    struct {
        grant_entry_header_t hdr;
        uint16_t page_off; /* bytes; copies only */
        uint16_t length;
        uint64_t frame;
    } sub_page;
    struct {
        grant_entry_header_t hdr;
        domid_t trans_domid; /* passes on a grant of this domain */
        uint16_t pad0;
        grant_ref_t gref;
    } transitive;
    uint32_t __spacer[4];
};
typedef union grant_entry_v2 grant_entry_v2_t;
typedef uint16_t grant_status_t;

/*
 * grant_table_op(command, array, count). Any domain may call. The call's result
 * concerns the array as a whole: 0, -EFAULT (elements before the bad one are
 * done), -EINVAL a count above 2^31 or, where a single element is meant, other
 * than 1. Each element has its own 'status' (OUT, GNTST_*).
 *
 * map, unmap, unmap_and_replace, copy and swap_grant_ref are continued: the
 * array's address and count then describe what is left. Elements are done in
 * order; one that fails does not stop the others.
 *
 * Each element is a step of its own under the granter's lock. An array is no
 * transaction: operations of other vcpus may come between two elements.
 */
#define GNTTABOP_map_grant_ref     0
#define GNTTABOP_unmap_grant_ref   1
#define GNTTABOP_setup_table       2
#define GNTTABOP_dump_table        3
#define GNTTABOP_transfer          4
#define GNTTABOP_copy              5
#define GNTTABOP_query_size        6
#define GNTTABOP_unmap_and_replace 7
#define GNTTABOP_set_version       8
#define GNTTABOP_get_status_frames 9
#define GNTTABOP_get_version       10
#define GNTTABOP_swap_grant_ref    11
#define GNTTABOP_cache_flush       12

/* Flags of a mapping. At least one of device_map and host_map must be set. */
#define _GNTMAP_device_map      (0) /* for DMA: dev_bus_addr is wanted */
#define GNTMAP_device_map       (1 << _GNTMAP_device_map)
#define _GNTMAP_host_map        (1) /* for the CPU, at host_addr */
#define GNTMAP_host_map         (1 << _GNTMAP_host_map)
#define _GNTMAP_readonly        (2)
#define GNTMAP_readonly         (1 << _GNTMAP_readonly)
#define _GNTMAP_application_map (3) /* user mode may use it, too */
#define GNTMAP_application_map  (1 << _GNTMAP_application_map)
#define _GNTMAP_contains_pte    (4) /* host_addr: machine address of a PTE */
#define GNTMAP_contains_pte     (1 << _GNTMAP_contains_pte)
/* Bits 16 to 18 go into the PTE's software field. */
#define _GNTMAP_guest_avail0    (16)
#define GNTMAP_guest_avail_mask ((uint32_t)~0 << _GNTMAP_guest_avail0)

/*
 * map_grant_ref: maps the frame at host_addr of the caller, replacing what is
 * mapped there. The page table of that address must exist. The handle names the
 * mapping in the unmap; it costs an entry of the caller's maptrack table, whose
 * size the toolstack limits. The mapping ends only by unmap or with the domain:
 * overwriting the PTE frees neither the handle nor the grant.
 *
 * Either all kinds of mapping that were asked for exist afterwards, or none.
 * handle and dev_bus_addr are written if status is okay, else they keep the
 * caller's values. Flags without a name here are ignored.
 *
 * Result  status: bad_domain no granter of that number, or it is dying;
 *         bad_gntref beyond its table, or no kind of mapping asked for;
 *         general_error the entry is not for the caller, is read-only and
 *         writing was asked for, or host_addr has no L1 table; bad_page not the
 *         granter's frame; no_device_space no handle is left, or too many
 *         mappings of the entry
 */
struct gnttab_map_grant_ref {
    uint64_t host_addr;    /* IN: virtual address, or of a PTE */
    uint32_t flags;        /* IN: GNTMAP_* */
    grant_ref_t ref;       /* IN */
    domid_t dom;           /* IN: granter */
    int16_t status;        /* OUT */
    grant_handle_t handle; /* OUT */
    uint64_t dev_bus_addr; /* OUT */
};
typedef struct gnttab_map_grant_ref gnttab_map_grant_ref_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_map_grant_ref_t);

/*
 * unmap_grant_ref: a zero address leaves that kind of mapping; the grant ends
 * with the last of the two. host_addr must be that of the map. Before the
 * granter sees the entry unused, the frame is out of every TLB of the caller.
 * A handle of which nothing is left may be given out again. An array costs one
 * flush for every 32 elements, so callers had better collect what they unmap.
 *
 * Result  status: bad_handle not in use; bad_dev_addr another frame;
 *         general_error host_addr does not map the frame as the map did
 */
struct gnttab_unmap_grant_ref {
    uint64_t host_addr;    /* IN */
    uint64_t dev_bus_addr; /* IN */
    grant_handle_t handle; /* IN */
    int16_t status;        /* OUT */
};
typedef struct gnttab_unmap_grant_ref gnttab_unmap_grant_ref_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_unmap_grant_ref_t);

/*
 * setup_table: makes the table at least this big and tells its frames, which
 * the caller maps like its own memory. One element. The table never shrinks:
 * with fewer frames than it has, the call only tells the first of them. Frames
 * that were added stay if the call then fails.
 *
 * Caller  any domain for itself (DOMID_SELF); dom0 for any
 * Result  status: bad_domain; permission_denied; general_error beyond the limit
 *         or no memory; bad_virt_addr
 */
struct gnttab_setup_table {
    domid_t dom;                            /* IN */
    uint32_t nr_frames;                     /* IN */
    int16_t status;                         /* OUT */
    XEN_GUEST_HANDLE(xen_pfn_t) frame_list; /* OUT: mfns */
};
typedef struct gnttab_setup_table gnttab_setup_table_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_setup_table_t);

/* dump_table: -ENOSYS; the debug key 'g' prints the tables. */
struct gnttab_dump_table {
    domid_t dom;    /* IN */
    int16_t status; /* OUT */
};
typedef struct gnttab_dump_table gnttab_dump_table_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_dump_table_t);

/* transfer: gives a frame away for good. Refused: -EOPNOTSUPP. */
struct gnttab_transfer {
    xen_pfn_t mfn;   /* IN */
    domid_t domid;   /* IN: receiver */
    grant_ref_t ref; /* IN: its accept_transfer entry */
    int16_t status;  /* OUT */
};
typedef struct gnttab_transfer gnttab_transfer_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_transfer_t);

/*
 * copy: within one frame on each side, either named by gref or, with the flag
 * clear, by number of a frame of the caller. The two may be the same frame and
 * may overlap. All bytes are copied or none. Both frames are held while they
 * are, and need not be mapped anywhere.
 *
 * Result  status: bad_copy_arg a side crosses the end of its page;
 *         permission_denied a frame by number with a domid other than the
 *         caller's; bad_page the frame is not the caller's; general_error a
 *         destination that cannot be written, such as a page table; the others
 *         as for map_grant_ref
 */
#define _GNTCOPY_source_gref (0)
#define GNTCOPY_source_gref  (1 << _GNTCOPY_source_gref)
#define _GNTCOPY_dest_gref   (1)
#define GNTCOPY_dest_gref    (1 << _GNTCOPY_dest_gref)
struct gnttab_copy {
    struct gnttab_copy_ptr {
        union {
            grant_ref_t ref;
            xen_pfn_t gmfn; /* a frame of the caller */
        } u;
        domid_t domid;
        uint16_t offset; /* bytes */
    } source, dest;      /* IN */
    uint16_t len;        /* IN: bytes */
    uint16_t flags;      /* IN: GNTCOPY_* */
    int16_t status;      /* OUT */
};
typedef struct gnttab_copy gnttab_copy_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_copy_t);

/*
 * query_size: frames of the table, now and at most. One element. Caller and
 * status as for setup_table.
 */
struct gnttab_query_size {
    domid_t dom;            /* IN */
    uint32_t nr_frames;     /* OUT */
    uint32_t max_nr_frames; /* OUT */
    int16_t status;         /* OUT */
};
typedef struct gnttab_query_size gnttab_query_size_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_query_size_t);

/*
 * unmap_and_replace: unmaps, and moves the mapping of new_addr to host_addr in
 * the same step; new_addr is then not mapped. With new_addr 0 it is an unmap.
 * Not for mappings made with contains_pte. A device mapping of the handle
 * stays.
 *
 * Result  status: as for unmap_grant_ref; general_error also if new_addr has no
 *         L1 table
 */
struct gnttab_unmap_and_replace {
    uint64_t host_addr;    /* IN */
    uint64_t new_addr;     /* IN */
    grant_handle_t handle; /* IN */
    int16_t status;        /* OUT */
};
typedef struct gnttab_unmap_and_replace gnttab_unmap_and_replace_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_unmap_and_replace_t);

/*
 * set_version: 1 is accepted; 2 is -ENOSYS, others are -EINVAL. The argument is
 * one structure, not an array; so is get_version's.
 */
struct gnttab_set_version {
    uint32_t version; /* IN: wanted, OUT: got */
};
typedef struct gnttab_set_version gnttab_set_version_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_set_version_t);

/*
 * get_status_frames: of version 2; with version 1 the status is general_error.
 */
struct gnttab_get_status_frames {
    uint32_t nr_frames; /* IN */
    domid_t dom;        /* IN */
    int16_t status;     /* OUT */
    XEN_GUEST_HANDLE(uint64_t) frame_list;
};
typedef struct gnttab_get_status_frames gnttab_get_status_frames_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_get_status_frames_t);

/*
 * get_version: always 1. Errors: -ESRCH no domain 'dom'; -EPERM it is another
 * domain and the caller is not dom0.
 */
struct gnttab_get_version {
    domid_t dom; /* IN */
    uint16_t pad;
    uint32_t version; /* OUT */
};
typedef struct gnttab_get_version gnttab_get_version_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_get_version_t);

/*
 * swap_grant_ref: exchanges two entries of the caller's table, flags and all.
 * The caller itself must not write to either of them meanwhile.
 *
 * Result  status: bad_gntref beyond the table; eagain one of them is in use
 */
struct gnttab_swap_grant_ref {
    grant_ref_t ref_a; /* IN */
    grant_ref_t ref_b; /* IN */
    int16_t status;    /* OUT */
};
typedef struct gnttab_swap_grant_ref gnttab_swap_grant_ref_t;
DEFINE_XEN_GUEST_HANDLE(gnttab_swap_grant_ref_t);

/*
 * Values of 'status'. address_too_big and no_space are never returned here;
 * they are Xen's, for callers that print them.
 */
#define GNTST_okay              (0)
#define GNTST_general_error     (-1)
#define GNTST_bad_domain        (-2)
#define GNTST_bad_gntref        (-3)
#define GNTST_bad_handle        (-4)
#define GNTST_bad_virt_addr     (-5)
#define GNTST_bad_dev_addr      (-6)
#define GNTST_no_device_space   (-7)
#define GNTST_permission_denied (-8)
#define GNTST_bad_page          (-9)
#define GNTST_bad_copy_arg      (-10)
#define GNTST_address_too_big   (-11)
#define GNTST_eagain            (-12)
#define GNTST_no_space          (-13)

/* Initialiser of an array of texts, by -status. */
#define GNTTABOP_error_msgs                                                    \
    {                                                                          \
        "success", "general error", "no such domain", "bad grant reference",   \
            "bad mapping handle", "bad virtual address", "bad device address", \
            "no space in the I/O MMU", "permission denied", "bad page",        \
            "copy crosses the end of a page", "page address too big",          \
            "try again", "no space"                                            \
    }

#endif
