/* SPDX-License-Identifier: MIT */
/*
 * The host's end of an interface as the host's administrator changes it: its
 * MTU, its bridge. The process lives in a network of its own and cannot look;
 * it has a socket from before, which receives what the kernel says of this
 * interface and nothing else, for good.
 */
#ifndef BACKENDS_NET_LINK_H
#define BACKENDS_NET_LINK_H

#include <stdint.h>

#include <daemon/event_loop.h>

struct link {
    struct event_source source; /* fd below 0: not open */
    struct event_loop *loop;
    uint32_t mtu;    /* 0: not known */
    uint32_t bridge; /* its number; 0: it is on none */
    void (*changed)(struct link *l);
};

/* As root; again after link_close(). Without it what is changed is not
 * followed, which is logged. */
void link_open(struct link *l, struct event_loop *loop, const char *name);
void link_close(struct link *l);

/* What a message of the kernel says: the number of this attribute (IFLA_*), 0
 * if it says nothing of it. The message may be anything. */
uint32_t link_number_in(const void *message, unsigned int bytes,
                        unsigned int attribute);

#endif
