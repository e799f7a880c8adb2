/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op(command, vcpu, argument): start, stop, look at and time the vcpus
 * of the caller's own domain. Timers exist for the calling vcpu only.
 */
#ifndef __XEN_PUBLIC_VCPU_H__
#define __XEN_PUBLIC_VCPU_H__

#include "xen.h"

#define VCPUOP_initialise 0 /* vcpu_guest_context; once, before up */
#define VCPUOP_up         1
#define VCPUOP_down       2 /* a vcpu may take itself down */
#define VCPUOP_is_up      3 /* returns 0, 1, or -ENOENT: no such vcpu */

/* How long a vcpu has been in which state. */
#define VCPUOP_get_runstate_info 4
#define RUNSTATE_running         0
#define RUNSTATE_runnable        1 /* waits for a CPU */
#define RUNSTATE_blocked         2 /* waits for an event */
#define RUNSTATE_offline         3 /* down, or the domain is paused */
struct vcpu_runstate_info {
    int state; /* OUT: RUNSTATE_* */
    /* OUT: system time of the last change. While we write to a registered
     * area XEN_RUNSTATE_UPDATE is set in it, if the guest asked so. */
    uint64_t state_entry_time;
#define XEN_RUNSTATE_UPDATE (xen_mk_ullong(1) << 63)
    uint64_t time[4]; /* OUT: ns in each state */
};
typedef struct vcpu_runstate_info vcpu_runstate_info_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_runstate_info_t);

/* Keep a copy up to date at a virtual address of the guest. */
#define VCPUOP_register_runstate_memory_area 5
struct vcpu_register_runstate_memory_area {
    union {
        XEN_GUEST_HANDLE(vcpu_runstate_info_t) h;
        struct vcpu_runstate_info *v;
        uint64_t p;
    } addr; /* IN */
};
typedef struct vcpu_register_runstate_memory_area
    vcpu_register_runstate_memory_area_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_runstate_memory_area_t);

#define VCPUOP_set_periodic_timer  6
#define VCPUOP_stop_periodic_timer 7
struct vcpu_set_periodic_timer {
    uint64_t period_ns; /* IN */
};
typedef struct vcpu_set_periodic_timer vcpu_set_periodic_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_periodic_timer_t);

/* VIRQ_TIMER at a system time; a time in the past fires at once. */
#define VCPUOP_set_singleshot_timer  8
#define VCPUOP_stop_singleshot_timer 9
struct vcpu_set_singleshot_timer {
    uint64_t timeout_abs_ns; /* IN */
    uint32_t flags;          /* IN */
};
typedef struct vcpu_set_singleshot_timer vcpu_set_singleshot_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_singleshot_timer_t);
#define _VCPU_SSHOTTMR_future (0)
#define VCPU_SSHOTTMR_future  (1U << _VCPU_SSHOTTMR_future) /* past: -ETIME */

/* Use this place instead of shared_info.vcpu_info[]; for good. */
#define VCPUOP_register_vcpu_info 10
struct vcpu_register_vcpu_info {
    uint64_t mfn;    /* IN */
    uint32_t offset; /* IN: in the page, aligned to 8, within it */
    uint32_t rsvd;
};
typedef struct vcpu_register_vcpu_info vcpu_register_vcpu_info_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_vcpu_info_t);

#define VCPUOP_send_nmi 11 /* no argument */

/* APIC and ACPI id of the CPU that a pinned vcpu runs on. */
#define VCPUOP_get_physid 12
struct vcpu_get_physid {
    uint64_t phys_id; /* OUT */
};
typedef struct vcpu_get_physid vcpu_get_physid_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_get_physid_t);
#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

/* A second clock page, which the guest may show to its user mode. */
#define VCPUOP_register_vcpu_time_memory_area 13
DEFINE_XEN_GUEST_HANDLE(vcpu_time_info_t);
struct vcpu_register_time_memory_area {
    union {
        XEN_GUEST_HANDLE(vcpu_time_info_t) h;
        struct vcpu_time_info *v;
        uint64_t p;
    } addr; /* IN */
};
typedef struct vcpu_register_time_memory_area vcpu_register_time_memory_area_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_time_memory_area_t);

#endif
