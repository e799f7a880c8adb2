/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own console into hypervisor.log, as it is written, each byte
 * once although the daemon may be killed and started again (progress.h). There
 * is one, so its state is in hypervisor.c; it is never stopped.
 */
#ifndef CONSOLE_HYPERVISOR_H
#define CONSOLE_HYPERVISOR_H

#include "console.h"

#define HYPERVISOR_KEPT "hypervisor" /* its name at the keeper */

/* As root: its events. False: the daemon goes on without, which was logged. */
bool hypervisor_log_open(void);
/* The progress of a predecessor, from the keeper: before the start. */
void hypervisor_log_adopt(const int *fds, int n);
/* Writes what is there, and from then on whenever VIRQ_CON_RING comes. The
 * argument must stay. After hypervisor_log_open(). */
void hypervisor_log_start(const struct console_services *with);
/* After someone else moved the file away (SIGHUP). */
void hypervisor_log_reopen(void);
/* Puts it to the keeper, if there is something to keep. */
void hypervisor_log_keep(struct keep *k);

#endif
