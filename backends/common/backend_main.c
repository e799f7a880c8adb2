/* SPDX-License-Identifier: MIT */
/* See backend_main.h. */
#include "backend_main.h"

#include <stdio.h>
#include <string.h>

#include <daemon/log.h>

#include "kernel_driver.h"
#include "privileges.h"

static int connect_to_xen(const struct backend_ops *ops, struct backend *b,
                          const char *path)
{
    int rc = privileges_limit();

    rc = rc ? rc : event_loop_init(&b->loop);
    rc = rc ? rc : signals_watch(&b->signals, &b->loop);
    rc = rc ? rc : xenbus_open(&b->bus, &b->loop, path, &ops->bus);
    rc = rc ? rc : ports_open(&b->ports, &b->loop);
    rc = rc ? rc : grants_open(&b->grants, b->bus.domid);
    rc = rc ? rc : ops->init(b);
    if (rc)
        log_error("cannot start: %s", log_take_reason(rc));
    return rc;
}

/* The loop ends when the medium is to be opened, and at the device's end. */
static int serve(struct backend *b)
{
    xenbus_advance(&b->bus);
    return event_loop_run(&b->loop);
}

/* As root until the medium is open, as nobody from then on. */
static int run(const struct backend_ops *ops, struct backend *b)
{
    int code, rc;

    while (code = serve(b), b->bus.open_wanted) {
        rc = ops->open(b);
        if (!rc && (rc = privileges_drop())) {
            log_error("cannot give up privileges: %s", strerror(-rc));
            return 1;
        }
        xenbus_opened(&b->bus, rc);
    }
    return code;
}

int backend_main(const struct backend_ops *ops, struct backend *b, int argc,
                 char **argv)
{
    bool debug = argc == 3 && !strcmp(argv[1], "--debug");
    int code;

    if (argc != 2 && !debug) {
        fprintf(stderr, "usage: %s [--debug] backend/%s/DOMID/DEVID\n", argv[0],
                ops->bus.kind);
        return 2;
    }
    log_setup(ops->program, debug ? LOG_LVL_DEBUG : LOG_LVL_INFO);
    if (kernel_serves(ops->bus.kind) || connect_to_xen(ops, b, argv[argc - 1]))
        return 1;
    code = run(ops, b);
    xenbus_close(&b->bus);
    ops->close(b);
    ports_close(&b->ports);
    grants_close(&b->grants);
    return code;
}
