/* SPDX-License-Identifier: MIT */
/*
 * What the daemon's consoles need of Xen and of the store: the guests 5 and 6,
 * each with a page for its ring and a port.
 */
#ifndef TESTS_UNIT_PLAYED_CONSOLES_H
#define TESTS_UNIT_PLAYED_CONSOLES_H

#include <stdbool.h>
#include <xen/xen.h>
#include <xen/io/console.h>

#include "../../backends/console/console.h"

#define PLAYED_FIRST  5
#define PLAYED_GUESTS 2

struct played_guest {
    struct xencons_interface *page;
    unsigned int port; /* as its store node says */
};

extern struct played_guest played_guest[PLAYED_GUESTS];
extern bool played_maps, played_binds; /* or there is no memory */
extern bool played_lost;               /* the store is away */
extern const char *played_end;         /* it ends when this node is read */
extern unsigned int played_notified;   /* events to guests */

extern struct event_loop played_loop;
extern const struct console_services played_services;

/* 0, or -errno. */
int played_begin(void);

#endif
