/* SPDX-License-Identifier: MIT */
/*
 * What a daemon tells the service manager that started it: systemd's
 * notification protocol, a datagram to the socket named by $NOTIFY_SOCKET.
 * Without that variable nothing happens.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* state: lines such as "READY=1". Failure is logged and does not matter. */
void notify_manager(const char *state);

#endif
