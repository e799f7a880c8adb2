/* SPDX-License-Identifier: MIT */
/*
 * What a debug build of the hypervisor says of its own stretches: the longest
 * time, in instructions with "run: count=1 debug=1", for which a CPU did
 * nothing but one guest's work. For dom0.
 */
#ifndef PV_STRETCH_H
#define PV_STRETCH_H

#include <pv/pv.h>

/* Forgets what has been. */
void stretch_begin(void);
/* The longest since then; 0 if the hypervisor does not say. *line gets what it
 * says, up to the next call. */
uint64_t stretch_longest(const char **line);
/* A check: no stretch of what the guest has just done was longer than any may
 * be. */
#define STRETCH_LIMIT 1000000UL
void stretch_ok(const char *what);

#endif
