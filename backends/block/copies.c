/* SPDX-License-Identifier: MIT */
/* See copies.h. */
#include "copies.h"

#include <string.h>

#include "job.h"

void block_copies_run(struct block_queue *q)
{
    unsigned int n = q->nr_copying;

    if (!n)
        return;
    grant_batch_run(q->share->grants, &q->batch);
    q->nr_copying = 0;
    q->batch.used = 0; /* the statuses stay readable until pieces are added */
    for (unsigned int i = 0; i < n; i++) {
        struct block_job *j = q->copying[i];
        bool ok = true;

        for (unsigned int k = 0; k < j->pieces; k++)
            ok = ok && grant_batch_ok(&q->batch, j->piece + k);
        block_job_copied(q, j, ok);
    }
}

/* Whole sectors. The library's way with a page takes half as many instructions
 * again where the processor has no fast string operations for bytes. */
static void copy_sectors(void *to, const void *from, size_t bytes)
{
    size_t words = bytes / 8;

    __asm__ __volatile__("rep movsq"
                         : "+D"(to), "+S"(from), "+c"(words)
                         :
                         : "memory");
}

bool block_copy(struct block_queue *q, struct block_job *j, bool from_guest)
{
    const struct block_request *r = &j->request;
    uint8_t *at = j->data;

    if (q->batch.used + r->nr_segments > q->batch.size)
        block_copies_run(q);
    j->piece = q->batch.used;
    for (unsigned int i = 0; i < r->nr_segments; at += r->seg[i++].len) {
        const struct block_segment *g = &r->seg[i];
        uint8_t *page =
            q->persistent ? block_page_get(&q->pages, g->ref) : NULL;

        if (page && from_guest)
            copy_sectors(at, page + g->offset, g->len);
        else if (page)
            copy_sectors(page + g->offset, at, g->len);
        else if (from_guest)
            grant_batch_from_guest(&q->batch, q->share->grants->domid, g->ref,
                                   g->offset, at, g->len);
        else
            grant_batch_to_guest(&q->batch, q->share->grants->domid, g->ref,
                                 g->offset, at, g->len);
    }
    j->pieces = q->batch.used - j->piece;
    if (j->pieces)
        q->copying[q->nr_copying++] = j;
    return !j->pieces;
}

int block_copy_segments(struct block_queue *q, struct block_request *r)
{
    static struct blkif_request_segment
        segs[BLOCK_MAX_INDIRECT * SEGMENTS_PER_PAGE];
    struct grant_copy_batch b;
    xengnttab_grant_copy_segment_t piece[BLOCK_MAX_INDIRECT];
    unsigned int left = r->nr_segments * sizeof(*segs);
    uint8_t *at = (uint8_t *)segs;

    b = (struct grant_copy_batch){.size = BLOCK_MAX_INDIRECT, .seg = piece};
    for (unsigned int i = 0; i < r->nr_indirect; i++) {
        unsigned int n = left < PAGE_SIZE ? left : PAGE_SIZE;
        void *page =
            q->persistent ? block_page_get(&q->pages, r->indirect[i]) : NULL;

        if (page)
            memcpy(at, page, n);
        else
            grant_batch_from_guest(&b, q->share->grants->domid, r->indirect[i],
                                   0, at, n);
        at += n;
        left -= n;
    }
    __asm__ __volatile__("" ::: "memory"); /* the copy is what counts */
    grant_batch_run(q->share->grants, &b);
    for (unsigned int i = 0; i < b.used; i++)
        if (!grant_batch_ok(&b, i))
            return BLKIF_RSP_ERROR;
    return block_request_segments(r, segs, r->nr_segments,
                                  &q->share->disk->limits);
}
