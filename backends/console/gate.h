/* SPDX-License-Identifier: MIT */
/*
 * What passes between the process that serves consoles and the store
 * (common/store_gate.h), which would do all that domain 0 wants otherwise, for
 * instance name another image to a disk's backend:
 *
 *   reading    which domains there are, and of each its name and what its
 *              console's directory has for the daemon
 *   watching   that domains come and go, and each guest's port
 *   writing    console/tty of a guest that lives, since nobody would remove
 *              that of another, and as its value the name of the terminal that
 *              was shown last: 'xl console', which is root, opens that
 *   requests   4000 at once, later 2000 in a second: some for each guest when
 *              the store has come back; no transactions
 */
#ifndef CONSOLE_GATE_H
#define CONSOLE_GATE_H

#include "../common/store_gate.h"

struct console_gate {
    struct store_gate gate;
    char shown[32]; /* the terminal's name; "": none */
    bool (*lives)(unsigned int domid);
};

/* Before the first store_gate_open(); all zero but lives. */
void console_gate_begin(struct console_gate *g, struct event_loop *loop);

#endif
