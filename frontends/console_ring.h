/* SPDX-License-Identifier: MIT */
/*
 * The console of a guest that a toolstack has started: bytes go by a shared
 * page to the console daemon. A dom0's console is the hypervisor's.
 */
#ifndef PV_CONSOLE_RING_H
#define PV_CONSOLE_RING_H

#include <pv/pv.h>

/* Once, when memory can be mapped; does nothing in a dom0. */
void console_ring_init(void);
/* Waits for room. False: there is no ring. A daemon that takes nothing for
 * seconds loses the rest. */
bool console_ring_write(const char *s, size_t n);
/* Waits, as long, until the daemon has taken all: before the guest ends. */
void console_ring_drain(void);

#endif
