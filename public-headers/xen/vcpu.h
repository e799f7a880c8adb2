/* SPDX-License-Identifier: MIT */
/*
 * vcpu_op(command, vcpu, argument): start, stop, look at and time the vcpus of
 * the caller's own domain; any domain may call. Results are 0 (is_up: 0 or 1)
 * or a negative errno. Of all commands, a vcpu number that the domain does not
 * have gives -ENOENT before anything else is looked at.
 *
 * The one-shot timer exists for the calling vcpu only: for another one it is
 * -EINVAL. set_timer_op(time) is the same as set_singleshot_timer, and with 0
 * as stop_singleshot_timer.
 */
#ifndef __XEN_PUBLIC_VCPU_H__
#define __XEN_PUBLIC_VCPU_H__

#include "xen.h"

/*
 * vcpu_guest_context: registers, page tables and callbacks of a vcpu that has
 * not run yet. It stays down until 'up'. A vcpu above the legacy 32 needs
 * register_vcpu_info first.
 *
 * Errors  -EEXIST it is initialised; -EINVAL it has no vcpu_info, or the
 *         context is refused: an address in the hypervisor's range, a root that
 *         is no valid L4 table of the domain, a frame that is no valid
 *         descriptor table; -ENOMEM
 * Restart continued while page tables are validated
 */
#define VCPUOP_initialise 0
/*
 * No argument. Lets an initialised vcpu run. Errors: -EINVAL it is not
 * initialised.
 */
#define VCPUOP_up 1
/*
 * No argument. A vcpu may take itself down, then it returns when another one
 * brings it up. If it is the last one that is up the domain powers off.
 */
#define VCPUOP_down 2
/* No argument; 1 if the vcpu is not down. */
#define VCPUOP_is_up 3

/* vcpu_runstate_info: how long a vcpu has been in each state. */
#define VCPUOP_get_runstate_info 4
#define RUNSTATE_running         0
#define RUNSTATE_runnable        1 /* waits for a CPU */
#define RUNSTATE_blocked         2 /* waits for an event */
#define RUNSTATE_offline         3 /* down, or the domain is paused */
/*
 * The four times add up to the vcpu's age. A registered area is written
 * whenever the vcpu gets a CPU or loses it, so that its readers add the time
 * since state_entry_time themselves.
 */
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

/*
 * Keep a copy of the record at a virtual address of the guest; address 0 ends
 * it. The first copy is written before the call returns. The address is used in
 * the address space that is loaded when the hypervisor writes: it should be
 * mapped in all of them. A copy that faults is dropped without a word, the
 * first one, too.
 *
 * Errors  -EFAULT the address is the hypervisor's, or not canonical
 */
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

/*
 * VIRQ_TIMER every period while the vcpu runs. Ticks that fall due while it has
 * no CPU arrive as one when it runs again.
 *
 * Errors  -EINVAL a period below 1 ms, or one that overflows
 */
#define VCPUOP_set_periodic_timer  6
#define VCPUOP_stop_periodic_timer 7
struct vcpu_set_periodic_timer {
    uint64_t period_ns; /* IN */
};
typedef struct vcpu_set_periodic_timer vcpu_set_periodic_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_periodic_timer_t);

/*
 * VIRQ_TIMER at a system time, in ns since the hypervisor started; a time in
 * the past fires at once. There is one such timer: setting it again replaces
 * it. VCPU_SSHOTTMR_future is ignored, as in Xen 4.17.
 */
#define VCPUOP_set_singleshot_timer  8
#define VCPUOP_stop_singleshot_timer 9
struct vcpu_set_singleshot_timer {
    uint64_t timeout_abs_ns; /* IN */
    uint32_t flags;          /* IN */
};
typedef struct vcpu_set_singleshot_timer vcpu_set_singleshot_timer_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_set_singleshot_timer_t);
/* Of other Xen releases: a time in the past is -ETIME and fires nothing. */
#define _VCPU_SSHOTTMR_future (0)
#define VCPU_SSHOTTMR_future  (1U << _VCPU_SSHOTTMR_future)

/*
 * Use this place instead of shared_info.vcpu_info[] from now on; it cannot be
 * undone. What the old place held is copied, and the vcpu is told to look for
 * events, since some may have been marked in the old place meanwhile. A vcpu
 * above the legacy 32 starts with events masked.
 *
 * The frame is referenced as writable until the domain ends: it cannot become a
 * page table or be given back.
 *
 * Errors  -ENXIO the offset is unaligned or the structure would cross the
 *         page's end; -EINVAL a place is registered, another vcpu than the
 *         caller that is up, or a frame that is not ordinary memory of the
 *         domain
 */
#define VCPUOP_register_vcpu_info 10
struct vcpu_register_vcpu_info {
    uint64_t mfn;    /* IN */
    uint32_t offset; /* IN: in the page, aligned to 8, within it */
    uint32_t rsvd;
};
typedef struct vcpu_register_vcpu_info vcpu_register_vcpu_info_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_register_vcpu_info_t);

/*
 * No argument. Enters the vcpu at its NMI handler; without a handler the call
 * does nothing, and succeeds.
 *
 * Errors  -EINVAL an argument that is not 0
 */
#define VCPUOP_send_nmi 11

/*
 * APIC and ACPI id of the CPU that a pinned vcpu of dom0 runs on. -EINVAL here:
 * pinning is not offered to dom0 in that form.
 */
#define VCPUOP_get_physid 12
struct vcpu_get_physid {
    uint64_t phys_id; /* OUT */
};
typedef struct vcpu_get_physid vcpu_get_physid_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_get_physid_t);
#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

/*
 * A second clock record, which the guest may show to its user mode. Address 0
 * ends it; faults are ignored as with the run-state area.
 *
 * Errors  -EFAULT the address is the hypervisor's, or not canonical
 */
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
