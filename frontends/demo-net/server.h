/* SPDX-License-Identifier: MIT */
/*
 * A server of HTTP on port 80, one request a connection:
 *
 *     /            the page of the disk; /?N: N times in a row, for
 * measurements /counters    numbers, one a line
 *
 * Its memory does not grow. When all connections are taken, a new one takes the
 * place of that which has been silent longest; when the answers of all are
 * moving, it is refused. Who is too slow is cut off.
 */
#ifndef DEMO_SERVER_H
#define DEMO_SERVER_H

#include <stdbool.h>

/* After net_open(). False: lwIP has no memory for it. */
bool server_open(void);
/* Looks at the clock: to be called at least twice a second while there are
 * connections, harmless at any time. */
void server_serve(void);

#endif
