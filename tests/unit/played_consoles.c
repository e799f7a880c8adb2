/* SPDX-License-Identifier: MIT */
/* See played_consoles.h. */
#include "played_consoles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct played_guest played_guest[PLAYED_GUESTS];
bool played_maps, played_binds, played_lost;
const char *played_end;
unsigned int played_notified;
struct event_loop played_loop;

static struct store_client store;
static struct keep keep;
static struct grants grants;
static const struct console_options options = {.log_guests = true};
const struct console_services played_services = {
    &played_loop, &store, NULL, &grants, &keep, &options};

int played_begin(void)
{
    for (unsigned int i = 0; i < PLAYED_GUESTS; i++)
        played_guest[i] = (struct played_guest){calloc(1, PAGE_SIZE), 9};
    log_setup("test", LOG_LVL_ERROR);
    return event_loop_init(&played_loop);
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    const char *key = strrchr(path, '/') + 1;
    unsigned int domid;
    char value[16];

    played_lost |= played_end && !strcmp(key, played_end);
    if (played_lost || sscanf(path, "/local/domain/%u", &domid) != 1)
        return NULL;
    if (!strcmp(key, "type"))
        return strdup("xenconsoled");
    if (!strcmp(key, "name"))
        return strdup("g");
    snprintf(value, sizeof(value), "%u",
             played_guest[domid - PLAYED_FIRST].port);
    return strcmp(key, "port") ? NULL : strdup(value);
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    return true;
}

bool store_lost(const struct store_client *c)
{
    return played_lost;
}

void *grants_map(struct grants *g, const uint32_t *refs, unsigned int n)
{
    errno = ENOMEM;
    return played_maps ? played_guest[g->domid - PLAYED_FIRST].page : NULL;
}

void grants_unmap(struct grants *g, void *addr, unsigned int n)
{
}

int port_bind(struct ports *ps, struct port *p, uint32_t domid,
              evtchn_port_t remote, void (*event)(struct port *p))
{
    if (!played_binds)
        return -ENOMEM;
    p->local = remote;
    p->event = event;
    return 0;
}

void port_unbind(struct port *p)
{
    p->local = 0;
}

void port_notify(struct port *p)
{
    played_notified++;
}

void port_done(struct port *p)
{
}

void keep_put(struct keep *k, const char *name, const int *fds, int n)
{
}

void keep_drop(struct keep *k, const char *name)
{
}
