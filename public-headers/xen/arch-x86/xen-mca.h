/* SPDX-License-Identifier: MIT */
/*
 * mca(request): machine checks. dom0 asks for records after VIRQ_MCA; there are
 * none yet, because a machine check stops the machine, so fetch finds no data.
 *
 * Caller  dom0 (else -EPERM)
 * Result  0 or a negative errno; the request is written back on success
 * Errors  -EACCES another interface version; -EINVAL an unknown command or a
 *         NULL buffer; -EOPNOTSUPP the injection of errors
 * Restart never
 */
#ifndef __XEN_PUBLIC_ARCH_X86_MCA_H__
#define __XEN_PUBLIC_ARCH_X86_MCA_H__

#include "../xen.h"

#define __HYPERVISOR_mca          __HYPERVISOR_arch_0
#define XEN_MCA_INTERFACE_VERSION 0x01ecc003
#define VIRQ_MCA                  VIRQ_ARCH_0

#define XEN_MC_fetch        1
#define XEN_MC_notifydomain 2
#define XEN_MC_physcpuinfo  3
#define XEN_MC_msrinject    4
#define XEN_MC_mceinject    5
#define XEN_MC_inject_v2    6

/*
 * Flags of a fetch: IN which queue, or that a record was handled (ACK); OUT
 * what was found: always NODATA.
 */
#define XEN_MC_NONURGENT   0x0001
#define XEN_MC_URGENT      0x0002
#define XEN_MC_ACK         0x0004
#define XEN_MC_OK          0x0
#define XEN_MC_FETCHFAILED 0x1
#define XEN_MC_NODATA      0x2

#ifndef __ASSEMBLY__
struct mcinfo_msr {
    uint64_t reg;
    uint64_t value;
};
typedef struct mcinfo_msr xen_mcinfo_msr_t;

#define MCINFO_MAXSIZE 768 /* bytes of records and header */
/* Records of a fetch, one after another. */
struct mc_info {
    uint32_t mi_nentries;
    uint32_t flags;
    uint64_t mi_data[(MCINFO_MAXSIZE - 1) / 8];
};
typedef struct mc_info mc_info_t;
DEFINE_XEN_GUEST_HANDLE(mc_info_t);

struct xen_mc_fetch {
    uint32_t flags; /* IN, OUT */
    uint32_t _pad0;
    uint64_t fetch_id; /* OUT; IN of an acknowledgement */
    XEN_GUEST_HANDLE(mc_info_t) data;
};
typedef struct xen_mc_fetch xen_mc_fetch_t;
DEFINE_XEN_GUEST_HANDLE(xen_mc_fetch_t);

#define MC_NCAPS           7
#define __MC_MSR_ARRAYSIZE 8
/*
 * physcpuinfo: what dom0's kernel knows of its own CPUs on bare metal, one for
 * each CPU that is online.
 */
struct mcinfo_logical_cpu {
    uint32_t mc_cpunr; /* all OUT */
    uint32_t mc_chipid;
    uint16_t mc_coreid;
    uint16_t mc_threadid;
    uint32_t mc_apicid;
    uint32_t mc_clusterid;
    uint32_t mc_ncores;
    uint32_t mc_ncores_active;
    uint32_t mc_nthreads;
    int32_t mc_cpuid_level;
    uint32_t mc_family;
    uint32_t mc_vendor;
    uint32_t mc_model;
    uint32_t mc_step;
    char mc_vendorid[16];
    char mc_brandid[64];
    uint32_t mc_cpu_caps[MC_NCAPS];
    uint32_t mc_cache_size;
    uint32_t mc_cache_alignment;
    int32_t mc_nmsrvals;
    xen_mcinfo_msr_t mc_msrvalues[__MC_MSR_ARRAYSIZE];
};
typedef struct mcinfo_logical_cpu xen_mc_logical_cpu_t;
DEFINE_XEN_GUEST_HANDLE(xen_mc_logical_cpu_t);

/* A NULL 'info' asks for the number of CPUs. */
struct xen_mc_physcpuinfo {
    uint32_t ncpus; /* IN: room, OUT: CPUs */
    uint32_t _pad0;
    XEN_GUEST_HANDLE(xen_mc_logical_cpu_t) info;
};
typedef struct xen_mc_physcpuinfo xen_mc_physcpuinfo_t;

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

/* The request. */
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
