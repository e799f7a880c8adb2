/* SPDX-License-Identifier: MIT */
/*
 * lwIP on this guest's interface: its frames, its clock, its address. All of
 * lwIP runs inside net_serve(), with its callbacks.
 */
#ifndef DEMO_PORT_H
#define DEMO_PORT_H

#include <stdbool.h>
#include <stdint.h>

struct address;

/* Connects the interface device/vif/0 and gives it that address, or asks for
 * one by DHCP. 0 or -errno. */
long net_open(const struct address *a);
void net_close(void);

/* Takes what has come, does what is due, and waits for more, up to ns
 * nanoseconds. False: the interface was given up. */
bool net_serve(uint64_t ns);

/* Frames that were lost on their way in: damaged, too long, or without memory
 * for them. */
uint64_t net_lost(void);

#endif
