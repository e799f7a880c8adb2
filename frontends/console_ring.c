/* SPDX-License-Identifier: MIT */
/* See console_ring.h. */
#include "console_ring.h"

#include <xen/io/console.h>

#define PATIENCE_NS 5000000000UL

static struct xencons_interface *ring;

void console_ring_init(void)
{
    long rc;

    if (start_info->flags & SIF_INITDOMAIN || !start_info->console.domU.mfn)
        return;
    ring = map_mfn(start_info->console.domU.mfn,
                   PTE_P | PTE_W | PTE_U | PTE_A | PTE_D, &rc);
}

/* Nonsense of the other side's is a full ring. */
static uint32_t room(void)
{
    uint32_t used =
        ring->out_prod - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE);

    return used < sizeof(ring->out) ? sizeof(ring->out) - used : 0;
}

static bool wait_for_room(uint32_t wanted)
{
    uint32_t port = start_info->console.domU.evtchn;
    uint64_t end = system_time() + PATIENCE_NS;

    while (room() < wanted && system_time() < end) {
        event_send(port);
        wait_event(port, PATIENCE_NS / 50);
        event_clear(port);
    }
    return room() >= wanted;
}

bool console_ring_write(const char *s, size_t n)
{
    if (!ring)
        return false;
    for (; n && wait_for_room(1); s++, n--) {
        ring->out[MASK_XENCONS_IDX(ring->out_prod, ring->out)] = *s;
        __atomic_store_n(&ring->out_prod, ring->out_prod + 1, __ATOMIC_RELEASE);
    }
    event_send(start_info->console.domU.evtchn);
    return true;
}

void console_ring_drain(void)
{
    if (ring)
        wait_for_room(sizeof(ring->out));
}
