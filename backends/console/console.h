/* SPDX-License-Identifier: MIT */
/*
 * One guest's console: its ring page, its event channel, a pseudo terminal
 * whose name is published as console/tty, what waits for the next client that
 * attaches, and the log.
 *
 * All but the ring and the event channel outlives the daemon: the keeper has
 * the terminal, the pipe before it (output.h) and the progress of how far the
 * guest's text is taken (progress.h). The successor of a killed daemon adopts
 * them, and neither a session nor the log loses or doubles a byte. Input goes
 * straight from the terminal into the ring: what a daemon holds in its hands
 * when it is killed, a line that was just typed, is lost.
 *
 * A guest that prints without end is served CONSOLE_DRAINS times per
 * CONSOLE_WINDOW_MS and waits in between, so each guest gets its share.
 *
 * One thread, that of the event loop, calls everything here. Trouble with one
 * console is logged, and leaves all others alone.
 */
#ifndef CONSOLE_CONSOLE_H
#define CONSOLE_CONSOLE_H

#include <daemon/event_loop.h>
#include <daemon/log.h>

#include "../common/grant_map.h"
#include "../common/ports.h"
#include "../common/store_client.h"
#include "keep.h"
#include "output.h"

#define CONSOLE_DRAINS    16 /* times that the ring is emptied */
#define CONSOLE_WINDOW_MS 20

/* Until what could not be served is tried again. */
#define CONSOLE_RETRY_MS 1000

/* What the daemon's command line says about all consoles. */
struct console_options {
    bool log_guests, log_hypervisor;     /* which there are */
    bool stamp_guests, stamp_hypervisor; /* with the time in each line */
    bool keep_oldest;                    /* --overflow-data=keep */
};

/* What all consoles use; all of it outlives them. */
struct console_services {
    struct event_loop *loop;
    struct store_client *store;
    struct ports *ports;
    struct grants *grants; /* open */
    struct keep *keep;
    const struct console_options *options;
};

/* What the keeper has of a console, in this order. */
enum { KEPT_MASTER, KEPT_SLAVE, KEPT_PIPE_OUT, KEPT_PIPE_IN, KEPT_PROGRESS };

/* next is the caller's; the rest is the console's. */
struct console {
    struct console *next;
    const struct console_services *with;
    unsigned int domid;
    uint64_t frame; /* of its shared info, see progress.h */
    bool gone;      /* the domain is; waiting for a reader to take the rest */
    bool broken;    /* the guest wrote nonsense into its ring */

    struct grants grants; /* by the handle of all */
    struct xencons_interface *ring;
    struct port port;
    unsigned int remote_port; /* served; 0: none */
    bool failed;              /* the last try, and it was logged */
    struct event_timer retry;
    bool masked;
    unsigned int drains;
    struct event_timer window;

    char terminal[64]; /* its name; "": not open yet */
    int slave;         /* kept open, so that the master never sees a hang-up */
    struct event_source master;
    struct output out; /* its progress is NULL: not open yet */
    int progress_fd;
    struct log_bucket bucket;
};

/*
 * For a domain that is there, with the frame of its shared info. Nothing is
 * mapped yet. NULL: no memory.
 */
struct console *console_new(const struct console_services *with,
                            unsigned int domid, uint64_t frame);

/*
 * For what a predecessor had put to the keeper: n descriptors, which are the
 * console's from now on, also if this fails. It is not served yet;
 * c->frame tells which domain's it is. NULL: no memory, or they are no
 * console.
 */
struct console *console_adopt(const struct console_services *with,
                              unsigned int domid, const int *fds, int n);
/* Serves what the predecessor served, for which no store is needed, and opens
 * the log. The domain lives. */
void console_resume(struct console *c);
/* Puts it to the keeper, if there is something to keep. */
void console_keep(struct console *c);

/*
 * The domain's console nodes have changed or may have, or are those of a new
 * store: maps the ring and binds the port when there is a new one, unless
 * another program serves the console. The first time it makes the terminal; its
 * name is published where it is not.
 */
void console_refresh(struct console *c);

/* Another domain has its number now. */
bool console_is_strange(const struct console *c);

/* The domain is gone: takes its last output. True: no client waits for it, and
 * the console can be freed. */
bool console_domain_gone(struct console *c);
/* At any time: unmaps, closes, drops it from the keeper, frees. */
void console_free(struct console *c);

#endif
