/* SPDX-License-Identifier: MIT */
/*
 * Index arithmetic is on uint32_t and wraps on purpose; see ring.h for the
 * rules about trust.
 */
#include "ring.h"

#include <errno.h>
#include <string.h>

/* Layout of the shared page: four indices, padding to 64 bytes, entries. */
struct shared_indices {
    uint32_t req_prod;
    uint32_t req_event;
    uint32_t rsp_prod;
    uint32_t rsp_event;
};
#define ENTRIES_OFFSET 64

static volatile struct shared_indices *indices(const struct back_ring *r)
{
    return (volatile struct shared_indices *)r->shared;
}

static uint8_t *slot(const struct back_ring *r, uint32_t index)
{
    return r->shared + ENTRIES_OFFSET +
           (size_t)(index & (r->entries - 1)) * r->entry_size;
}

int back_ring_attach(struct back_ring *r, void *shared, size_t bytes,
                     uint32_t entry_size)
{
    uint32_t n = 1, req_prod, rsp_prod;

    if (!entry_size || bytes < ENTRIES_OFFSET + (size_t)entry_size)
        return -EINVAL;
    while ((size_t)n * 2 * entry_size <= bytes - ENTRIES_OFFSET)
        n *= 2;
    r->shared = shared;
    r->entries = n;
    r->entry_size = entry_size;
    req_prod = indices(r)->req_prod;
    rsp_prod = indices(r)->rsp_prod;
    if (req_prod - rsp_prod > n)
        return -EPROTO;
    r->req_cons = r->rsp_prod = rsp_prod;
    return 0;
}

int back_ring_resume(struct back_ring *r, uint32_t req_cons)
{
    if (req_cons - r->rsp_prod > r->entries)
        return -EPROTO;
    r->req_cons = req_cons;
    return 0;
}

int back_ring_pending(const struct back_ring *r)
{
    uint32_t waiting = indices(r)->req_prod - r->req_cons;

    if (waiting > r->entries - back_ring_unanswered(r))
        return -EPROTO;
    /* Pairs with the frontend's write barrier between request and req_prod. */
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return waiting;
}

void back_ring_take(struct back_ring *r, void *request, size_t len)
{
    memcpy(request, slot(r, r->req_cons++), len);
    /* The copy is final: the compiler may not go back to the shared page. */
    __asm__ __volatile__("" ::: "memory");
}

void back_ring_give_back(struct back_ring *r, uint32_t n)
{
    r->req_cons -= n;
}

void back_ring_respond(struct back_ring *r, const void *response, size_t len)
{
    memcpy(slot(r, r->rsp_prod++), response, len);
}

bool back_ring_push(struct back_ring *r)
{
    uint32_t old = indices(r)->rsp_prod, event;

    /* Responses before the index that announces them. */
    __atomic_thread_fence(__ATOMIC_RELEASE);
    indices(r)->rsp_prod = r->rsp_prod;
    /* Index before reading rsp_event: pairs with the frontend's full barrier
     * between writing rsp_event and reading rsp_prod. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    event = indices(r)->rsp_event;
    return r->rsp_prod - event < r->rsp_prod - old;
}

void back_ring_want(struct back_ring *r, uint32_t n)
{
    indices(r)->req_event = r->req_cons + n;
    /* Pairs with the frontend's full barrier between req_prod and req_event. */
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

int back_ring_final_check(struct back_ring *r)
{
    int n = back_ring_pending(r);

    if (n)
        return n;
    back_ring_want(r, 1);
    return back_ring_pending(r);
}
