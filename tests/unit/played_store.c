/* SPDX-License-Identifier: MIT */
/* See played_store.h. */
#include "played_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <xenstore.h>

#include "../../tools/libxenstore/reconnect.h"

struct played_node played_nodes[PLAYED_NODES];
bool played_watch_fired, played_refuses;
int played_transactions, played_open, played_store_error, played_reads,
    played_watches;

struct played_node *played_find(const char *path)
{
    for (int i = 0; i < PLAYED_NODES; i++)
        if (played_nodes[i].path && !strcmp(played_nodes[i].path, path))
            return &played_nodes[i];
    return NULL;
}

void played_put(const char *path, const char *value)
{
    struct played_node *n = played_find(path);

    for (int i = 0; !n && i < PLAYED_NODES; i++)
        if (!played_nodes[i].path)
            n = &played_nodes[i];
    if (!n)
        abort(); /* more room is needed */
    free(n->path);
    free(n->value);
    n->path = strdup(path);
    n->value = strdup(value);
}

void played_remove_below(const char *dir)
{
    for (int i = 0; i < PLAYED_NODES; i++)
        if (played_nodes[i].path &&
            !strncmp(played_nodes[i].path, dir, strlen(dir))) {
            free(played_nodes[i].path);
            free(played_nodes[i].value);
            played_nodes[i] = (struct played_node){0};
        }
}

struct xs_handle *xs_unconnected(void)
{
    return (struct xs_handle *)played_nodes;
}

int xs_connect(void)
{
    return open("/dev/null", O_RDWR); /* no socket: it need not answer first */
}

int xs_attach(struct xs_handle *h, int fd)
{
    close(fd);
    return 0;
}

void xs_detach(struct xs_handle *h)
{
}

void xs_close(struct xs_handle *h)
{
}

int xs_error(struct xs_handle *h)
{
    return played_store_error;
}

int xs_fileno(struct xs_handle *h)
{
    static int fd = -1;

    return fd < 0 ? fd = eventfd(0, 0) : fd;
}

bool xs_watch(struct xs_handle *h, const char *path, const char *token)
{
    played_watches++;
    return true;
}

bool xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
    return true;
}

char **xs_check_watch(struct xs_handle *h)
{
    errno = EAGAIN;
    if (!played_watch_fired)
        return NULL;
    played_watch_fired = false;
    return calloc(2, sizeof(char *));
}

xs_transaction_t xs_transaction_start(struct xs_handle *h)
{
    played_transactions++;
    played_open++;
    return 1;
}

/* Nothing is done in one that is not to last, and there is no other client. */
bool xs_transaction_end(struct xs_handle *h, xs_transaction_t t, bool abort)
{
    if (played_refuses && !abort) {
        errno = EACCES;
        return false;
    }
    played_open--;
    return true;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    struct played_node *n = played_find(path);

    played_reads++;
    errno = ENOENT;
    return n ? strdup(n->value) : NULL;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    char value[512];

    snprintf(value, sizeof(value), "%.*s", (int)len, (const char *)data);
    played_put(path, value);
    return true;
}

bool xs_rm(struct xs_handle *h, xs_transaction_t t, const char *path)
{
    played_remove_below(path);
    return true;
}
