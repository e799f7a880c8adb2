/* SPDX-License-Identifier: MIT */
/* See sandbox.h. */
#include <daemon/sandbox.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include <daemon/filter.h>
#include <daemon/privileges.h>

static int install_filter(const struct sandbox *s)
{
    scmp_filter_ctx ctx = filter_begin();
    int rc;

    if (!ctx)
        return -ENOMEM;
    rc = filter_allow(ctx, s->calls, s->n_calls);
    rc = rc ? rc : filter_allow_guests(ctx);
    rc =
        rc ? rc
           : filter_allow_each(ctx, SCMP_SYS(fcntl), 1, s->fcntls, s->n_fcntls);
    rc =
        rc ? rc
           : filter_allow_each(ctx, SCMP_SYS(ioctl), 1, s->ioctls, s->n_ioctls);
    return filter_end(ctx, rc);
}

/* Named, so that the C library does not look at its file again and again. */
static void read_time_zone(void)
{
    setenv("TZ", ":/etc/localtime", 0);
    tzset();
}

int sandbox_close(const struct pair *both, const struct sandbox *s)
{
    int rc = privileges_limit();

    read_time_zone();
    rc = rc ? rc : privileges_drop(s->uid);
    rc = rc ? rc : pair_end_with_parent(both);
    return rc ? rc : install_filter(s);
}
