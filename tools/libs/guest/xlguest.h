/* SPDX-License-Identifier: MIT */
/*
 * libxlguest: builds a 64-bit PV domain's start-of-day memory from a kernel
 * file and a ramdisk.
 *
 * Two steps, because a kernel that cannot work should be refused before a
 * domain exists: xlg_image_open() reads and checks the files and needs no
 * Xen at all; xlg_build_pv() fills the memory of a domain that the caller has
 * created. The order of calls for a new domain:
 *
 *   xlg_image_open
 *   xlc_domain_create, xlc_domain_max_vcpus, xlc_domain_max_mem,
 *   xlc_evtchn_alloc_unbound (store, then console), xlc_memory_set_map,
 *   xlc_domain_set_tsc
 *   xlg_build_pv             address size, claim, memory, tables, pin, shared
 *                            info, vcpu 0, the two reserved grants
 *   xlg_image_close
 *   store nodes, introduce, devices, xlc_domain_unpause
 *
 * Kernel and ramdisk are hostile input: every offset is checked, compressed
 * data is bounded in size, and nothing in them can do more than make the
 * call fail. Each failure is one line on the logger, which says what is wrong
 * and in which file or step, and -1 (or NULL) with errno:
 *   EINVAL  not a PV kernel, or a damaged one
 *   EFBIG   a kernel above 256 MiB, or 1 GiB unpacked, or a ramdisk above 8 GiB
 *   ENOMEM  the kernel does not fit into the guest's memory, or Xen or this
 *           process has no memory left
 *   others  from the failing system call or hypercall
 */
#ifndef XLGUEST_H
#define XLGUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xlctrl.h>

/* start_info holds the command line: 1023 characters and a NUL. */
#define XLG_CMDLINE_MAX MAX_GUEST_CMDLINE

typedef struct xlg_image xlg_image;

/*
 * Read kernel (ELF or bzImage; payload gzip, xz, zstd or lz4) and ramdisk
 * (NULL: none), and check that the kernel is a 64-bit PV one.
 * Owner  the caller; xlg_image_close() it. One image can build several
 *        domains. The ramdisk stays an open file, read when it is placed.
 * Log    logger NULL: standard error.
 */
xlg_image *xlg_image_open(struct xentoollog_logger *logger, const char *kernel,
                          const char *ramdisk);
void xlg_image_close(xlg_image *image); /* NULL is ok */

/* What the domain is to look like; the caller fills all of it. */
struct xlg_config {
    uint32_t domid;
    uint64_t mem_kib;    /* memory to populate; <= the domain's max_mem */
    const char *cmdline; /* NULL: empty */
    evtchn_port_t console_port; /* the guest's ports, unbound so far */
    evtchn_port_t store_port;
    bool claim; /* claim the memory first: fail at once when short */
};

/* What the caller passes on to the store and the daemons. */
struct xlg_result {
    uint64_t console_mfn; /* local/domain/N/console/ring-ref */
    uint64_t store_mfn;   /* argument of the introduction */
};

/*
 * Populate and fill the domain so that unpausing it starts the kernel.
 * Needs  a domain that never ran and has no memory yet.
 * Undo   on failure the caller destroys the domain; nothing else is left
 *        behind (no mapping, no claim).
 * Log    errors to xlc_logger(h).
 */
int xlg_build_pv(xlc_handle *h, const xlg_image *image,
                 const struct xlg_config *config, struct xlg_result *result);

#endif
