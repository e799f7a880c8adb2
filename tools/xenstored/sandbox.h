/* SPDX-License-Identifier: MIT */
/*
 * The daemon gives up what it does not need to serve: see daemon/sandbox.h
 * and parent.h. What it keeps beside its clients' sockets and its journal,
 * which it cannot make longer than JOURNAL_MAX:
 *
 *   event channels  to whatever a guest, or dom0's kernel, has left unbound for
 *                   this domain. The kernel can restrict a handle to one guest
 *                   only, and the store serves all; but no VIRQ can be bound
 *                   any more and no port be made, by the list of ioctl()s
 *   grants          what guests grant to this domain
 */
#ifndef XENSTORED_SANDBOX_H
#define XENSTORED_SANDBOX_H

#include <daemon/pair.h>

/* In the child of the two, when the devices are open and nothing has been read
 * that a guest has made. 0 or an errno value. */
int sandbox_enter(const struct pair *both);

#endif
