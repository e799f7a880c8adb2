/* SPDX-License-Identifier: MIT */
/*
 * One guest's console: its ring page, its event channel, a pseudo terminal
 * whose name is published as console/tty, the backlog for the next client that
 * attaches, and the log.
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
#include "backlog.h"
#include "log_file.h"
#include "ring.h"

#define CONSOLE_DRAINS    16 /* times that the ring is emptied */
#define CONSOLE_WINDOW_MS 20

/* What the daemon's command line says about all consoles. */
struct console_options {
    const char *log_dir;                 /* of all logs */
    bool log_guests, log_hypervisor;     /* which there are */
    bool stamp_guests, stamp_hypervisor; /* with the time in each line */
    bool keep_oldest;                    /* --overflow-data=keep */
};

/* next is the caller's; the rest is the console's. */
struct console {
    struct console *next;
    struct event_loop *loop;
    struct store_client *store;
    struct ports *ports;
    const struct console_options *options;
    unsigned int domid;
    bool gone;   /* the domain is; waiting for a reader to take the rest */
    bool broken; /* the guest wrote nonsense into its ring */

    struct grants grants;
    struct xencons_interface *ring;
    bool foreign; /* ring is mapped by frame number, not by grant */
    struct port port;
    unsigned int remote_port;
    bool masked;
    unsigned int drains;
    struct event_timer window;

    char terminal[64]; /* its name; "": not open yet */
    int slave;         /* kept open, so that the master never sees a hang-up */
    struct event_source master;
    struct backlog backlog;
    struct log_file log;
    struct log_bucket bucket;
};

/*
 * For a domain that is there. What is given must outlive the console. Nothing
 * is mapped yet. NULL: no memory.
 */
struct console *console_new(struct event_loop *loop, struct store_client *store,
                            struct ports *ports, unsigned int domid,
                            const struct console_options *options);

/*
 * The domain's console nodes have changed or may have, or are those of a new
 * store: maps the ring and binds the port when there is a new one, unless
 * another program serves the console. The first time it makes the terminal; its
 * name is published where it is not.
 */
void console_refresh(struct console *c);

/* The domain is gone: takes its last output. True: no client waits for it, and
 * the console can be freed. */
bool console_domain_gone(struct console *c);
/* At any time: unmaps, closes, frees. */
void console_free(struct console *c);

#endif
