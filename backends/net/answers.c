/* SPDX-License-Identifier: MIT */
/* See answers.h. */
#include "answers.h"

#include <errno.h>
#include <string.h>

void net_answer(struct net_answers *a, const void *answer)
{
    memcpy(a->sealed->answer[a->n++], answer, a->size);
}

static bool put_out(struct net_answers *a)
{
    bool event;

    for (unsigned int i = 0; i < a->n; i++)
        back_ring_respond(a->ring, a->sealed->answer[i], a->size);
    event = back_ring_push(a->ring);
    record_store(&a->sealed->count, 0);
    a->n = 0;
    return event;
}

bool net_answers_publish(struct net_answers *a)
{
    if (!a->n)
        return false;
    a->sealed->index = a->ring->rsp_prod;
    record_store(&a->sealed->count, a->n);
    return put_out(a);
}

int net_answers_resume(struct net_answers *a)
{
    uint32_t n = a->sealed->count, ahead = a->ring->rsp_prod - a->sealed->index;
    int waiting = back_ring_pending(a->ring);

    if (!n || (n <= NET_RING_SIZE && ahead == n)) { /* published */
        a->sealed->count = 0;
        return 0;
    }
    if (ahead || waiting < 0 || n > (uint32_t)waiting)
        return -EPROTO;
    a->n = n;
    back_ring_resume(a->ring, a->ring->rsp_prod + n);
    put_out(a);
    return 0;
}
