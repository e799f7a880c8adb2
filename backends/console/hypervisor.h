/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own console into hypervisor.log, as it is written.
 */
#ifndef CONSOLE_HYPERVISOR_H
#define CONSOLE_HYPERVISOR_H

#include "console.h"

int hypervisor_log_start(struct event_loop *loop,
                         const struct console_options *options);
void hypervisor_log_reopen(void);

#endif
