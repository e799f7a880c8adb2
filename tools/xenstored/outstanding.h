/* SPDX-License-Identifier: MIT */
/*
 * Requests of a guest whose events wait for their readers. Beyond
 * QUOTA_OUTSTANDING of them no more of its requests are served: a reader that
 * is only slow would lose events of others for its sake. A request counts once
 * for each reader, however many watches that one has set: it would choose
 * otherwise who is stopped. One that changes many nodes counts once more for
 * each OUTSTANDING_CHANGES of them: a commit of as many as a device has is a
 * request like others, and one of a thousand is no way around. A reader that
 * hardly reads must not stop a guest for ever, so after a time the events that
 * still wait for it do not count, and neither do more of them until it has read
 * all: it is deaf. Each time that this happens again soon it is deaf for
 * longer. Domain 0 is free.
 */
#ifndef XENSTORED_OUTSTANDING_H
#define XENSTORED_OUTSTANDING_H

#include <stdbool.h>

#include "perms.h"

struct domain;

/* As many changed nodes as a request that changes one. */
#define OUTSTANDING_CHANGES 25

/* Part of struct domain; zeroed at first. */
struct outstanding {
    long requests;
    uint32_t epoch; /* those of earlier ones do not count any more */
    uint64_t since; /* ms: when there were none last */
};

/* Part of struct connection; zeroed at first. */
struct deafness {
    bool is;
    unsigned int times; /* that it was found, within a while */
    uint64_t found_ms;  /* the last time */
};

struct connection;

/* Who has caused an event that counts. */
struct cause {
    struct identity id; /* domain 0: nobody, or it does not count */
    uint32_t epoch;
};

/* How long waiting events count, in milliseconds; 0 is for ever. */
extern long outstanding_timeout;

/* A request of @d is served from now on, of a local client if NULL; of nobody
 * any more. */
void outstanding_begin(struct domain *d);
void outstanding_end(void);
/* The events that follow, if any, are of another changed node. */
void outstanding_change(void);
/* An event that waits from now on would have another guest held up until it has
 * been read. */
bool outstanding_is_paid(struct connection *reader);
/* An event waits, not yet in its reader's queue; it has been read or given up.
 */
struct cause outstanding_add(struct connection *reader);
void outstanding_drop(const struct cause *c);
/* No further request of @d is to be served now. */
bool outstanding_full(struct domain *d);

#endif
