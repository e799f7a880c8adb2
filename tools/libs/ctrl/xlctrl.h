/* SPDX-License-Identifier: MIT */
/*
 * libxlctrl: the privileged hypercalls that the toolstack, the store and the
 * console daemon need, one typed function each.
 *
 * It is our own library, internal to this project, and not a stable
 * interface. What it adds over libxencall: the interface versions, buffers
 * that the hypervisor can always reach, the multicall envelope that keeps
 * 64-bit results of memory_op, and repetition of calls that Xen cut short.
 *
 * Conventions, true for every function unless its comment says otherwise:
 *
 * Result  0, or the count that is named, on success; -1 with errno set on
 *         failure. errno is Xen's own error when Xen refused (ESRCH: no such
 *         domain, EPERM, EINVAL, ...), ENOMEM when buffers ran out.
 * Log     nothing, except for EACCES of a domctl or sysctl, which means that
 *         the running Xen speaks another interface version. The caller knows
 *         whether a refusal is an error, and says so with its own context.
 * Units   mfn, pfn, gfn: frame numbers of 4 KiB. kib: 1024 bytes. domid: a
 *         real domain id; DOMID_SELF only where stated.
 * Memory  arguments are copied; nothing is kept after return. Arrays belong
 *         to the caller. Ordinary memory will do everywhere.
 * Threads one handle may be used by several threads at once.
 * Fork    a child must open its own handle; xlc_close() of an inherited
 *         handle is allowed.
 * Trust   bytes that come back from the hypervisor are trusted; counts are
 *         still clamped to the array that was given.
 */
#ifndef XLCTRL_H
#define XLCTRL_H

#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <base/page.h>
#include <xen/xen.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/version.h>

struct xentoollog_logger;
struct xencall_handle;
struct xenforeignmemory_handle;

typedef struct xlc_handle xlc_handle;

/* --- handle --------------------------------------------------------------- */

/*
 * Open /dev/xen/privcmd (hypercalls and foreign memory). Logs errors to
 * logger, which must outlive the handle; NULL logger: standard error. NULL
 * with errno on failure.
 */
xlc_handle *xlc_open(struct xentoollog_logger *logger);
void xlc_close(xlc_handle *h); /* NULL is ok */

/* The handles underneath, borrowed: valid until xlc_close(). */
struct xentoollog_logger *xlc_logger(xlc_handle *h);
struct xenforeignmemory_handle *xlc_foreignmemory(xlc_handle *h);

/* --- raw calls, for an operation that has no function below --------------- */

/*
 * Issue a domctl or sysctl: cmd and u are the caller's, interface_version is
 * filled in here. The structure is copied in and out; guest handles inside it
 * must point into memory that the hypervisor can access
 * (xencall_alloc_buffer).
 */
int xlc_domctl(xlc_handle *h, struct xen_domctl *op);
int xlc_sysctl(xlc_handle *h, struct xen_sysctl *op);

/*
 * memory_op 'cmd' on 'size' bytes at arg, copied in and out (NULL and 0 for
 * commands without argument). Sent as a one-entry multicall, so the result is
 * a full 64-bit value; -1 with errno on error.
 */
long xlc_memory_op(xlc_handle *h, unsigned int cmd, void *arg, size_t size);

/* --- domain life cycle ---------------------------------------------------- */

/*
 * Create an empty, paused domain. *domid IN: the id wanted, or DOMID_INVALID
 * for any; OUT: the id. Owner: the caller must xlc_domain_destroy() it.
 */
int xlc_domain_create(xlc_handle *h, uint32_t *domid,
                      const struct xen_domctl_createdomain *config);
/* Kill it and free all; returns when Xen is done. Mapped pages may linger. */
int xlc_domain_destroy(xlc_handle *h, uint32_t domid);
int xlc_domain_pause(xlc_handle *h, uint32_t domid);
int xlc_domain_unpause(xlc_handle *h, uint32_t domid);

/*
 * Information on one domain; ESRCH if it does not exist (never on the next id).
 */
int xlc_domain_getinfo(xlc_handle *h, uint32_t domid,
                       struct xen_domctl_getdomaininfo *info);
/* Up to max domains with ids >= first, ascending; returns how many. */
int xlc_domain_getinfolist(xlc_handle *h, uint32_t first, uint32_t max,
                           struct xen_domctl_getdomaininfo *info);

int xlc_domain_max_vcpus(xlc_handle *h, uint32_t domid, uint32_t max);
int xlc_domain_max_mem(xlc_handle *h, uint32_t domid, uint64_t kib);
/* Guest width in bits; only 64 is ever accepted by xen-lite. */
int xlc_domain_set_address_size(xlc_handle *h, uint32_t domid, uint32_t bits);
int xlc_domain_set_handle(xlc_handle *h, uint32_t domid,
                          const xen_domain_handle_t uuid);
int xlc_domain_send_trigger(xlc_handle *h, uint32_t domid, uint32_t trigger,
                            uint32_t vcpu); /* XEN_DOMCTL_SENDTRIGGER_* */
/* How far the domain's wall clock is ahead of UTC. */
int xlc_domain_set_time_offset(xlc_handle *h, uint32_t domid, int64_t seconds);
int xlc_domain_set_tsc(xlc_handle *h, uint32_t domid,
                       const struct xen_domctl_tsc_info *tsc);
/* Write the hypercall stubs into the guest's frame mfn. */
int xlc_domain_hypercall_init(xlc_handle *h, uint32_t domid, uint64_t mfn);

/* --- vcpus ---------------------------------------------------------------- */

int xlc_vcpu_setcontext(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                        const vcpu_guest_context_t *context);
int xlc_vcpu_getinfo(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                     struct xen_domctl_getvcpuinfo *info);
/*
 * cmd: XEN_DOMCTL_getvcpuaffinity, or _setvcpuaffinity, which replaces the maps
 * by the effective affinity. Maps are little-endian bit strings of 'bytes'
 * bytes: bit n of the map is bit n % 8 of byte n / 8. flags:
 * XEN_VCPUAFFINITY_HARD, _SOFT, _FORCE; a map whose flag is not set may be
 * NULL.
 */
int xlc_vcpu_affinity(xlc_handle *h, uint32_t domid, uint32_t vcpu,
                      uint32_t cmd, uint32_t flags, size_t bytes, uint8_t *hard,
                      uint8_t *soft);

/* --- scheduler and cpupools ----------------------------------------------- */

int xlc_sched_id(xlc_handle *h); /* XEN_SCHEDULER_* */
/*
 * Per-domain parameters, of the scheduler sched_id. cmd is
 * XEN_DOMCTL_SCHEDOP_getinfo, which fills u, or _putinfo, which applies it. No
 * per-vcpu lists (cmd *vcpuinfo).
 */
int xlc_domain_sched(xlc_handle *h, uint32_t domid,
                     struct xen_domctl_scheduler_op *sched);
/* The same for a pool: cpupool_id, and XEN_SYSCTL_SCHEDOP_*. */
int xlc_cpupool_sched(xlc_handle *h, struct xen_sysctl_scheduler_op *sched);

struct xlc_cpupool {
    uint32_t id, sched_id, nr_domains;
};
/*
 * The first pool whose id is >= id (ENOENT: none), its cpus into the map of
 * 'bytes' bytes. freeinfo: the cpus that are in no pool.
 */
int xlc_cpupool_info(xlc_handle *h, uint32_t id, struct xlc_cpupool *pool,
                     size_t bytes, uint8_t *cpus);
int xlc_cpupool_freeinfo(xlc_handle *h, size_t bytes, uint8_t *cpus);

/* --- memory --------------------------------------------------------------- */

/*
 * Add memory to a domain: nr extents of 2^order frames. extents IN: first pfn
 * of each (aligned to the extent); OUT: its first mfn. Returns how many of
 * them were populated, in array order, possibly fewer than nr and even 0: that
 * is "no memory of this size left", not an error. flags: XENMEMF_*.
 */
long xlc_memory_populate(xlc_handle *h, uint32_t domid, unsigned int order,
                         unsigned int flags, unsigned long nr,
                         xen_pfn_t *extents);
/* Reserve pages out of the free ones for the domain; 0 cancels. */
int xlc_memory_claim(xlc_handle *h, uint32_t domid, unsigned long pages);
/* One entry of the map that XENMEM_memory_map shows to the guest. */
struct xlc_e820 {
    uint64_t addr, size; /* bytes */
    uint32_t type;       /* 1 RAM, 2 reserved, ... */
} __attribute__((packed));
int xlc_memory_set_map(xlc_handle *h, uint32_t domid, unsigned int nr,
                       const struct xlc_e820 *map);
/* Frames of host memory: pages saved by sharing; pages that are shared. */
long xlc_memory_sharing_freed(xlc_handle *h);
long xlc_memory_sharing_shared(xlc_handle *h);
/*
 * Pin or unpin a page table of the domain: op MMUEXT_PIN_L1..L4_TABLE,
 * MMUEXT_UNPIN_TABLE. No writable mapping of the tables may exist anywhere.
 */
int xlc_mmuext_pin(xlc_handle *h, uint32_t domid, unsigned int op,
                   xen_pfn_t mfn);

/* --- event channels and grants on behalf of a domain ---------------------- */

/*
 * A port in domain domid that domain remote may bind. Returns the port.
 * DOMID_SELF is allowed for both.
 */
int xlc_evtchn_alloc_unbound(xlc_handle *h, uint32_t domid, uint32_t remote);

/*
 * Write a new domain's two reserved grants, for dom0: GNTTAB_RESERVED_CONSOLE
 * of console_mfn, GNTTAB_RESERVED_XENSTORE of store_mfn. Call it before the
 * domain first runs (its table is then of version 1).
 */
int xlc_gnttab_seed(xlc_handle *h, uint32_t domid, uint64_t console_mfn,
                    uint64_t store_mfn);

/* --- the host ------------------------------------------------------------- */

int xlc_physinfo(xlc_handle *h, struct xen_sysctl_physinfo *info);
/*
 * Topology. nr IN: entries in the array; returns how many exist (a bigger
 * number than nr means that the array was too small). Array NULL: size only.
 * distance: row-major nr x nr matrix or NULL.
 */
int xlc_cputopology(xlc_handle *h, unsigned int nr,
                    struct xen_sysctl_cputopo *cpus);
int xlc_numainfo(xlc_handle *h, unsigned int nr,
                 struct xen_sysctl_meminfo *meminfo, uint32_t *distance);

/* Request keys to Xen's debug key handler (see Xen's console, key h). */
int xlc_debug_keys(xlc_handle *h, const char *keys);
/*
 * Read Xen's console ring. incremental: start at *index (0 first), which is
 * advanced; otherwise from the oldest byte. Returns bytes written, no NUL
 * added; 0 at the end.
 */
int xlc_readconsole(xlc_handle *h, char *buffer, uint32_t size, bool clear,
                    bool incremental, uint32_t *index);

int xlc_version(xlc_handle *h); /* major << 16 | minor */
/* cmd: XENVER_extraversion, _capabilities, _changeset or _commandline. The text
 * is cut to size - 1 and NUL terminated. */
int xlc_version_text(xlc_handle *h, unsigned int cmd, char *text, size_t size);
int xlc_version_compile(xlc_handle *h, struct xen_compile_info *info);
int xlc_version_virt_start(xlc_handle *h, uint64_t *virt_start);
int xlc_version_pagesize(xlc_handle *h); /* bytes */
/* Build id as raw bytes; returns its length. ENODATA or ENOSYS: none. */
int xlc_version_build_id(xlc_handle *h, uint8_t *id, size_t size);

#endif
