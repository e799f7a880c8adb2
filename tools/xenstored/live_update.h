/* SPDX-License-Identifier: MIT */
/*
 * Another program in the place of this one, and nobody notices: the control
 * command live-update. The store, and all that domains have, is in the journal.
 * What is not, local clients and the socket that they come to, is handed to the
 * parent, which executes the program in its own process: a file in memory says
 * what is in which descriptor. A journal and such a file are read by programs
 * with the same JOURNAL_VERSION, which the parent asks a new program for before
 * it is trusted (successor.h).
 *
 * No transaction may be open, for they cannot be kept; they are waited for,
 * unless a guest leaves one open for long. With force, they fail with EAGAIN
 * later.
 *
 * A new program that fails after it was started is a daemon that was killed:
 * its supervisor starts another, local clients connect again.
 */
#ifndef XENSTORED_LIVE_UPDATE_H
#define XENSTORED_LIVE_UPDATE_H

#include <stdbool.h>

#include <daemon/event_loop.h>

#include "protocol.h"

/* In a program that follows another, successor_state(): takes over the socket
 * and the local clients that the one before has left. 0 or an errno value; what
 * it cannot take is disconnected. */
int live_update_take_over(struct event_loop *loop);

/* The command's arguments, without its name. The answer's text; NULL: it comes
 * when all is done. */
const char *live_update_command(struct request *r, const char **arg, int n);

/* Between events, when all is written: replaces this program if that was asked
 * for and can be done now. How long until the next try, in ms; -1: nothing to
 * do. */
int live_update_try(void);

#endif
