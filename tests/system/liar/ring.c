/* SPDX-License-Identifier: MIT */
/* Rings by their words, without the interface's own macros, which are honest.
 */
#include "liar.h"

#define HEAD 64 /* bytes before the first slot */
enum word { REQ_PROD, REQ_EVENT, RSP_PROD, RSP_EVENT, NR_WORDS };

void ring_begin(struct ring *r, void *pages, unsigned int nr_pages,
                unsigned int slot_size)
{
    size_t room = nr_pages * PAGE_SIZE - HEAD;

    memset(pages, 0, nr_pages * PAGE_SIZE);
    *r = (struct ring){.page = pages, .size = slot_size, .slots = 1};
    while (r->slots * 2 * slot_size <= room)
        r->slots *= 2;
    r->page[REQ_EVENT] = r->page[RSP_EVENT] = 1;
}

void *ring_slot(struct ring *r, uint32_t at)
{
    return (uint8_t *)r->page + HEAD + at % r->slots * r->size;
}

/* The other vcpu may have written into the index. */
unsigned int ring_room(struct ring *r)
{
    uint32_t used = r->prod - r->page[RSP_PROD];

    return used <= r->slots ? r->slots - used : 1;
}

uint32_t ring_answers(struct ring *r)
{
    mb();
    return r->page[RSP_PROD];
}

void ring_push(struct ring *r)
{
    r->page[RSP_EVENT] = r->page[RSP_PROD] + 1;
    mb();
    r->page[REQ_PROD] = r->prod;
    mb();
}

void ring_distort(struct ring *r)
{
    r->page[below(NR_WORDS)] =
        once_in(2) ? any() : r->prod + below(2 * r->slots);
    mb();
}
