/* SPDX-License-Identifier: MIT */
/*
 * A request's way: taken from the ring (copied, parsed) -> its pages found
 * mapped, or its data put into the copy batch -> queued to the medium, with a
 * flush before or after if asked for -> read data copied back -> answered.
 * Work is collected so that one pass over the ring makes at most one grant
 * copy call each way, one io_uring_enter and one event.
 */
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#define BATCH_PIECES 1024
#define BOUNCE_BYTES (BLOCK_MAX_SEGMENTS * GUEST_PAGE_SIZE)

static void start(struct block_queue *q, unsigned s);

static void respond(struct block_queue *q, uint64_t id, uint8_t operation,
                    int status)
{
    blkif_response_t rsp;

    memset(&rsp, 0, sizeof(rsp)); /* padding reaches the guest */
    rsp.id = id;
    rsp.operation = operation;
    rsp.status = status;
    back_ring_respond(&q->ring, &rsp, sizeof(rsp));
}

static void finish(struct block_queue *q, unsigned s, int status)
{
    struct block_inflight *f = q->inflight;

    if (status != BLKIF_RSP_OKAY)
        log_guest(&q->log, "request failed: operation %u, %llu bytes at %llu",
                  f->request[s].operation,
                  (unsigned long long)f->request[s].len,
                  (unsigned long long)f->request[s].offset);
    respond(q, f->request[s].id, f->request[s].operation, status);
    f->stage[s] = BLOCK_FREE;
    f->used--;
    if (q->barrier == (int)s)
        q->barrier = -1;
    else if (q->barrier >= 0 && f->stage[q->barrier] == BLOCK_TAKEN)
        start(q, q->barrier);
}

/* Does the copies collected so far; slots whose data has come in go on to the
 * medium, slots whose data has gone out are answered. */
static void run_copies(struct block_queue *q)
{
    unsigned n = q->nr_copying;

    if (!n)
        return;
    grant_batch_run(q->grants, &q->batch);
    q->nr_copying = 0;
    q->batch.used = 0; /* the statuses stay readable until pieces are added */
    for (unsigned i = 0; i < n; i++) {
        unsigned s = q->copying[i];
        struct block_job *j = &q->job[s];
        bool ok = true;

        for (unsigned k = 0; k < q->inflight->request[s].nr_segments; k++)
            ok = ok && grant_batch_ok(&q->batch, j->piece + k);
        if (!ok || q->inflight->stage[s] != BLOCK_COPYING_IN) {
            finish(q, s, ok ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR);
        } else {
            q->inflight->stage[s] = BLOCK_TAKEN;
            start(q, s);
        }
    }
}

static void copy(struct block_queue *q, unsigned s, bool from_guest)
{
    const struct block_request *r = &q->inflight->request[s];
    uint8_t *at = q->job[s].bounce;

    if (q->batch.used + r->nr_segments > q->batch.size)
        run_copies(q);
    q->job[s].piece = q->batch.used;
    for (unsigned i = 0; i < r->nr_segments; i++) {
        const struct block_segment *g = &r->seg[i];

        if (from_guest)
            grant_batch_from_guest(&q->batch, q->grants->domid, g->ref,
                                   g->offset, at, g->len);
        else
            grant_batch_to_guest(&q->batch, q->grants->domid, g->ref, g->offset,
                                 at, g->len);
        at += g->len;
    }
    q->copying[q->nr_copying++] = s;
}

/* Points the iovec into the guest's own pages, or into the bounce buffer. */
static int place_data(struct block_queue *q, unsigned s)
{
    const struct block_request *r = &q->inflight->request[s];
    struct block_job *j = &q->job[s];

    j->copied = !q->persistent;
    for (unsigned i = 0; i < r->nr_segments && !j->copied; i++) {
        uint8_t *page = block_page_get(&q->pages, r->seg[i].ref);

        j->copied = !page;
        j->iov[i].iov_base = page + r->seg[i].offset;
        j->iov[i].iov_len = r->seg[i].len;
    }
    j->io.iov = j->iov;
    j->io.nr_iov = r->nr_segments;
    if (!j->copied)
        return 0;
    if (!j->bounce) {
        void *m = mmap(NULL, BOUNCE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        if (m == MAP_FAILED)
            return -ENOMEM;
        j->bounce = m;
    }
    j->iov[0].iov_base = j->bounce;
    j->iov[0].iov_len = r->len;
    j->io.nr_iov = 1;
    return 0;
}

static void queue_io(struct block_queue *q, unsigned s, enum storage_op op)
{
    const struct block_request *r = &q->inflight->request[s];
    struct block_job *j = &q->job[s];

    j->io.op = op;
    j->io.offset = r->offset + j->done;
    j->io.len = r->len - j->done;
    storage_queue(q->disk, &j->io);
}

/* The next step of a request, as far as it goes without waiting. */
static void start(struct block_queue *q, unsigned s)
{
    static const enum storage_op transfer[] = {
        [BLOCK_READ] = STORAGE_READ,
        [BLOCK_WRITE] = STORAGE_WRITE,
        [BLOCK_DISCARD] = STORAGE_DISCARD,
    };
    const struct block_request *r = &q->inflight->request[s];
    enum block_stage *stage = &q->inflight->stage[s];

    if (*stage == BLOCK_TAKEN && r->barrier && q->inflight->used > 1)
        return; /* the last of the others starts it */
    if (*stage == BLOCK_TAKEN && r->flush_first) {
        *stage = BLOCK_FLUSH_FIRST;
        queue_io(q, s, STORAGE_FLUSH);
    } else if (*stage < BLOCK_TRANSFER && r->op != BLOCK_FLUSH) {
        *stage = BLOCK_TRANSFER;
        queue_io(q, s, transfer[r->op]);
    } else if (*stage < BLOCK_FLUSH_AFTER && r->flush_after) {
        *stage = BLOCK_FLUSH_AFTER;
        queue_io(q, s, STORAGE_FLUSH);
    } else if (r->op == BLOCK_READ && q->job[s].copied) {
        copy(q, s, false);
    } else {
        finish(q, s, BLKIF_RSP_OKAY);
    }
}

/* A transfer may come back short: the rest is asked for again. */
static bool transfer_again(struct block_queue *q, unsigned s, unsigned bytes)
{
    const struct block_request *r = &q->inflight->request[s];
    struct block_job *j = &q->job[s];

    j->done += bytes;
    if (j->done >= r->len)
        return false;
    while (bytes >= j->io.iov->iov_len) {
        bytes -= j->io.iov->iov_len;
        j->io.iov++;
        j->io.nr_iov--;
    }
    j->io.iov->iov_base = (uint8_t *)j->io.iov->iov_base + bytes;
    j->io.iov->iov_len -= bytes;
    queue_io(q, s, j->io.op);
    return true;
}

static void completed(struct block_queue *q, struct storage_io *io)
{
    unsigned s = container_of(io, struct block_job, io) - q->job;
    bool moves_data = io->op == STORAGE_READ || io->op == STORAGE_WRITE;

    if (io->result < 0 || (moves_data && io->result == 0)) {
        int err = io->result ? -io->result : EIO;

        log_guest(&q->log, "medium: %s", strerror(err));
        finish(q, s,
               err == EOPNOTSUPP ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR);
        return;
    }
    if (moves_data && transfer_again(q, s, io->result))
        return;
    start(q, s);
}

/* Segments of an indirect request: copied out of the guest's pages once. */
static int fetch_segments(struct block_queue *q, struct block_request *r)
{
    static struct blkif_request_segment
        segs[BLOCK_MAX_INDIRECT * SEGMENTS_PER_PAGE];
    struct grant_copy_batch b;
    xengnttab_grant_copy_segment_t piece[BLOCK_MAX_INDIRECT];
    unsigned left = r->nr_segments * sizeof(*segs);
    uint8_t *at = (uint8_t *)segs;

    b = (struct grant_copy_batch){.size = BLOCK_MAX_INDIRECT, .seg = piece};
    for (unsigned i = 0; i < r->nr_indirect; i++) {
        unsigned n = left < GUEST_PAGE_SIZE ? left : GUEST_PAGE_SIZE;
        void *page =
            q->persistent ? block_page_get(&q->pages, r->indirect[i]) : NULL;

        if (page)
            memcpy(at, page, n);
        else
            grant_batch_from_guest(&b, q->grants->domid, r->indirect[i], 0, at,
                                   n);
        at += n;
        left -= n;
    }
    __asm__ __volatile__("" ::: "memory"); /* the copy is what counts */
    grant_batch_run(q->grants, &b);
    for (unsigned i = 0; i < b.used; i++)
        if (!grant_batch_ok(&b, i))
            return BLKIF_RSP_ERROR;
    return block_request_segments(r, segs, r->nr_segments, &q->limits);
}

static unsigned free_slot(const struct block_inflight *f)
{
    unsigned s = 0;

    while (f->stage[s] != BLOCK_FREE)
        s++;
    return s;
}

static void take_one(struct block_queue *q)
{
    struct block_inflight *f = q->inflight;
    unsigned s = free_slot(f);
    struct block_request *r = &f->request[s];
    union block_ring_entry raw;
    int status;

    back_ring_take(&q->ring, &raw, sizeof(raw));
    status = block_request_parse(r, &raw, &q->limits);
    if (status == BLKIF_RSP_OKAY && r->nr_indirect)
        status = fetch_segments(q, r);
    if (status == BLKIF_RSP_OKAY && r->nr_segments && place_data(q, s))
        status = BLKIF_RSP_ERROR;
    if (status != BLKIF_RSP_OKAY) {
        log_guest(&q->log, "refused request: operation %u", r->operation);
        respond(q, r->id, r->operation, status);
        return;
    }
    q->job[s].done = 0;
    if (!r->nr_segments)
        q->job[s].copied = false;
    f->stage[s] = BLOCK_TAKEN;
    f->used++;
    if (r->barrier)
        q->barrier = s;
    if (r->op == BLOCK_WRITE && q->job[s].copied) {
        f->stage[s] = BLOCK_COPYING_IN;
        copy(q, s, true);
    } else {
        start(q, s);
    }
}

static bool may_take(const struct block_queue *q)
{
    return q->inflight->used < BLOCK_INFLIGHT && q->barrier < 0;
}

/* After a pass: come back, wait for the medium, or wait for the guest. */
static void settle(struct block_queue *q)
{
    int n = back_ring_pending(&q->ring);

    if (n == 0)
        n = back_ring_final_check(&q->ring);
    if (n < 0) {
        q->broken(q, "impossible ring indices");
        return;
    }
    if (n > 0) {
        if (may_take(q))
            event_work_queue(q->loop, &q->work);
        return; /* else a completion brings us here again */
    }
    if (q->port_masked) {
        q->port_masked = false;
        port_done(&q->port);
    }
}

static void serve(struct block_queue *q)
{
    struct storage_io *io;
    int n = back_ring_pending(&q->ring);

    if (n < 0) {
        q->broken(q, "impossible ring indices");
        return;
    }
    if (n > BLOCK_BUDGET)
        n = BLOCK_BUDGET;
    while (n-- > 0 && may_take(q))
        take_one(q);
    do {
        run_copies(q);
        storage_kick(q->disk);
        while ((io = storage_next_done(q->disk)))
            completed(q, io);
    } while (q->nr_copying);
    storage_kick(q->disk); /* what completions queued */
    if (back_ring_push(&q->ring))
        port_notify(&q->port);
    settle(q);
}

static void on_event(struct port *p)
{
    struct block_queue *q = container_of(p, struct block_queue, port);

    q->port_masked = true;
    serve(q);
}

static void on_completion(struct event_source *s, uint32_t events)
{
    serve(container_of(s, struct block_queue, completions));
}

static void on_work(struct event_work *w)
{
    serve(container_of(w, struct block_queue, work));
}

int block_queue_init(struct block_queue *q, struct event_loop *loop,
                     struct grants *grants, struct storage *disk)
{
    void *m;

    memset(q, 0, sizeof(*q));
    q->loop = loop;
    q->grants = grants;
    q->disk = disk;
    q->pages.grants = grants;
    q->completions.ready = on_completion;
    q->work.run = on_work;
    m = mmap(NULL, sizeof(*q->inflight), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED)
        return -errno;
    q->inflight = m;
    return grant_batch_init(&q->batch, BATCH_PIECES);
}

int block_queue_connect(struct block_queue *q, struct ports *ports,
                        const uint32_t *refs, unsigned nr_refs,
                        uint32_t remote_port, bool persistent)
{
    int rc;

    memset(q->inflight, 0, sizeof(*q->inflight));
    q->barrier = -1;
    q->nr_copying = q->batch.used = 0;
    q->persistent = persistent;
    q->ring_pages = nr_refs;
    q->ring_addr = grants_map(q->grants, refs, nr_refs);
    if (!q->ring_addr)
        return -errno;
    rc = back_ring_attach(&q->ring, q->ring_addr,
                          (size_t)nr_refs * GUEST_PAGE_SIZE, BLOCK_RING_ENTRY);
    if (!rc)
        rc =
            port_bind(ports, &q->port, q->grants->domid, remote_port, on_event);
    if (!rc) {
        q->completions.fd = q->disk->ring.ring_fd;
        rc = event_source_add(q->loop, &q->completions, EPOLLIN);
    }
    if (rc) {
        block_queue_disconnect(q);
        return rc;
    }
    /* Requests may be waiting; their event was for nobody. */
    q->port_masked = false;
    event_work_queue(q->loop, &q->work);
    return 0;
}

void block_queue_disconnect(struct block_queue *q)
{
    event_work_cancel(q->loop, &q->work);
    event_source_remove(q->loop, &q->completions);
    port_unbind(&q->port);
    /* The kernel may still be writing into the guest's pages. */
    storage_drain(q->disk);
    block_pages_unmap_all(&q->pages);
    grants_unmap(q->grants, q->ring_addr, q->ring_pages);
    q->ring_addr = NULL;
    for (unsigned i = 0; i < BLOCK_INFLIGHT; i++) {
        if (q->job[i].bounce)
            munmap(q->job[i].bounce, BOUNCE_BYTES);
        q->job[i].bounce = NULL;
    }
}
