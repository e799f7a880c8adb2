/* SPDX-License-Identifier: MIT */
/*
 * A session: bytes between the user and a guest's terminal.
 *
 * The terminal outlives a console daemon that is killed or restarted, so a
 * session does not notice. If the terminal itself goes while the guest lives
 * (the daemon's keeper was killed as well, or the daemon is Xen's), the session
 * stays as it is, waits for the daemon's new terminal, and goes on there; what
 * is typed meanwhile is kept for it. The escape character works at any time.
 */
#ifndef XENCONSOLE_SESSION_H
#define XENCONSOLE_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <xenstore.h>

#define SESSION_TYPED_MAX 65536

/* From the caller: path and input. */
struct session {
    struct xs_handle *xs;
    const char *path; /* of the terminal's name in the store */
    unsigned int domid;
    char escape; /* 0: none */
    bool input;  /* standard input is forwarded */
    int tty;     /* -1: waiting for a new one */

    /* --- internal: zero --- */
    bool store_gone, over, ending;
    size_t typed; /* bytes of text that the terminal has not taken */
    char text[SESSION_TYPED_MAX];
};

/* True: a console daemon serves, as far as is known (serving.h). */
bool daemon_serves(void);
/*
 * The terminal whose name is in the store: a descriptor that never waits; -1:
 * there is no name, it cannot be opened, or it is an old one, since no daemon
 * serves.
 */
int tty_open(struct xs_handle *xs, const char *path);

/* Returns at the session's end. xs and tty are closed then. */
void session_run(struct session *s);

#endif
