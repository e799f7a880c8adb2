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

void console_ring_copy(const struct xencons_interface *ring, char *to,
                       uint32_t first, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = ring->out[MASK_XENCONS_IDX(first + i, ring->out)];
}

ssize_t console_ring_peek(const struct xencons_interface *ring, char *to,
                          uint32_t *first)
{
    XENCONS_RING_IDX cons = peek(&ring->out_cons), prod = peek(&ring->out_prod);
    uint32_t n = prod - cons;

    if (n > sizeof(ring->out))
        return -EPROTO;
    /* Pairs with the guest's barrier between its text and out_prod. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    console_ring_copy(ring, to, cons, n);
    *first = cons;
    return n;
}

void console_ring_taken(struct xencons_interface *ring, uint32_t end)
{
    /* The text is read before the guest may write over it. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    *(volatile XENCONS_RING_IDX *)&ring->out_cons = end;
}

uint32_t console_ring_position(const struct xencons_interface *ring)
{
    return peek(&ring->out_cons);
}

bool console_ring_agrees(const struct xencons_interface *ring, uint32_t end)
{
    return end - peek(&ring->out_cons) <= sizeof(ring->out) &&
           peek(&ring->out_prod) - end <= sizeof(ring->out);
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
