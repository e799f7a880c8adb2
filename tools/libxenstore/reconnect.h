/* SPDX-License-Identifier: MIT */
/*
 * Handles that outlive their connection, for our own daemons, which link this
 * library's objects. libxenstore.so does not export these functions: there a
 * handle whose connection has ended fails for ever, as its callers expect.
 *
 * A handle without a connection fails each request at once, so a daemon may
 * keep its pointer and go on asking. Nothing of the old connection goes over to
 * the new one: watches, transactions and queued events end with it. All this is
 * for handles that one thread uses.
 *
 * Whether a request whose answer was lost has been done, the end of a
 * transaction included, nobody can tell: it fails with what ended the
 * connection, which is never EAGAIN. So whoever repeats a transaction for
 * EAGAIN does not do it twice; one that must be done looks at the store when it
 * has a new connection. No request is sent again by the library.
 */
#ifndef LIBXENSTORE_RECONNECT_H
#define LIBXENSTORE_RECONNECT_H

#include <xenstore.h>

/*
 * A new connection, to where xs_open() would connect. Never waits: EAGAIN if
 * the store has no time. The descriptor, or -1 with errno.
 */
int xs_connect(void);

/* Without a connection: ENOTCONN. NULL if memory is short. xs_fileno() is the
 * same descriptor for the handle's whole life. */
struct xs_handle *xs_unconnected(void);

/* The handle's connection from now on; fd becomes the handle's, also if it
 * fails. 0 or -1 with errno. Needs no privilege and opens nothing. */
int xs_attach(struct xs_handle *h, int fd);
void xs_detach(struct xs_handle *h);

/* What ended the connection, as an errno; 0: it has not ended, as far as is
 * known. */
int xs_error(struct xs_handle *h);

#endif
