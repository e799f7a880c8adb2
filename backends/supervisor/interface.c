/* SPDX-License-Identifier: MIT */
/* See interface.h. */
#include "interface.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../common/store_client.h"
#include "../net/tap.h"

static char *read_node(struct devices *ds, const char *path, const char *key)
{
    char node[128];
    unsigned int len;

    snprintf(node, sizeof(node), "%s/%s", path, key);
    return xs_read(ds->store->xs, XBT_NULL, node, &len);
}

/* The name that the hotplug script has given it, once it is done. */
static char *new_name(struct devices *ds, const char *path)
{
    char *status = read_node(ds, path, "hotplug-status");
    bool done = status && !strcmp(status, "connected");

    free(status);
    return done ? read_node(ds, path, "vifname") : NULL;
}

int interface_keep(struct devices *ds, const char *path, bool fresh)
{
    unsigned int domid, devid;
    char *renamed;
    int fd;

    if (sscanf(path, "backend/vif/%u/%u", &domid, &devid) != 2)
        return -EINVAL;
    renamed = new_name(ds, path);
    fd = tap_keep(domid, devid, renamed, fresh);
    free(renamed);
    return fd;
}
