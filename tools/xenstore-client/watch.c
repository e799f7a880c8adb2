/* SPDX-License-Identifier: MIT */
/* watch: print the path of each event. */
#include <stdlib.h>

#include "client.h"

int command_watch(struct context *c, int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (!xs_watch(c->xs, argv[i], argv[i]))
            return complain(c, "%s cannot be watched", argv[i]);
    for (; c->number && !ferror(stdout); c->number -= c->number > 0) {
        unsigned int num;
        char **event = xs_read_watch(c->xs, &num);

        if (!event)
            return complain(c, "the connection to xenstored has ended");
        printf("%s\n", event[XS_WATCH_PATH]);
        fflush(stdout);
        free(event);
    }
    return 0;
}
