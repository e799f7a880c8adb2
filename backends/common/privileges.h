/* SPDX-License-Identifier: MIT */
/*
 * A backend parses what a hostile guest writes, so it keeps nothing but the
 * descriptors it has opened.
 */
#ifndef BACKENDS_COMMON_PRIVILEGES_H
#define BACKENDS_COMMON_PRIVILEGES_H

/* At the start of the process: no gain of privilege by exec, no core dumps
 * (they would hold guest data). */
int privileges_limit(void);

/* Once everything is open: gives up root, all capabilities and most system
 * calls. */
int privileges_drop(void);

#endif
