/* SPDX-License-Identifier: MIT */
/*
 * sched_op(command, argument): give up the CPU, wait, or end the domain.
 */
#ifndef __XEN_PUBLIC_SCHED_H__
#define __XEN_PUBLIC_SCHED_H__

#include "event_channel.h"

#define SCHEDOP_yield 0 /* no argument */
/* Sleep until an event is pending; unmasks upcalls first, as sti; hlt does. */
#define SCHEDOP_block 1
#define SCHEDOP_shutdown                                                       \
    2                             /* sched_shutdown; suspend also takes the    \
                                     mfn of start_info as third argument */
#define SCHEDOP_poll            3 /* sched_poll */
#define SCHEDOP_remote_shutdown 4 /* sched_remote_shutdown; privileged */
#define SCHEDOP_shutdown_code   5 /* sched_shutdown: only note the reason */
#define SCHEDOP_watchdog        6 /* sched_watchdog */
#define SCHEDOP_pin_override    7 /* sched_pin_override; dom0 */

struct sched_shutdown {
    unsigned int reason; /* IN: SHUTDOWN_* */
};
typedef struct sched_shutdown sched_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_shutdown_t);

/* Sleep until one of these ports is pending, masked or not. */
struct sched_poll {
    XEN_GUEST_HANDLE(evtchn_port_t) ports; /* IN */
    unsigned int nr_ports;                 /* IN: up to 128 */
    uint64_t timeout;                      /* IN: system time, 0: none */
};
typedef struct sched_poll sched_poll_t;
DEFINE_XEN_GUEST_HANDLE(sched_poll_t);

struct sched_remote_shutdown {
    domid_t domain_id;   /* IN */
    unsigned int reason; /* IN */
};
typedef struct sched_remote_shutdown sched_remote_shutdown_t;
DEFINE_XEN_GUEST_HANDLE(sched_remote_shutdown_t);

/* The domain ends with SHUTDOWN_watchdog unless it calls again in time. */
struct sched_watchdog {
    uint32_t id;      /* IN: 0 to start one; returned: its number */
    uint32_t timeout; /* IN: seconds, 0 to stop it */
};
typedef struct sched_watchdog sched_watchdog_t;
DEFINE_XEN_GUEST_HANDLE(sched_watchdog_t);

/* Run this vcpu on one physical CPU for a while; negative ends it. */
struct sched_pin_override {
    int32_t pcpu; /* IN */
};
typedef struct sched_pin_override sched_pin_override_t;
DEFINE_XEN_GUEST_HANDLE(sched_pin_override_t);

#define SHUTDOWN_poweroff   0
#define SHUTDOWN_reboot     1
#define SHUTDOWN_suspend    2
#define SHUTDOWN_crash      3
#define SHUTDOWN_watchdog   4
#define SHUTDOWN_soft_reset 5
#define SHUTDOWN_MAX        5

#endif
