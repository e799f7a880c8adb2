/* SPDX-License-Identifier: MIT */
/*
 * Console ring arithmetic; see ring.h.
 */
#include "ring.h"

#include <errno.h>

/* One read of a shared index. */
static XENCONS_RING_IDX peek(const XENCONS_RING_IDX *index)
{
    return *(const volatile XENCONS_RING_IDX *)index;
}

ssize_t console_ring_take(struct xencons_interface *ring, char *to)
{
    XENCONS_RING_IDX cons = peek(&ring->out_cons), prod = peek(&ring->out_prod);
    uint32_t n = prod - cons;

    if (n > sizeof(ring->out))
        return -EPROTO;
    /* Pairs with the guest's barrier between its text and out_prod. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    for (uint32_t i = 0; i < n; i++)
        to[i] = ring->out[MASK_XENCONS_IDX(cons + i, ring->out)];
    /* The text is read before the guest may write over it. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *(volatile XENCONS_RING_IDX *)&ring->out_cons = prod;
    return n;
}

ssize_t console_ring_room(struct xencons_interface *ring)
{
    uint32_t used = peek(&ring->in_prod) - peek(&ring->in_cons);

    return used > sizeof(ring->in) ? -EPROTO
                                   : (ssize_t)(sizeof(ring->in) - used);
}

void console_ring_put(struct xencons_interface *ring, const char *from,
                      size_t len)
{
    XENCONS_RING_IDX prod = peek(&ring->in_prod);

    for (size_t i = 0; i < len; i++)
        ring->in[MASK_XENCONS_IDX(prod + i, ring->in)] = from[i];
    /* Pairs with the guest's barrier between in_prod and the text. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    *(volatile XENCONS_RING_IDX *)&ring->in_prod = prod + len;
}
