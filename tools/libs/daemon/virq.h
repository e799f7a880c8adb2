/* SPDX-License-Identifier: MIT */
/*
 * A VIRQ that one process of this domain may have. That of a daemon that was
 * killed goes with the last of its processes, a little later than it: who
 * starts the daemon again need not know of that.
 */
#ifndef DAEMON_VIRQ_H
#define DAEMON_VIRQ_H

#include <xenevtchn.h>

#define VIRQ_WAIT_MS 5000

/* The port. Waits so long for another process to end; -EEXIST: it does not. Or
 * another -errno. */
int virq_bind(xenevtchn_handle *h, unsigned int virq);

#endif
