/* SPDX-License-Identifier: MIT */
/*
 * The backend's end of a shared ring (public-headers io/ring.h), for any entry
 * size and any number of pages.
 *
 * The frontend can write every byte of the ring at any moment, so:
 *  - each index is read once into a local and judged there;
 *  - the distance between producer and consumer may not exceed what the ring
 *    can hold, less the requests not answered yet; anything else is -EPROTO
 *    and the caller closes that device, nothing else;
 *  - a request is copied out whole, once, and only the copy is looked at;
 *  - our own indices live in this structure; the shared copies are write-only.
 *
 * Every request taken owes exactly one response. Since a response reuses the
 * slot of a request already taken, nothing unread is ever overwritten.
 */
#ifndef BACKENDS_COMMON_RING_H
#define BACKENDS_COMMON_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct back_ring {
    uint8_t *shared;
    uint32_t entries; /* a power of two */
    uint32_t entry_size;
    uint32_t req_cons; /* requests taken */
    uint32_t rsp_prod; /* responses written, maybe not published */
};

/*
 * bytes: size of the mapping. Takes up where the responses in the ring end, so
 * that a backend can attach to a ring in use. -EINVAL: too small for an entry;
 * -EPROTO: the indices found there cannot be.
 */
int back_ring_attach(struct back_ring *r, void *shared, size_t bytes,
                     uint32_t entry_size);

/*
 * Takes up, after back_ring_attach(), what another process had taken and not
 * answered: requests up to req_cons, which may be any number. -EPROTO: more
 * than the ring can hold.
 */
int back_ring_resume(struct back_ring *r, uint32_t req_cons);

/* Requests waiting, or -EPROTO. */
int back_ring_pending(const struct back_ring *r);

/* The caller has seen at least one pending; len <= entry size. */
void back_ring_take(struct back_ring *r, void *request, size_t len);

/* The last n taken, on which nothing was done, wait again: they will be read
 * anew. */
void back_ring_give_back(struct back_ring *r, uint32_t n);

void back_ring_respond(struct back_ring *r, const void *response, size_t len);

/* Publishes the responses; true: the frontend wants an event. */
bool back_ring_push(struct back_ring *r);

/*
 * Asks for an event at the next request, then looks once more: what arrived
 * between the last look and the asking would otherwise wait for ever. Returns
 * like back_ring_pending().
 */
int back_ring_final_check(struct back_ring *r);

/* Asks for an event once n more requests than now taken are there. */
void back_ring_want(struct back_ring *r, uint32_t n);

static inline uint32_t back_ring_unanswered(const struct back_ring *r)
{
    return r->req_cons - r->rsp_prod;
}

#endif
