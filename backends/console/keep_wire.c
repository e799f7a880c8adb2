/* SPDX-License-Identifier: MIT */
/* See keep_wire.h. */
#include "keep_wire.h"

#include <errno.h>
#include <unistd.h>

#include <daemon/fd_message.h>

int keep_send(int socket, const struct keep_message *m, const int *fds, int n)
{
    return fd_message_send(socket, m, sizeof(*m), fds, n, 0);
}

int keep_receive(int socket, struct keep_message *m, int fds[KEEP_FDS])
{
    int n = KEEP_FDS, len = fd_message_receive(socket, m, sizeof(*m), fds, &n);

    if (len != (int)sizeof(*m)) {
        while (n)
            close(fds[--n]);
        return len < 0 ? len : -ENOTCONN;
    }
    m->name[sizeof(m->name) - 1] = 0;
    return n;
}
