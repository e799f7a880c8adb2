/* SPDX-License-Identifier: MIT */
/*
 * sysctl(request): control of the machine and of the hypervisor as a whole.
 * Versioned like domctl.
 *
 * Caller  dom0 (else -EPERM)
 * Result  0 or a negative errno; OUT fields are written back on success only
 * Errors  -EFAULT; -EACCES another interface version; -ENOSYS unknown command,
 *         and each one whose feature is absent unless its text says otherwise
 * Restart a request may be tried again inside the call, because one runs at a
 *         time; none takes long
 *
 * Lists: the caller says how much room there is, the call how many entries
 * there are or were written. A NULL list asks for the number alone where it is
 * said so. After -EFAULT some entries may have been written already.
 *
 * Fields are IN where the caller fills them, OUT where the call does. Times are
 * in nanoseconds and sizes in bytes unless the field says otherwise; a page is
 * 4096 bytes. Padding is neither read nor cleared.
 */
#ifndef __XEN_PUBLIC_SYSCTL_H__
#define __XEN_PUBLIC_SYSCTL_H__

#include "xen.h"
#include "domctl.h"
#include "physdev.h"

#define XEN_SYSCTL_INTERFACE_VERSION 0x00000015

/*
 * readconsole: the hypervisor's log, a ring that is indexed by characters since
 * the start (modulo 2^32). An index that the ring has lost starts at the oldest
 * character. To follow the log, pass the index that came back and
 * incremental = 1.
 *
 * In      clear, incremental, index, buffer, count
 * Out     index, count; the text in buffer, without a NUL
 * Errors  -EFAULT; with clear = 1, what was to be copied then is lost
 *
 * Messages that are printed during the call may be in the text or not; none
 * appears twice. clear hides the text from later calls of every reader.
 */
struct xen_sysctl_readconsole {
    uint8_t clear;       /* IN: forget what was read */
    uint8_t incremental; /* IN: start at index, not at the oldest */
    uint8_t pad0, pad1;
    uint32_t index;                   /* IN, OUT: where to go on */
    XEN_GUEST_HANDLE_64(char) buffer; /* OUT */
    uint32_t count;                   /* IN: room, OUT: characters */
};

/*
 * tbuf_op: trace buffers, one ring per CPU.
 *
 * Errors  -ENOSYS for all of its commands: the hypervisor does not trace. The
 *         structure is part of libxenctrl's interface
 */
struct xen_sysctl_tbuf_op {
#define XEN_SYSCTL_TBUFOP_get_info     0
#define XEN_SYSCTL_TBUFOP_set_cpu_mask 1
#define XEN_SYSCTL_TBUFOP_set_evt_mask 2
#define XEN_SYSCTL_TBUFOP_set_size     3
#define XEN_SYSCTL_TBUFOP_enable       4
#define XEN_SYSCTL_TBUFOP_disable      5
    uint32_t cmd;                  /* IN */
    struct xenctl_bitmap cpu_mask; /* IN */
    uint32_t evt_mask;             /* IN, OUT */
    uint64_aligned_t buffer_mfn;   /* OUT */
    uint32_t size;                 /* IN, OUT: frames per CPU; bytes of info */
};

/*
 * physinfo: what the machine has.
 *
 * Out     everything; all fields that are not named below are 0
 * Errors  none of its own
 *
 * CPUs are shown as one socket each with one core of one thread, and memory as
 * node 0. nr_cpus counts the CPUs that are online, max_cpu_id is the highest
 * number of one that is present. total_pages is the RAM that the hypervisor
 * manages; free_pages leaves out its own reserve, and the claims in
 * outstanding_pages are still among the free ones. The counts are of different
 * instants and need not add up.
 *
 * Of the capabilities only pv and gnttab_v1 are set.
 */
#define _XEN_SYSCTL_PHYSCAP_hvm                0
#define XEN_SYSCTL_PHYSCAP_hvm                 (1u << _XEN_SYSCTL_PHYSCAP_hvm)
#define _XEN_SYSCTL_PHYSCAP_pv                 1
#define XEN_SYSCTL_PHYSCAP_pv                  (1u << _XEN_SYSCTL_PHYSCAP_pv)
#define _XEN_SYSCTL_PHYSCAP_directio           2
#define XEN_SYSCTL_PHYSCAP_directio            (1u << 2)
#define _XEN_SYSCTL_PHYSCAP_hap                3
#define XEN_SYSCTL_PHYSCAP_hap                 (1u << 3)
#define _XEN_SYSCTL_PHYSCAP_shadow             4
#define XEN_SYSCTL_PHYSCAP_shadow              (1u << 4)
#define _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share 5
#define XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share  (1u << 5)
#define XEN_SYSCTL_PHYSCAP_vmtrace             (1u << 6)
#define XEN_SYSCTL_PHYSCAP_vpmu                (1u << 7)
#define XEN_SYSCTL_PHYSCAP_gnttab_v1           (1u << 8)
#define XEN_SYSCTL_PHYSCAP_gnttab_v2           (1u << 9)
#define XEN_SYSCTL_PHYSCAP_MAX                 XEN_SYSCTL_PHYSCAP_gnttab_v2
struct xen_sysctl_physinfo {
    uint32_t threads_per_core; /* all OUT */
    uint32_t cores_per_socket;
    uint32_t nr_cpus;
    uint32_t max_cpu_id;
    uint32_t nr_nodes;
    uint32_t max_node_id;
    uint32_t cpu_khz;      /* rate of the time stamp counter */
    uint32_t capabilities; /* XEN_SYSCTL_PHYSCAP_* */
    uint32_t arch_capabilities;
    uint32_t pad;
    uint64_aligned_t total_pages;
    uint64_aligned_t free_pages;
    uint64_aligned_t scrub_pages;       /* being cleaned */
    uint64_aligned_t outstanding_pages; /* claimed */
    uint64_aligned_t max_mfn;
    /*
     * CPUID words of the boot CPU: leaf 1 EDX and ECX, leaf 0x80000001 EDX and
     * ECX, 0, leaf 7 EBX and ECX, 0.
     */
    uint32_t hw_cap[8];
};

/*
 * sched_id: the scheduler that all pools have.
 *
 * Out     sched_id: always XEN_SCHEDULER_CREDIT2
 * Errors  none of its own
 */
struct xen_sysctl_sched_id {
    uint32_t sched_id; /* OUT: XEN_SCHEDULER_* */
};

/*
 * perfc_op: performance counters, described by desc and read into val.
 *
 * Errors  -ENOSYS for both commands: the hypervisor keeps none. The structures
 *         are part of libxenctrl's interface
 */
#define XEN_SYSCTL_PERFCOP_reset 1
#define XEN_SYSCTL_PERFCOP_query 2
struct xen_sysctl_perfc_desc {
    char name[80];
    uint32_t nr_vals;
};
typedef struct xen_sysctl_perfc_desc xen_sysctl_perfc_desc_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_perfc_desc_t);
typedef uint32_t xen_sysctl_perfc_val_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_perfc_val_t);
struct xen_sysctl_perfc_op {
    uint32_t cmd;         /* IN */
    uint32_t nr_counters; /* OUT */
    uint32_t nr_vals;     /* OUT */
    XEN_GUEST_HANDLE_64(xen_sysctl_perfc_desc_t) desc;
    XEN_GUEST_HANDLE_64(xen_sysctl_perfc_val_t) val;
};

/*
 * getdomaininfolist: the domains in order of their ids.
 *
 * In      first_domain, max_domains, buffer
 * Out     num_domains; as many entries of buffer (xen/domctl.h says what is in
 *         one)
 * Errors  -EFAULT
 *
 * A caller goes on with the last id + 1 until it gets fewer than it has room
 * for. Each entry is consistent by itself only as far as the domain does not
 * run meanwhile, and domains may come and go between two calls. Domains that
 * are being destroyed are listed until their last reference is gone; the
 * hypervisor's own pseudo domains are not.
 */
struct xen_sysctl_getdomaininfolist {
    domid_t first_domain; /* IN: lowest id wanted */
    uint32_t max_domains; /* IN: room */
    XEN_GUEST_HANDLE_64(xen_domctl_getdomaininfo_t) buffer; /* OUT */
    uint32_t num_domains;                                   /* OUT */
};

/*
 * debug_keys: as if typed on the hypervisor's console. Some keys stop or
 * restart the machine.
 *
 * In      keys, nr_keys
 * Errors  -EFAULT: no key was taken
 *
 * The keys are queued and run after the call; what they print goes to the log.
 * At most 32 keys of a call count, fewer if others are still waiting; the rest
 * is dropped. A key without a meaning is ignored.
 */
struct xen_sysctl_debug_keys {
    XEN_GUEST_HANDLE_64(const_char) keys; /* IN */
    uint32_t nr_keys;                     /* IN */
};

/*
 * getcpuinfo: how long each online CPU has been idle since boot. Entry i is
 * CPU i.
 *
 * In      max_cpus, info
 * Out     nr_cpus: entries written, the smaller of room and online CPUs
 * Errors  -EFAULT
 */
struct xen_sysctl_cpuinfo {
    uint64_aligned_t idletime; /* ns */
};
typedef struct xen_sysctl_cpuinfo xen_sysctl_cpuinfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cpuinfo_t);
struct xen_sysctl_getcpuinfo {
    uint32_t max_cpus;                              /* IN: room */
    XEN_GUEST_HANDLE_64(xen_sysctl_cpuinfo_t) info; /* OUT */
    uint32_t nr_cpus;                               /* OUT */
};

/*
 * availheap: how much memory is free in the whole heap, the hypervisor's own
 * reserve and claimed pages included.
 *
 * In      widths and node are accepted and ignored: there is one zone
 * Out     avail_bytes
 * Errors  none of its own
 */
struct xen_sysctl_availheap {
    uint32_t min_bitwidth;        /* IN: frames at addresses of so many */
    uint32_t max_bitwidth;        /* IN: bits; 0: no limit */
    int32_t node;                 /* IN: -1: all */
    uint64_aligned_t avail_bytes; /* OUT */
};

/*
 * get_pmstat: idle states (C) of a CPU: C0, and C1, the halt. Frequencies (P)
 * are not the hypervisor's.
 *
 *   get_max_cx    out: nr = 2
 *   get_cxstat    in: nr, triggers, residencies. Out: at most 2 entries of
 *                 each; nr, the number written; last = 1; idle_time. There are
 *                 no package and core counters: nr_pc and nr_cc come back as 0
 *   reset_cxstat  success without effect: times count from boot
 *
 * Errors  -EINVAL a CPU that is not online; -ENODEV a request about
 *         frequencies; -ENOSYS another one about idle states; -EFAULT
 */
struct pm_px_val {
    uint64_aligned_t freq;
    uint64_aligned_t residency;
    uint64_aligned_t count;
};
typedef struct pm_px_val pm_px_val_t;
DEFINE_XEN_GUEST_HANDLE(pm_px_val_t);
struct pm_px_stat {
    uint8_t total;
    uint8_t usable;
    uint8_t last;
    uint8_t cur;
    XEN_GUEST_HANDLE_64(uint64) trans_pt;
    XEN_GUEST_HANDLE_64(pm_px_val_t) pt;
};
struct pm_cx_stat {
    uint32_t nr;                             /* IN: room, OUT: with C0 */
    uint32_t last;                           /* OUT: state it was in last */
    uint64_aligned_t idle_time;              /* OUT: ns */
    XEN_GUEST_HANDLE_64(uint64) triggers;    /* OUT: entries, each state */
    XEN_GUEST_HANDLE_64(uint64) residencies; /* OUT: ns, each state */
    uint32_t nr_pc;                          /* IN: room for what packages */
    uint32_t nr_cc;                          /* and cores count themselves */
    XEN_GUEST_HANDLE_64(uint64) pc;
    XEN_GUEST_HANDLE_64(uint64) cc;
};
struct xen_sysctl_get_pmstat {
#define PMSTAT_CATEGORY_MASK 0xf0
#define PMSTAT_PX            0x10
#define PMSTAT_CX            0x20
#define PMSTAT_get_max_px    (PMSTAT_PX | 0x1)
#define PMSTAT_get_pxstat    (PMSTAT_PX | 0x2)
#define PMSTAT_reset_pxstat  (PMSTAT_PX | 0x3)
#define PMSTAT_get_max_cx    (PMSTAT_CX | 0x1)
#define PMSTAT_get_cxstat    (PMSTAT_CX | 0x2)
#define PMSTAT_reset_cxstat  (PMSTAT_CX | 0x3)
    uint32_t type;  /* IN */
    uint32_t cpuid; /* IN */
    union {
        struct pm_px_stat getpx;
        struct pm_cx_stat getcx;
    } u;
};

/*
 * pm_op: the deepest idle state can be asked for; nothing can be set. The
 * request is three words: command, CPU, value. Commands whose structures
 * nothing here uses are numbers only.
 *
 *   get_max_cstate  in: CPU 0 asks for the state, 1 for its deepest sub-state.
 *                   Out: value = 1 for the state, UNLIMITED for the sub-state
 *   enable_turbo, disable_turbo  -EACCES: the firmware decides
 *
 * Errors  -EINVAL a CPU that is not online, or a command about frequencies;
 *         -ENOSYS any other command
 */
#define PM_PARA_CATEGORY_MASK           0xf0
#define CPUFREQ_PARA                    0x10
#define XEN_SYSCTL_pm_op_get_max_cstate 0x22
#define XEN_SYSCTL_pm_op_enable_turbo   0x26
#define XEN_SYSCTL_pm_op_disable_turbo  0x27
#define XEN_SYSCTL_CX_UNLIMITED         0xffffffff

/*
 * cpu_hotplug: CPUs stay as they were at boot, so no command succeeds.
 *
 * Errors  -EEXIST ONLINE of a CPU that is online; -EINVAL ONLINE or OFFLINE of
 *         a CPU that is not online, and OFFLINE of CPU 0; -EOPNOTSUPP OFFLINE
 *         of another CPU, and all other commands
 */
struct xen_sysctl_cpu_hotplug {
    uint32_t cpu; /* IN */
#define XEN_SYSCTL_CPU_HOTPLUG_ONLINE      0
#define XEN_SYSCTL_CPU_HOTPLUG_OFFLINE     1
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE  2
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE 3
    uint32_t op; /* IN */
};

/*
 * page_offline_op: frames taken out of use. start and end are machine frame
 * numbers; both belong to the range.
 *
 *   query            out: status 0 for each frame, which means that nothing was
 *                    done to it
 *   offline, online  -EOPNOTSUPP: a frame cannot leave the heap
 *
 * Errors  -EINVAL no such command, end below start, more than 1024 frames, or
 *         a frame beyond the machine's (those before it have a status);
 *         -EFAULT
 */
struct xen_sysctl_page_offline_op {
#define sysctl_page_offline       1
#define sysctl_page_online        2
#define sysctl_query_page_offline 3
    uint32_t cmd;                    /* IN */
    uint32_t start;                  /* IN */
    uint32_t end;                    /* IN */
    XEN_GUEST_HANDLE(uint32) status; /* OUT: PG_OFFLINE_STATUS_* each */
};
#define PG_OFFLINE_STATUS_OFFLINED (0x1UL << 1)
#define PG_OFFLINE_STATUS_ONLINE   (0x1UL << 2)

/*
 * Results of absent commands whose types libxenctrl's interface mentions: lock
 * profiles, frequency scaling, live patches. lockprof_op and livepatch_op are
 * -ENOSYS, pm_op on frequencies is -EINVAL; nothing is ever written to these.
 */
struct xen_sysctl_lockprof_data {
    char name[40];
    int32_t type;
    int32_t idx;
    uint64_aligned_t lock_cnt;
    uint64_aligned_t block_cnt;
    uint64_aligned_t lock_time;  /* ns */
    uint64_aligned_t block_time; /* ns */
};
typedef struct xen_sysctl_lockprof_data xen_sysctl_lockprof_data_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_lockprof_data_t);

#define CPUFREQ_NAME_LEN 16
struct xen_userspace {
    uint32_t scaling_setspeed; /* kHz */
};
struct xen_ondemand {
    uint32_t sampling_rate_max; /* us */
    uint32_t sampling_rate_min;
    uint32_t sampling_rate;
    uint32_t up_threshold; /* percent */
};

struct xen_livepatch_status {
#define LIVEPATCH_STATE_CHECKED 1
#define LIVEPATCH_STATE_APPLIED 2
    uint32_t state;
    int32_t rc;
};
typedef struct xen_livepatch_status xen_livepatch_status_t;
DEFINE_XEN_GUEST_HANDLE(xen_livepatch_status_t);

/*
 * cputopoinfo, numainfo, pcitopoinfo: where CPUs, memory and devices are.
 *
 * cputopoinfo: entry i is CPU i. Each CPU is core 0 of a socket of its own on
 * node 0; a CPU that is not present has invalid numbers.
 *
 * In      num_cpus, cputopo
 * Out     num_cpus: entries written; with a NULL list, how many there are
 * Errors  -EFAULT
 */
#define XEN_INVALID_CORE_ID   (~0U)
#define XEN_INVALID_SOCKET_ID (~0U)
#define XEN_INVALID_NODE_ID   (~0U)
#define XEN_INVALID_MEM_SZ    (~0U)
#define XEN_INVALID_NODE_DIST (~0U)
#define XEN_INVALID_DEV       (XEN_INVALID_NODE_ID - 1)
struct xen_sysctl_cputopo {
    uint32_t core;
    uint32_t socket;
    uint32_t node;
};
typedef struct xen_sysctl_cputopo xen_sysctl_cputopo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cputopo_t);
struct xen_sysctl_cputopoinfo {
    uint32_t num_cpus; /* IN: room, OUT: entries */
    XEN_GUEST_HANDLE_64(xen_sysctl_cputopo_t) cputopo;
};

/*
 * numainfo: the one node that all memory is in, 10 away from itself.
 *
 * In      num_nodes; either list may be NULL, then it is not written
 * Out     num_nodes: 1, or 0 if there is a list but no room
 * Errors  -EFAULT
 */
struct xen_sysctl_meminfo {
    uint64_t memsize; /* bytes */
    uint64_t memfree;
};
typedef struct xen_sysctl_meminfo xen_sysctl_meminfo_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_meminfo_t);
struct xen_sysctl_numainfo {
    uint32_t num_nodes; /* IN: room, OUT: entries */
    XEN_GUEST_HANDLE_64(xen_sysctl_meminfo_t) meminfo;
    XEN_GUEST_HANDLE_64(uint32) distance; /* num_nodes squared; 10: itself */
};

/*
 * pcitopoinfo: the node of each of a list of devices. None is known: every
 * entry of nodes becomes XEN_INVALID_DEV, whether the device exists or not.
 *
 * In      num_devs, devs
 * Out     nodes; num_devs: how many were answered, at most 1024. The caller
 *         goes on behind them
 * Errors  -EINVAL a NULL list; -EFAULT
 */
struct xen_sysctl_pcitopoinfo {
    uint32_t num_devs; /* IN, OUT */
    XEN_GUEST_HANDLE_64(physdev_pci_device_t) devs;
    XEN_GUEST_HANDLE_64(uint32) nodes;
};

/*
 * cpupool_op: pools of CPUs. A domain is in one pool and runs on its CPUs
 * alone; a CPU is in one or in none, where it idles. Pool 0 is there from the
 * start with all CPUs and dom0; there are at most 16.
 *
 *   CREATE      in: cpupool_id wanted or PAR_ANY, sched_id. Out: cpupool_id.
 *               The pool has no CPUs yet. -EEXIST; -ENOENT another scheduler
 *               than credit2; -ENOMEM no number is left
 *   DESTROY     in: cpupool_id. -EBUSY it has CPUs or domains
 *   INFO        in: cpupool_id, the pool with this id or the next one; room in
 *               cpumap. Out: cpupool_id, sched_id, n_dom, and the pool's online
 *               CPUs in cpumap. -ENOENT: none
 *   ADDCPU      in: cpupool_id, cpu, a free one or PAR_ANY (the lowest).
 * -EINVAL no such CPU; -ENODEV not free RMCPU       in: cpupool_id, cpu, one of
 * the pool or PAR_ANY (the highest). Its vcpus move to the pool's others.
 * -EADDRNOTAVAIL not in it; -EBUSY it is the last one and there are domains
 * (-EINVAL: the only CPU of the machine) MOVEDOMAIN  in: cpupool_id, domid. The
 * domain's vcpus lose their affinities, unless it is in the pool already.
 * -ESRCH no domain; -EPERM the caller itself; -ENOENT a pool without CPUs
 *   FREEINFO    out: the online CPUs in no pool, in cpumap
 *
 * Errors  -ENOENT no such pool; -ENOSYS no such command; -EFAULT; -EINVAL a
 *         cpumap of more than 32768 bits
 *
 * A vcpu leaves its CPU at the next scheduling decision there, which may be
 * after the call.
 */
#define XEN_SYSCTL_CPUPOOL_OP_CREATE     1
#define XEN_SYSCTL_CPUPOOL_OP_DESTROY    2
#define XEN_SYSCTL_CPUPOOL_OP_INFO       3
#define XEN_SYSCTL_CPUPOOL_OP_ADDCPU     4
#define XEN_SYSCTL_CPUPOOL_OP_RMCPU      5
#define XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN 6
#define XEN_SYSCTL_CPUPOOL_OP_FREEINFO   7
#define XEN_SYSCTL_CPUPOOL_PAR_ANY       0xFFFFFFFF
struct xen_sysctl_cpupool_op {
    uint32_t op;                 /* IN */
    uint32_t cpupool_id;         /* IN: lowest wanted, OUT: found */
    uint32_t sched_id;           /* IN, OUT */
    uint32_t domid;              /* IN */
    uint32_t cpu;                /* IN */
    uint32_t n_dom;              /* OUT */
    struct xenctl_bitmap cpumap; /* OUT */
};

/*
 * scheduler_op: properties of the scheduler itself. There is one set for all
 * pools, shown as credit2's: the shortest run before a preemption, in
 * microseconds; 0 leaves the shortest turn to the scheduler.
 *
 *   putinfo  in: the new value, in effect for all pools from the next decision
 *            on
 *   getinfo  out: the value
 *
 * In      cpupool_id, of a pool that exists; sched_id = XEN_SCHEDULER_CREDIT2
 * Errors  -EINVAL another scheduler or command, or a value outside the two
 *         limits that is not 0; -ESRCH no such pool
 */
#define XEN_SYSCTL_SCHED_RATELIMIT_MAX 500000
#define XEN_SYSCTL_SCHED_RATELIMIT_MIN 100
/* Of the scheduler credit, which is not here. */
struct xen_sysctl_credit_schedule {
#define XEN_SYSCTL_CSCHED_TSLICE_MAX 1000
#define XEN_SYSCTL_CSCHED_TSLICE_MIN 1
    uint32_t tslice_ms;
    uint32_t ratelimit_us;
#define XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US (100 * 1000)
    uint32_t vcpu_migr_delay_us;
};
struct xen_sysctl_credit2_schedule {
    uint32_t ratelimit_us; /* shortest run before a preemption */
};

/* Of the scheduler arinc653, which is not here. */
#define ARINC653_MAX_DOMAINS_PER_SCHEDULE 64
struct xen_sysctl_arinc653_schedule {
    uint64_aligned_t major_frame; /* ns */
    uint8_t num_sched_entries;
    struct {
        xen_domain_handle_t dom_handle;
        uint32_t vcpu_id;
        uint64_aligned_t runtime; /* ns */
    } sched_entries[ARINC653_MAX_DOMAINS_PER_SCHEDULE];
};
typedef struct xen_sysctl_arinc653_schedule xen_sysctl_arinc653_schedule_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_arinc653_schedule_t);

#define XEN_SYSCTL_SCHEDOP_putinfo 0
#define XEN_SYSCTL_SCHEDOP_getinfo 1
struct xen_sysctl_scheduler_op {
    uint32_t cpupool_id; /* IN */
    uint32_t sched_id;   /* IN */
    uint32_t cmd;        /* IN */
    union {
        struct xen_sysctl_sched_arinc653 {
            XEN_GUEST_HANDLE_64(xen_sysctl_arinc653_schedule_t) schedule;
        } sched_arinc653;
        struct xen_sysctl_credit_schedule sched_credit;
        struct xen_sysctl_credit2_schedule sched_credit2;
    } u; /* IN of put, OUT of both */
};

/*
 * get_cpu_levelling_caps: which CPUID words the hardware can mask.
 *
 * Out     caps: always 0, because no mask is ever set. The CPUID instruction
 *         shows guests the host
 * Errors  none of its own
 */
struct xen_sysctl_cpu_levelling_caps {
#define XEN_SYSCTL_CPU_LEVELCAP_faulting    (1ul << 0)
#define XEN_SYSCTL_CPU_LEVELCAP_ecx         (1ul << 1)
#define XEN_SYSCTL_CPU_LEVELCAP_edx         (1ul << 2)
#define XEN_SYSCTL_CPU_LEVELCAP_extd_ecx    (1ul << 3)
#define XEN_SYSCTL_CPU_LEVELCAP_extd_edx    (1ul << 4)
#define XEN_SYSCTL_CPU_LEVELCAP_xsave_eax   (1ul << 5)
#define XEN_SYSCTL_CPU_LEVELCAP_thermal_ecx (1ul << 6)
#define XEN_SYSCTL_CPU_LEVELCAP_l7s0_eax    (1ul << 7)
#define XEN_SYSCTL_CPU_LEVELCAP_l7s0_ebx    (1ul << 8)
    uint32_t caps; /* OUT */
};

/*
 * get_cpu_featureset: features as words of arch-x86/cpufeatureset.h.
 *
 * In      index, nr_features, features
 * Out     nr_features: how many words there are; the words in features
 * Errors  -EINVAL no such index; -EOPNOTSUPP those of HVM; -ENOBUFS not enough
 *         room: the words that fit were written; -ENOMEM; -EFAULT
 *
 * A NULL list asks for the number of words, whatever the index.
 */
struct xen_sysctl_cpu_featureset {
#define XEN_SYSCTL_cpu_featureset_raw     0 /* as the CPU says */
#define XEN_SYSCTL_cpu_featureset_host    1 /* what the hypervisor uses */
#define XEN_SYSCTL_cpu_featureset_pv      2 /* PV guests get by default */
#define XEN_SYSCTL_cpu_featureset_hvm     3
#define XEN_SYSCTL_cpu_featureset_pv_max  4 /* PV guests can get */
#define XEN_SYSCTL_cpu_featureset_hvm_max 5
    uint32_t index;                       /* IN */
    uint32_t nr_features;                 /* IN: room, OUT: words */
    XEN_GUEST_HANDLE_64(uint32) features; /* OUT; NULL asks the number */
};

/*
 * get_cpu_policy: the same choice as complete policies, lists of CPUID leaves
 * and of MSRs.
 *
 * In      index; room in nr_leaves and nr_msrs; leaves, msrs
 * Out     nr_leaves, nr_msrs: entries written, or how many there are where the
 *         list is NULL
 * Errors  -EINVAL no such index, or _rsvd is not 0; -EOPNOTSUPP those of HVM;
 *         -ENOBUFS not enough room; -ENOMEM; -EFAULT
 */
struct xen_sysctl_cpu_policy {
#define XEN_SYSCTL_cpu_policy_raw         0
#define XEN_SYSCTL_cpu_policy_host        1
#define XEN_SYSCTL_cpu_policy_pv_max      2
#define XEN_SYSCTL_cpu_policy_hvm_max     3
#define XEN_SYSCTL_cpu_policy_pv_default  4
#define XEN_SYSCTL_cpu_policy_hvm_default 5
    uint32_t index;                               /* IN */
    uint32_t nr_leaves;                           /* IN: room, OUT: entries */
    uint32_t nr_msrs;                             /* likewise */
    uint32_t _rsvd;                               /* 0 */
    XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) leaves; /* NULL asks the number */
    XEN_GUEST_HANDLE_64(xen_msr_entry_t) msrs;
};
typedef struct xen_sysctl_cpu_policy xen_sysctl_cpu_policy_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_cpu_policy_t);

/*
 * The request: the head, then the structure of the command. coverage_op is
 * -EOPNOTSUPP, psr_cmt_op and psr_alloc are -ENODEV; other commands without a
 * structure are -ENOSYS.
 */
struct xen_sysctl {
    uint32_t cmd; /* IN */
#define XEN_SYSCTL_readconsole            1
#define XEN_SYSCTL_tbuf_op                2
#define XEN_SYSCTL_physinfo               3
#define XEN_SYSCTL_sched_id               4
#define XEN_SYSCTL_perfc_op               5
#define XEN_SYSCTL_getdomaininfolist      6
#define XEN_SYSCTL_debug_keys             7
#define XEN_SYSCTL_getcpuinfo             8
#define XEN_SYSCTL_availheap              9
#define XEN_SYSCTL_get_pmstat             10
#define XEN_SYSCTL_cpu_hotplug            11
#define XEN_SYSCTL_pm_op                  12
#define XEN_SYSCTL_page_offline_op        14
#define XEN_SYSCTL_lockprof_op            15
#define XEN_SYSCTL_cputopoinfo            16
#define XEN_SYSCTL_numainfo               17
#define XEN_SYSCTL_cpupool_op             18
#define XEN_SYSCTL_scheduler_op           19
#define XEN_SYSCTL_coverage_op            20
#define XEN_SYSCTL_psr_cmt_op             21
#define XEN_SYSCTL_pcitopoinfo            22
#define XEN_SYSCTL_psr_alloc              23
#define XEN_SYSCTL_get_cpu_levelling_caps 25
#define XEN_SYSCTL_get_cpu_featureset     26
#define XEN_SYSCTL_livepatch_op           27
#define XEN_SYSCTL_get_cpu_policy         29
    uint32_t interface_version; /* IN */
    union {
        struct xen_sysctl_readconsole readconsole;
        struct xen_sysctl_tbuf_op tbuf_op;
        struct xen_sysctl_physinfo physinfo;
        struct xen_sysctl_cputopoinfo cputopoinfo;
        struct xen_sysctl_pcitopoinfo pcitopoinfo;
        struct xen_sysctl_numainfo numainfo;
        struct xen_sysctl_sched_id sched_id;
        struct xen_sysctl_perfc_op perfc_op;
        struct xen_sysctl_getdomaininfolist getdomaininfolist;
        struct xen_sysctl_debug_keys debug_keys;
        struct xen_sysctl_getcpuinfo getcpuinfo;
        struct xen_sysctl_availheap availheap;
        struct xen_sysctl_get_pmstat get_pmstat;
        struct xen_sysctl_cpu_hotplug cpu_hotplug;
        struct xen_sysctl_page_offline_op page_offline;
        struct xen_sysctl_cpupool_op cpupool_op;
        struct xen_sysctl_scheduler_op scheduler_op;
        struct xen_sysctl_cpu_levelling_caps cpu_levelling_caps;
        struct xen_sysctl_cpu_featureset cpu_featureset;
        struct xen_sysctl_cpu_policy cpu_policy;
        uint8_t pad[128];
    } u;
};
typedef struct xen_sysctl xen_sysctl_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_t);

#endif
