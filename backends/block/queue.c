/* SPDX-License-Identifier: MIT */
/*
 * A request's way: taken from the ring (copied, parsed) -> memory for its data
 * -> data to write copied in, from mapped pages at once, from others by a
 * batched grant copy -> queued to the medium, with a flush before or after if
 * asked for -> data read copied back -> answered. Work is collected so that one
 * pass over the ring makes at most one grant copy call each way, one
 * io_uring_enter and one event.
 */
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>

#define BATCH_PIECES 1024

static void start(struct block_queue *q, unsigned int s);

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

static void finish(struct block_queue *q, unsigned int s, int status)
{
    struct block_inflight *f = q->inflight;

    if (status != BLKIF_RSP_OKAY)
        log_warning("request failed: operation %u, %llu bytes at %llu",
                    f->request[s].operation,
                    (unsigned long long)f->request[s].len,
                    (unsigned long long)f->request[s].offset);
    respond(q, f->request[s].id, f->request[s].operation, status);
    block_pool_put(&q->pool, q->job[s].data, f->request[s].len);
    q->job[s].data = NULL;
    f->stage[s] = BLOCK_FREE;
    f->used--;
    if (q->starved >= 0)
        event_work_queue(q->loop, &q->work);
    if (q->barrier == (int)s)
        q->barrier = -1;
    else if (q->barrier >= 0 && f->stage[q->barrier] == BLOCK_TAKEN)
        start(q, q->barrier);
}

/* Does the copies collected so far; slots whose data has come in go on to the
 * medium, slots whose data has gone out are answered. */
static void run_copies(struct block_queue *q)
{
    unsigned int n = q->nr_copying;

    if (!n)
        return;
    grant_batch_run(q->grants, &q->batch);
    q->nr_copying = 0;
    q->batch.used = 0; /* the statuses stay readable until pieces are added */
    for (unsigned int i = 0; i < n; i++) {
        unsigned int s = q->copying[i];
        struct block_job *j = &q->job[s];
        bool ok = true;

        for (unsigned int k = 0; k < j->pieces; k++)
            ok = ok && grant_batch_ok(&q->batch, j->piece + k);
        if (!ok || q->inflight->stage[s] != BLOCK_COPYING_IN) {
            finish(q, s, ok ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR);
        } else {
            q->inflight->stage[s] = BLOCK_TAKEN;
            start(q, s);
        }
    }
}

/* Moves the data between the guest's pages and the pool. False: some of it
 * waits in the copy batch. */
static bool copy(struct block_queue *q, unsigned int s, bool from_guest)
{
    const struct block_request *r = &q->inflight->request[s];
    struct block_job *j = &q->job[s];
    uint8_t *at = j->data;

    if (q->batch.used + r->nr_segments > q->batch.size)
        run_copies(q);
    j->piece = q->batch.used;
    for (unsigned int i = 0; i < r->nr_segments; at += r->seg[i++].len) {
        const struct block_segment *g = &r->seg[i];
        uint8_t *page =
            q->persistent ? block_page_get(&q->pages, g->ref) : NULL;

        if (page && from_guest)
            memcpy(at, page + g->offset, g->len);
        else if (page)
            memcpy(page + g->offset, at, g->len);
        else if (from_guest)
            grant_batch_from_guest(&q->batch, q->grants->domid, g->ref,
                                   g->offset, at, g->len);
        else
            grant_batch_to_guest(&q->batch, q->grants->domid, g->ref, g->offset,
                                 at, g->len);
    }
    j->pieces = q->batch.used - j->piece;
    if (j->pieces)
        q->copying[q->nr_copying++] = s;
    return !j->pieces;
}

static void queue_io(struct block_queue *q, unsigned int s, enum storage_op op)
{
    const struct block_request *r = &q->inflight->request[s];
    struct block_job *j = &q->job[s];

    j->io.op = op;
    j->io.data = j->data + j->done;
    j->io.offset = r->offset + j->done;
    j->io.len = r->len - j->done;
    storage_queue(q->disk, &j->io);
}

/* The next step of a request, as far as it goes without waiting. */
static void start(struct block_queue *q, unsigned int s)
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
    } else if (r->op != BLOCK_READ || copy(q, s, false)) {
        finish(q, s, BLKIF_RSP_OKAY);
    }
}

/* A transfer may come back short: the rest is asked for again. */
static bool transfer_again(struct block_queue *q, unsigned int s,
                           unsigned int bytes)
{
    const struct block_request *r = &q->inflight->request[s];
    struct block_job *j = &q->job[s];

    j->done += bytes;
    if (j->done >= r->len)
        return false;
    queue_io(q, s, j->io.op);
    return true;
}

static void completed(struct block_queue *q, struct storage_io *io)
{
    unsigned int s = container_of(io, struct block_job, io) - q->job;
    bool moves_data = io->op == STORAGE_READ || io->op == STORAGE_WRITE;

    if (io->result < 0 || (moves_data && io->result == 0)) {
        int err = io->result ? -io->result : EIO;

        log_warning("medium: %s", strerror(err));
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
            grant_batch_from_guest(&b, q->grants->domid, r->indirect[i], 0, at,
                                   n);
        at += n;
        left -= n;
    }
    __asm__ __volatile__("" ::: "memory"); /* the copy is what counts */
    grant_batch_run(q->grants, &b);
    for (unsigned int i = 0; i < b.used; i++)
        if (!grant_batch_ok(&b, i))
            return BLKIF_RSP_ERROR;
    return block_request_segments(r, segs, r->nr_segments, &q->limits);
}

static unsigned int free_slot(const struct block_inflight *f)
{
    unsigned int s = 0;

    while (f->stage[s] != BLOCK_FREE)
        s++;
    return s;
}

/* Memory, then data, then the medium. Without memory nothing is taken from the
 * ring until a request that ends makes this one be tried again. */
static void begin(struct block_queue *q, unsigned int s)
{
    const struct block_request *r = &q->inflight->request[s];
    struct block_job *j = &q->job[s];

    q->starved = -1;
    if (r->nr_segments) {
        j->data = block_pool_get(&q->pool, r->len);
        if (!j->data) {
            q->starved = s;
            return;
        }
    }
    if (r->op != BLOCK_WRITE || copy(q, s, true)) {
        q->inflight->stage[s] = BLOCK_TAKEN;
        start(q, s);
    }
}

static void take_one(struct block_queue *q)
{
    struct block_inflight *f = q->inflight;
    unsigned int s = free_slot(f);
    struct block_request *r = &f->request[s];
    union block_ring_entry raw;
    int status;

    back_ring_take(&q->ring, &raw, sizeof(raw));
    status = block_request_parse(r, &raw, &q->limits);
    if (status == BLKIF_RSP_OKAY && r->nr_indirect)
        status = fetch_segments(q, r);
    if (status != BLKIF_RSP_OKAY) {
        log_warning("refused request: operation %u", r->operation);
        respond(q, r->id, r->operation, status);
        return;
    }
    f->stage[s] = BLOCK_COPYING_IN;
    f->used++;
    q->job[s].done = 0;
    if (r->barrier)
        q->barrier = s;
    begin(q, s);
}

static bool may_take(const struct block_queue *q)
{
    return q->inflight->used < BLOCK_INFLIGHT && q->barrier < 0 &&
           q->starved < 0;
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
    if (q->starved >= 0)
        begin(q, q->starved);
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
    int rc;

    memset(q, 0, sizeof(*q));
    q->loop = loop;
    q->grants = grants;
    q->disk = disk;
    q->pages.grants = grants;
    q->barrier = q->starved = -1;
    q->completions.ready = on_completion;
    q->work.run = on_work;
    m = mmap(NULL, sizeof(*q->inflight), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED)
        return -errno;
    q->inflight = m;
    rc = block_pool_init(&q->pool);
    return rc ? rc : grant_batch_init(&q->batch, BATCH_PIECES);
}

int block_queue_connect(struct block_queue *q, struct ports *ports,
                        const uint32_t *refs, unsigned int nr_refs,
                        uint32_t remote_port, bool persistent)
{
    int rc;

    memset(q->inflight, 0, sizeof(*q->inflight));
    q->barrier = q->starved = -1;
    q->nr_copying = q->batch.used = 0;
    q->persistent = persistent;
    q->ring_pages = nr_refs;
    q->ring_addr = grants_map(q->grants, refs, nr_refs);
    if (!q->ring_addr)
        return -errno;
    rc = back_ring_attach(&q->ring, q->ring_addr, (size_t)nr_refs * PAGE_SIZE,
                          BLOCK_RING_ENTRY);
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
    for (unsigned int i = 0; i < BLOCK_INFLIGHT; i++)
        if (q->inflight->stage[i] != BLOCK_FREE) {
            block_pool_put(&q->pool, q->job[i].data,
                           q->inflight->request[i].len);
            q->job[i].data = NULL;
            q->inflight->stage[i] = BLOCK_FREE;
        }
    q->inflight->used = 0;
}
