/* SPDX-License-Identifier: MIT */
/*
 * The daemon's event loop: between events, connections with work left over get
 * their turns, and ended ones are freed.
 */
#ifndef XENSTORED_TURNS_H
#define XENSTORED_TURNS_H

#include <daemon/event_loop.h>

/* Makes the loop; 0 or an errno value. */
int turns_init(struct event_loop *loop);

#endif
