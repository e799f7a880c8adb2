/* SPDX-License-Identifier: MIT */
/*
 * Answers of one pass over a ring, which go out together: they are collected,
 * sealed in the record, written into the ring and published. Until they are
 * sealed the ring still holds every request that has no published answer, as
 * the guest wrote it, so the successor of a process that is killed takes it up
 * again; of a frame that costs a repetition or a loss, as networks do. After
 * that the successor writes the same answers. Either way each request is
 * answered once.
 */
#ifndef BACKENDS_NET_ANSWERS_H
#define BACKENDS_NET_ANSWERS_H

#include "../common/record.h"
#include "../common/ring.h"

#define NET_RING_SIZE  256 /* slots of a ring */
#define NET_ANSWER_MAX 12  /* bytes */

/* Part of the record. */
struct net_sealed {
    uint32_t count; /* 0: nothing is sealed */
    uint32_t index; /* of the first one's slot */
    uint8_t answer[NET_RING_SIZE][NET_ANSWER_MAX];
};

struct net_answers {
    struct back_ring *ring;
    struct net_sealed *sealed;
    unsigned int size; /* bytes of each */
    unsigned int n;    /* collected */
};

/* One of as many as were taken from the ring in this pass. */
void net_answer(struct net_answers *a, const void *answer);
/* Seals and publishes what was collected, if anything. True: the frontend wants
 * an event. */
bool net_answers_publish(struct net_answers *a);

/*
 * After back_ring_attach(): publishes what another process had sealed. The
 * record may contain anything. -EPROTO: it does not fit the ring.
 */
int net_answers_resume(struct net_answers *a);

#endif
