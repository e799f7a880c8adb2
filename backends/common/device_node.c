/* SPDX-License-Identifier: MIT */
/*
 * See device_node.h. A device without a state node is none.
 */
#include "device_node.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LEN 256

int device_write(struct xs_handle *xs, const char *device, const char *key,
                 const char *value)
{
    char path[PATH_LEN], state_path[PATH_LEN], *state;
    xs_transaction_t t;
    unsigned int len;
    bool done;
    int rc;

    if (snprintf(path, PATH_LEN, "%s/%s", device, key) >= PATH_LEN ||
        snprintf(state_path, PATH_LEN, "%s/state", device) >= PATH_LEN)
        return -ENAMETOOLONG;
    do {
        t = xs_transaction_start(xs);
        if (t == XBT_NULL)
            return -errno;
        state = xs_read(xs, t, state_path, &len);
        rc = state && xs_write(xs, t, path, value, strlen(value)) ? 0 : -errno;
        free(state);
        done = xs_transaction_end(xs, t, rc != 0);
    } while (!done && errno == EAGAIN);
    return rc || done ? rc : -errno;
}
