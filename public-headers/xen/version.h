/* SPDX-License-Identifier: MIT */
/*
 * xen_version(command, argument): what the hypervisor is and what it can do.
 * Any domain may call. Strings are NUL terminated. Results are OUT unless
 * marked; the call returns 0 where no other value is named, or a negative errno
 * (-EFAULT).
 */
#ifndef __XEN_PUBLIC_VERSION_H__
#define __XEN_PUBLIC_VERSION_H__

#include "xen.h"
#include "features.h"

/* No argument; returns major << 16 | minor of the interface: 4.17. */
#define XENVER_version 0

/* What follows the two numbers, such as "-lite". */
#define XENVER_extraversion 1
typedef char xen_extraversion_t[16];
#define XEN_EXTRAVERSION_LEN (sizeof(xen_extraversion_t))

/*
 * How the hypervisor was built. compile_date is the date of the source's
 * commit, so that the same source gives the same file.
 */
#define XENVER_compile_info 2
struct xen_compile_info {
    char compiler[64];
    char compile_by[16];
    char compile_domain[32];
    char compile_date[32];
};
typedef struct xen_compile_info xen_compile_info_t;

/*
 * Words, separated by spaces, for the kinds of guests that can run, such as
 * "xen-3.0-x86_64". Toolstacks look for the word of a kernel's own kind.
 */
#define XENVER_capabilities 3
typedef char xen_capabilities_info_t[1024];
#define XEN_CAPABILITIES_INFO_LEN (sizeof(xen_capabilities_info_t))

/* The release of this hypervisor. */
#define XENVER_changeset 4
typedef char xen_changeset_info_t[64];
#define XEN_CHANGESET_INFO_LEN (sizeof(xen_changeset_info_t))

/* The first address of the range that guests must leave alone. */
#define XENVER_platform_parameters 5
struct xen_platform_parameters {
    xen_ulong_t virt_start; /* HYPERVISOR_VIRT_START */
};
typedef struct xen_platform_parameters xen_platform_parameters_t;

/*
 * The features that the caller's kind of guest has. Errors: -EINVAL no such
 * submap.
 */
#define XENVER_get_features 6
struct xen_feature_info {
    unsigned int submap_idx; /* IN: below XENFEAT_NR_SUBMAPS */
    uint32_t submap;         /* bits by XENFEAT_* */
};
typedef struct xen_feature_info xen_feature_info_t;

/* No argument (a pointer is -EINVAL); returns the bytes of a page. */
#define XENVER_pagesize 7

/* xen_domain_handle_t: the UUID of the caller. */
#define XENVER_guest_handle 8

/* The options of the hypervisor. Other domains than dom0 get "<denied>". */
#define XENVER_commandline 9
typedef char xen_commandline_t[1024];

/*
 * The linker's build id. Returns its length in bytes; with a NULL argument that
 * is all.
 *
 * Errors  -EINVAL no room at all; -ENOBUFS not enough room
 */
#define XENVER_build_id 10
struct xen_build_id {
    uint32_t len; /* IN: room in buf */
    unsigned char buf[XEN_FLEX_ARRAY_DIM];
};
typedef struct xen_build_id xen_build_id_t;

#endif
