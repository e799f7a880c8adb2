/* SPDX-License-Identifier: MIT */
/*
 * The transport of domains: a shared page with a ring of requests and a ring
 * of answers, and an event channel. The page belongs to a guest that may write
 * anything into it at any moment: our own two indices are kept here and only
 * copied there, the guest's two are read once per use and checked.
 *
 * Ours are copied at the end of a turn, with a journal after what the turn did
 * is in it (state.h). Until then bytes taken can be taken again, and bytes put
 * behind the published index do not exist for the guest.
 */
#ifndef XENSTORED_RING_H
#define XENSTORED_RING_H

#include "connection.h"

struct ring {
    struct connection *c;
    struct xenstore_domain_interface *page;
    uint32_t req_cons, rsp_prod; /* the store's */
    uint32_t error;              /* XENSTORE_ERROR_* to be published */
    uint64_t gfn;
    uint32_t remote_port;
    int port;
    bool masked; /* its event has come; another one waits for unmask() */
    bool worked; /* something to notify the guest of */
};

extern const struct transport ring_transport;

/* Shows the guest what has been done and tells it. What it has moved meanwhile
 * without an event gets a turn. */
void ring_publish(struct connection *c);

/* Connects a domain; NULL if its page or port cannot be had. */
struct connection *ring_connect(struct domain *d, uint64_t gfn, uint32_t port);
/* Binds to another port of the same domain. 0 or an errno value. */
int ring_rebind(struct connection *c, uint64_t gfn, uint32_t port);
/* Prepares a mapped page for use (also by tests). */
void ring_init(struct ring *r, struct xenstore_domain_interface *page);
/* From the journal: a connection of @d without a page, which is not to be
 * served before it is attached (0 or an errno value). */
int ring_restore(struct domain *d, const struct ring *saved);
/* Its page, which nobody has looked into: it may turn out to be another's, and
 * goes back, or it is taken up. Then its port, which may be bound before. 0 or
 * an errno value; an error that is not of the moment may look the same, so it
 * is to be tried again. Nothing is published. */
int ring_map(struct connection *c);
void ring_unmap(struct connection *c);
void ring_take_up(struct connection *c, bool damaged);
int ring_bind(struct connection *c);
/* It has both. */
bool ring_is_whole(const struct connection *c);
/* Without a page none of its guest's is mapped. */
bool ring_has_page(const struct connection *c);

/* The event of a port, which is masked: a turn for its domain. It is unmasked
 * when no further turn is to come. False: not a ring's port. */
bool ring_event(int port);

#endif
