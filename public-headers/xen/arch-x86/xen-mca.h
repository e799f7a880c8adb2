/* SPDX-License-Identifier: MIT */
/*
 * mca(request): machine checks. dom0 asks for records after VIRQ_MCA; there are
 * none yet, because a machine check stops the machine, so fetch finds no data.
 *
 * Caller  dom0 (else -EPERM)
 * Result  0 or a negative errno; the request is written back on success
 * Errors  -EFAULT; -EACCES another interface version; -EINVAL an unknown
 *         command, notifydomain among them
 * Restart never
 *
 * Fields are IN where the caller fills them, OUT where the call does.
 */
#ifndef __XEN_PUBLIC_ARCH_X86_MCA_H__
#define __XEN_PUBLIC_ARCH_X86_MCA_H__

#include "../xen.h"

/*
 * The number of the hypercall, the version to stand in every request, and the
 * virtual interrupt (global, dom0's) that would tell of a new record.
 */
#define __HYPERVISOR_mca          __HYPERVISOR_arch_0
#define XEN_MCA_INTERFACE_VERSION 0x01ecc003
#define VIRQ_MCA                  VIRQ_ARCH_0

/* Commands. The last three inject errors for tests: -EOPNOTSUPP. */
#define XEN_MC_fetch        1
#define XEN_MC_notifydomain 2
#define XEN_MC_physcpuinfo  3
#define XEN_MC_msrinject    4
#define XEN_MC_mceinject    5
#define XEN_MC_inject_v2    6

/*
 * Flags of a fetch. IN: which queue, of corrected errors (NONURGENT) or of
 * uncorrected ones (URGENT), and whether a record of it was handled (ACK).
 * OUT: what was found. OK and FETCHFAILED are never said.
 */
#define XEN_MC_NONURGENT   0x0001
#define XEN_MC_URGENT      0x0002
#define XEN_MC_ACK         0x0004
#define XEN_MC_OK          0x0
#define XEN_MC_FETCHFAILED 0x1
#define XEN_MC_NODATA      0x2

#ifndef __ASSEMBLY__
/* A bank register by its number. */
struct mcinfo_msr {
    uint64_t reg;
    uint64_t value;
};
typedef struct mcinfo_msr xen_mcinfo_msr_t;

#define MCINFO_MAXSIZE 768 /* bytes of records and header */
/*
 * The buffer of a fetch: a header, then records one after another. Nothing is
 * written to it, because a record would have come from a machine that went on.
 */
struct mc_info {
    uint32_t mi_nentries;
    uint32_t flags;
    uint64_t mi_data[(MCINFO_MAXSIZE - 1) / 8];
};
typedef struct mc_info mc_info_t;
DEFINE_XEN_GUEST_HANDLE(mc_info_t);

/*
 * fetch: the oldest record of a queue; with ACK, the end of its handling.
 *
 * In      flags; data, which ACK does not look at
 * Out     without ACK: flags = NODATA, fetch_id = 0. With ACK nothing changes
 * Errors  -EINVAL flags that are not exactly one queue, with or without ACK;
 *         -EINVAL data is NULL without ACK
 */
struct xen_mc_fetch {
    uint32_t flags; /* IN, OUT */
    uint32_t _pad0;
    uint64_t fetch_id; /* OUT; IN of an acknowledgement */
    XEN_GUEST_HANDLE(mc_info_t) data;
};
typedef struct xen_mc_fetch xen_mc_fetch_t;
DEFINE_XEN_GUEST_HANDLE(xen_mc_fetch_t);

/* Room in the entry of a CPU: words of features, MSRs. */
#define MC_NCAPS           7
#define __MC_MSR_ARRAYSIZE 8
/*
 * physcpuinfo: what dom0's kernel knows of its own CPUs on bare metal, one for
 * each CPU that is online.
 *
 * mc_cpunr is the hypervisor's number of the CPU. Each is a core of its own in
 * chip 0 with one thread. CPUID facts are those of CPU 0: mc_cpuid_level is the
 * highest basic leaf; of mc_cpu_caps, word 0 is leaf 1 EDX, 1 is leaf
 * 0x80000001 EDX, 4 is leaf 1 ECX, 6 is leaf 0x80000001 ECX. Whatever is not
 * named here, caches and MSRs included, is 0.
 */
struct mcinfo_logical_cpu {
    /* Where it is. All fields are OUT. */
    uint32_t mc_cpunr;
    uint32_t mc_chipid;
    uint16_t mc_coreid;
    uint16_t mc_threadid;
    uint32_t mc_apicid;
    uint32_t mc_clusterid;
    /* Cores of the machine, threads of a core. */
    uint32_t mc_ncores;
    uint32_t mc_ncores_active;
    uint32_t mc_nthreads;
    /* What it is. Strings end with a NUL. */
    int32_t mc_cpuid_level;
    uint32_t mc_family;
    uint32_t mc_vendor;
    uint32_t mc_model;
    uint32_t mc_step;
    char mc_vendorid[16];
    char mc_brandid[64];
    uint32_t mc_cpu_caps[MC_NCAPS];
    /* Not told: 0. */
    uint32_t mc_cache_size;
    uint32_t mc_cache_alignment;
    int32_t mc_nmsrvals;
    xen_mcinfo_msr_t mc_msrvalues[__MC_MSR_ARRAYSIZE];
};
typedef struct mcinfo_logical_cpu xen_mc_logical_cpu_t;
DEFINE_XEN_GUEST_HANDLE(xen_mc_logical_cpu_t);

/*
 * In      ncpus, info
 * Out     ncpus: entries written, or with a NULL info the number of CPUs that
 *         are online
 * Errors  -EFAULT; some entries may have been written
 */
struct xen_mc_physcpuinfo {
    uint32_t ncpus; /* IN: room, OUT: CPUs */
    uint32_t _pad0;
    XEN_GUEST_HANDLE(xen_mc_logical_cpu_t) info;
};
typedef struct xen_mc_physcpuinfo xen_mc_physcpuinfo_t;

/* msrinject: values that bank registers shall seem to have. -EOPNOTSUPP. */
#define MC_MSRINJ_MAXMSRS 8
struct xen_mc_msrinject {
    uint32_t mcinj_cpunr; /* all IN */
    uint32_t mcinj_flags;
    uint32_t mcinj_count;
    domid_t mcinj_domid;
    uint16_t _pad0;
    xen_mcinfo_msr_t mcinj_msr[MC_MSRINJ_MAXMSRS];
};
typedef struct xen_mc_msrinject xen_mc_msrinject_t;

/* The request: the head, then the structure of the command. */
struct xen_mc {
    uint32_t cmd;               /* IN: XEN_MC_* */
    uint32_t interface_version; /* IN */
    union {
        xen_mc_fetch_t mc_fetch;
        xen_mc_physcpuinfo_t mc_physcpuinfo;
        xen_mc_msrinject_t mc_msrinject;
    } u;
};
typedef struct xen_mc xen_mc_t;
DEFINE_XEN_GUEST_HANDLE(xen_mc_t);
#endif

#endif
