/* SPDX-License-Identifier: MIT */
/*
 * sched_op(command, argument): give up the CPU, wait, or end the domain. Any
 * domain may call for itself; what only dom0 may do is marked. Results are 0
 * (watchdog: a number) or a negative errno. Nothing here is continued.
 *
 * sched_op_compat knows yield, block and shutdown, whose reason it takes as the
 * argument itself.
 */
#ifndef __XEN_PUBLIC_SCHED_H__
#define __XEN_PUBLIC_SCHED_H__

#include "event_channel.h"

/*
 * No argument. Other vcpus that wait for this CPU run first, if there are any.
 */
#define SCHEDOP_yield 0
/*
 * No argument. Sleeps until an event is pending for this vcpu.
 * evtchn_upcall_mask is cleared first, so that no event can slip in between, as
 * with sti; hlt. It returns at once if an event is pending already.
 */
#define SCHEDOP_block 1
/*
 * sched_shutdown. All vcpus stop and the toolstack is told (VIRQ_DOM_EXC, or
 * the port of XEN_DOMCTL_subscribe). The call returns only if the toolstack
 * resumes the domain: 0, or what the toolstack has put into the vcpu's rax
 * meanwhile (1: the suspend was cancelled; for kernels with the note
 * SUSPEND_CANCEL). With SHUTDOWN_suspend a third argument holds the mfn of
 * start_info: the hypervisor ignores it, the toolstack finds it in the
 * register. dom0's shutdown ends the machine. Of the reason only the low byte
 * counts: what it means is the toolstack's to say.
 */
#define SCHEDOP_shutdown 2
/* sched_poll */
#define SCHEDOP_poll 3
/*
 * sched_remote_shutdown; dom0. As if that domain had called shutdown.
 *
 * Errors  -EPERM; -ESRCH no such domain.
 */
#define SCHEDOP_remote_shutdown 4
/*
 * sched_shutdown. Notes the reason only, its low byte: a later shutdown,
 * whatever its cause, carries this one. If one is noted, or the domain is
 * shutting down, nothing changes; the call succeeds all the same.
 */
#define SCHEDOP_shutdown_code 5
/* sched_watchdog */
#define SCHEDOP_watchdog 6
/*
 * sched_pin_override; dom0 (else -EPERM). -ENOSYS here: no vcpu is ever pinned
 * over its affinity.
 */
#define SCHEDOP_pin_override 7

struct sched_shutdown {
    unsigned int reason; /* IN: SHUTDOWN_* */
};
typedef struct sched_shutdown sched_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_shutdown_t);

/*
 * Sleeps until one of these ports is pending, masked or not, an event is to be
 * delivered to the vcpu, or the time has come. Which one it was is not told.
 *
 * Errors  -EINVAL more than 128 ports, or a port above the domain's limit.
 */
struct sched_poll {
    XEN_GUEST_HANDLE(evtchn_port_t) ports; /* IN */
    unsigned int nr_ports;                 /* IN: up to 128 */
    uint64_t timeout;                      /* IN: system time, 0: none */
};
typedef struct sched_poll sched_poll_t;
DEFINE_XEN_GUEST_HANDLE(sched_poll_t);

/* The reason is not checked; only its low byte counts. */
struct sched_remote_shutdown {
    domid_t domain_id;   /* IN */
    unsigned int reason; /* IN */
};
typedef struct sched_remote_shutdown sched_remote_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_remote_shutdown_t);

/*
 * The domain ends with SHUTDOWN_watchdog unless it calls again in time. A
 * domain has two. With id 0 a free one is started and its number (1 or 2)
 * returned; with a number its time starts anew, or with timeout 0 it stops and
 * is free.
 *
 * Errors  -ENOSPC both are in use; -EINVAL no such number, or not in use.
 */
struct sched_watchdog {
    uint32_t id;      /* IN: 0 to start one; returned: its number */
    uint32_t timeout; /* IN: seconds, 0 to stop it */
};
typedef struct sched_watchdog sched_watchdog_t;
DEFINE_XEN_GUEST_HANDLE(sched_watchdog_t);

/* pcpu: a physical CPU; a negative number ends the override. */
struct sched_pin_override {
    int32_t pcpu; /* IN */
};
typedef struct sched_pin_override sched_pin_override_t;
DEFINE_XEN_GUEST_HANDLE(sched_pin_override_t);

/*
 * Reasons, as the toolstack sees them in getdomaininfo's flags. What it does
 * then is its own policy (on_poweroff and so on in xl.cfg).
 */
#define SHUTDOWN_poweroff   0
#define SHUTDOWN_reboot     1
#define SHUTDOWN_suspend    2
#define SHUTDOWN_crash      3
#define SHUTDOWN_watchdog   4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX        5

#endif
