/* SPDX-License-Identifier: MIT */
/*
 * The process that serves gives up what it does not need to do so: see
 * daemon/sandbox.h and parent.h. What it keeps beside terminals, what lies in
 * them and before them, and logs, which it can only make longer, to
 * LOG_FILE_MOST:
 *
 *   event channels  to whatever a guest, or dom0's kernel, has left unbound for
 *                   this domain. The kernel can restrict a handle to one guest
 *                   only, and this process serves all; but no VIRQ can be bound
 *                   any more and no port be made, by the list of ioctl()s
 *   grants          what guests grant to this domain
 *   one file        by which clients see that the daemon serves (serving.h)
 */
#ifndef CONSOLE_SANDBOX_H
#define CONSOLE_SANDBOX_H

#include <daemon/pair.h>

/* In the child of the two, when the devices are open and nothing has been read
 * that a guest has made. 0 or -errno. */
int sandbox_enter(const struct pair *both);

#endif
