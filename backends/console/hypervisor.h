/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own console into hypervisor.log, as it is written. There is
 * one, so its state is in hypervisor.c; it is never stopped.
 */
#ifndef CONSOLE_HYPERVISOR_H
#define CONSOLE_HYPERVISOR_H

#include "console.h"

/* Writes what is there, and from then on whenever VIRQ_CON_RING comes. Both
 * arguments must stay. 0 or -errno; the daemon goes on without. */
int hypervisor_log_start(struct event_loop *loop,
                         const struct console_options *options);
/* After someone else moved the file away (SIGHUP). */
void hypervisor_log_reopen(void);

#endif
