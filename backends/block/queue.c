/* SPDX-License-Identifier: MIT */
/*
 * A request's way: taken from the ring (copied, parsed) -> memory for its data
 * -> data to write copied in, from mapped pages at once, from others by a
 * batched grant copy -> queued to the medium, with a flush before or after if
 * asked for -> data read copied back -> answered. A medium in memory copies
 * from and to mapped pages itself, without memory for it here. Work is
 * collected so that one pass over the ring makes at most one grant copy call
 * each way, one io_uring_enter and one event.
 */
#include "queue.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#define BATCH_PIECES 1024
#define NO_ROOM_MS   500   /* between looks at a full file system */
#define KICK_MS      10    /* between tries to hand I/O to the kernel */
#define LARGE_MS     10000 /* for a pool that was large once */
#define BROKEN_RING  "the guest claims more requests than the ring has slots"

static void start(struct block_queue *q, struct block_job *j);

static void respond(struct block_queue *q, struct block_job *j, int status)
{
    blkif_response_t rsp;

    memset(&rsp, 0, sizeof(rsp)); /* padding reaches the guest */
    rsp.id = j->request.id;
    rsp.operation = j->request.operation;
    rsp.status = status;
    j->record->response = q->ring.rsp_prod;
    record_store(&j->record->state, BLOCK_RECORD_ANSWERED);
    back_ring_respond(&q->ring, &rsp, sizeof(rsp));
    q->answered[q->nr_answered++] = j;
}

/* True: the frontend wants an event. The jobs are free only now: until here the
 * guest might have had to be answered by another process. */
static bool publish(struct block_queue *q)
{
    bool event = back_ring_push(&q->ring);

    while (q->nr_answered) {
        struct block_job *j = q->answered[--q->nr_answered];

        record_store(&j->record->state, BLOCK_RECORD_FREE);
        q->free[q->nr_free++] = j;
    }
    return event;
}

static const char *const op_name[] = {
    [BLOCK_READ] = "read",
    [BLOCK_WRITE] = "write",
    [BLOCK_FLUSH] = "flush",
    [BLOCK_DISCARD] = "discard",
};

static void end_wait(struct block_queue *q, struct block_job *j)
{
    if (j->waited && !--q->share->waiting)
        q->share->waits(q->share, 0);
    j->waited = false;
}

static void count(struct block_queue *q, const struct block_request *r)
{
    struct record_counts *c = &q->share->record->head.counts;

    if (r->op == BLOCK_READ)
        record_count(&c->to_guest, r->len);
    else if (r->op == BLOCK_WRITE)
        record_count(&c->from_guest, r->len);
}

static void release(struct block_queue *q, struct block_job *j)
{
    end_wait(q, j);
    block_pool_put(&q->share->pool, j->data, j->request.len);
    j->data = NULL;
    j->stage = BLOCK_FREE;
    q->used--;
}

static void finish(struct block_queue *q, struct block_job *j, int status)
{
    const struct block_request *r = &j->request;

    if (status != BLKIF_RSP_OKAY)
        log_warning("the guest's %s of %llu bytes at offset %llu failed, and "
                    "the guest was told so",
                    op_name[r->op], (unsigned long long)r->len,
                    (unsigned long long)r->offset);
    else
        count(q, r);
    respond(q, j, status);
    release(q, j);
    if (q->share->starved)
        event_work_queue(q->share->loop, &q->share->starved->queue->work);
    if (q->barrier == j)
        q->barrier = NULL;
    else if (q->barrier && q->barrier->stage == BLOCK_TAKEN)
        start(q, q->barrier);
}

/* Does the copies collected so far; jobs whose data has come in go on to the
 * medium, jobs whose data has gone out are answered. */
static void run_copies(struct block_queue *q)
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
        if (!ok || j->stage != BLOCK_COPYING_IN) {
            finish(q, j, ok ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR);
        } else {
            j->stage = BLOCK_TAKEN;
            start(q, j);
        }
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

/* Moves the data between the guest's pages and the pool. False: some of it
 * waits in the copy batch. */
static bool copy(struct block_queue *q, struct block_job *j, bool from_guest)
{
    const struct block_request *r = &j->request;
    uint8_t *at = j->data;

    if (q->batch.used + r->nr_segments > q->batch.size)
        run_copies(q);
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

/* Where the guest has what is still to be moved, into q->iov. The number of
 * pieces; 0: it cannot be done so. */
static unsigned int in_place(struct block_queue *q, const struct block_job *j)
{
    const struct block_request *r = &j->request;
    uint64_t done = j->done;
    unsigned int n = 0;

    if (!q->share->disk->in_memory || !q->persistent)
        return 0;
    for (unsigned int i = 0; i < r->nr_segments; i++) {
        const struct block_segment *g = &r->seg[i];
        uint8_t *page = block_page_get(&q->pages, g->ref);

        if (!page)
            return 0;
        if (done < g->len)
            q->iov[n++] =
                (struct iovec){page + g->offset + done, g->len - done};
        done -= done < g->len ? done : g->len;
    }
    return n;
}

static void to_medium(struct block_queue *q, struct block_job *j)
{
    j->at_medium = true;
    storage_queue(q->share->disk, &j->io);
}

static void queue_io(struct block_queue *q, struct block_job *j,
                     enum storage_op op)
{
    j->io.op = op;
    j->io.data = j->data ? j->data + j->done : NULL;
    j->io.iov = q->iov;
    j->io.nr = j->data ? 0 : in_place(q, j);
    j->io.offset = j->request.offset + j->done;
    j->io.len = j->request.len - j->done;
    to_medium(q, j);
}

/* The next step of a request, as far as it goes without waiting. */
static void start(struct block_queue *q, struct block_job *j)
{
    static const enum storage_op transfer[] = {
        [BLOCK_READ] = STORAGE_READ,
        [BLOCK_WRITE] = STORAGE_WRITE,
        [BLOCK_DISCARD] = STORAGE_DISCARD,
    };
    const struct block_request *r = &j->request;

    if (j->stage == BLOCK_TAKEN && r->barrier && q->used > 1)
        return; /* the last of the others starts it */
    if (j->stage == BLOCK_TAKEN && r->flush_first) {
        j->stage = BLOCK_FLUSH_FIRST;
        queue_io(q, j, STORAGE_FLUSH);
    } else if (j->stage < BLOCK_TRANSFER && r->op != BLOCK_FLUSH) {
        j->stage = BLOCK_TRANSFER;
        queue_io(q, j, r->secure ? STORAGE_DISCARD_SECURE : transfer[r->op]);
    } else if (j->stage < BLOCK_FLUSH_AFTER && r->flush_after) {
        j->stage = BLOCK_FLUSH_AFTER;
        queue_io(q, j, STORAGE_FLUSH);
    } else if (r->op != BLOCK_READ || !j->data || copy(q, j, false)) {
        finish(q, j, BLKIF_RSP_OKAY);
    }
}

/* A transfer may come back short: the rest is asked for again. */
static bool transfer_again(struct block_queue *q, struct block_job *j,
                           unsigned int bytes)
{
    j->done += bytes;
    if (j->done >= j->request.len)
        return false;
    queue_io(q, j, j->io.op);
    return true;
}

/* A guest takes an error for a broken disk, but room can be made. So it waits,
 * as QEMU's disks do. */
static bool wait_for_room(struct block_queue *q, struct block_job *j, int err)
{
    if (j->io.op != STORAGE_WRITE || (err != ENOSPC && err != EDQUOT))
        return false;
    if (!q->share->again.armed)
        event_timer_set(q->share->loop, &q->share->again, NO_ROOM_MS);
    if (!j->waited && !q->share->waiting++)
        q->share->waits(q->share, err);
    j->waited = true;
    j->stage = BLOCK_NO_ROOM;
    return true;
}

static void completed(struct block_queue *q, struct storage_io *io)
{
    struct block_job *j = container_of(io, struct block_job, io);
    bool moves_data = io->op == STORAGE_READ || io->op == STORAGE_WRITE;

    j->at_medium = false;
    if (j->stage == BLOCK_FORGOTTEN) {
        release(q, j);
        return;
    }
    if (io->result < 0 || (moves_data && io->result == 0)) {
        int err = io->result ? -io->result : EIO;

        if (wait_for_room(q, j, err))
            return;
        log_warning("I/O error on the disk's file or device: %s",
                    strerror(err));
        finish(q, j,
               err == EOPNOTSUPP ? BLKIF_RSP_EOPNOTSUPP : BLKIF_RSP_ERROR);
        return;
    }
    if (moves_data && transfer_again(q, j, io->result))
        return;
    start(q, j);
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

static bool get_memory(struct block_queue *q, struct block_job *j)
{
    struct block_share *s = q->share;

    j->data = block_pool_get(&s->pool, j->request.len);
    if (j->data && s->starved == j) {
        s->starved = NULL;
        for (unsigned int i = 0; i < s->nr_queues; i++)
            event_work_queue(s->loop, &s->queue[i]->work);
    } else if (!j->data) {
        s->starved = j;
    }
    return j->data;
}

/* Memory, then data, then the medium. Without memory nothing is taken from any
 * ring until a request that ends makes this one be tried again. */
static void begin(struct block_queue *q, struct block_job *j)
{
    const struct block_request *r = &j->request;

    if (r->nr_segments && (q->share->starved == j || !in_place(q, j)) &&
        !get_memory(q, j))
        return;
    if (r->op != BLOCK_WRITE || !j->data || copy(q, j, true)) {
        j->stage = BLOCK_TAKEN;
        start(q, j);
    }
}

/* Its request is in the record. */
static void admit(struct block_queue *q, struct block_job *j)
{
    struct block_request *r = &j->request;
    int status =
        block_request_parse(r, &j->record->raw, &q->share->disk->limits);

    if (status == BLKIF_RSP_OKAY && r->nr_indirect)
        status = fetch_segments(q, r);
    if (status != BLKIF_RSP_OKAY) {
        log_warning("refused a request of the guest (operation %u): %s",
                    r->operation,
                    status == BLKIF_RSP_EOPNOTSUPP
                        ? "the disk does not support it"
                        : "it breaks the protocol or the disk's limits");
        respond(q, j, status);
        return;
    }
    j->stage = BLOCK_COPYING_IN;
    j->done = 0;
    q->used++;
    if (r->barrier)
        q->barrier = j;
    begin(q, j);
}

static void take_one(struct block_queue *q)
{
    struct block_job *j = q->free[--q->nr_free];

    j->record->request = q->ring.req_cons;
    back_ring_take(&q->ring, &j->record->raw, sizeof(j->record->raw));
    record_store(&j->record->state, BLOCK_RECORD_TAKEN);
    record_store(&q->record->req_cons, q->ring.req_cons);
    admit(q, j);
}

static bool may_admit(const struct block_queue *q)
{
    return !q->barrier && !q->share->starved;
}

static bool may_take(const struct block_queue *q)
{
    return may_admit(q) && q->nr_free && q->next_owed == q->nr_owed;
}

/* After a pass: come back, wait for the medium, or wait for the guest. */
static void settle(struct block_queue *q)
{
    int n = back_ring_pending(&q->ring);

    if (q->next_owed < q->nr_owed) {
        if (may_admit(q))
            event_work_queue(q->share->loop, &q->work);
        return;
    }
    if (n == 0)
        n = back_ring_final_check(&q->ring);
    if (n < 0) {
        q->share->broken(q->share, BROKEN_RING);
        return;
    }
    if (n > 0) {
        if (may_take(q))
            event_work_queue(q->share->loop, &q->work);
        return; /* else a completion calls this function again */
    }
    if (q->port_masked) {
        q->port_masked = false;
        port_done(&q->port);
    }
}

static void kick(struct block_share *s)
{
    if (!storage_kick(s->disk))
        event_timer_set(s->loop, &s->kick, KICK_MS);
}

static void on_shrink(struct event_timer *t)
{
    struct block_share *s = container_of(t, struct block_share, shrink);

    block_pool_shrink(&s->pool);
    if (s->pool.grown)
        event_timer_set(s->loop, t, LARGE_MS);
}

/* For all queues; those that q is not have another turn. */
static void take_finished(struct block_share *s, const struct block_queue *q)
{
    struct storage_io *io;

    while ((io = storage_next_done(s->disk))) {
        struct block_queue *of = container_of(io, struct block_job, io)->queue;

        completed(of, io);
        if (of != q && of->ring_addr)
            event_work_queue(s->loop, &of->work);
    }
}

static void serve(struct block_queue *q)
{
    struct block_job *starved = q->share->starved;
    int n = back_ring_pending(&q->ring);

    if (n < 0) {
        q->share->broken(q->share, BROKEN_RING);
        return;
    }
    if (starved && starved->queue == q)
        begin(q, starved);
    while (q->next_owed < q->nr_owed && may_admit(q))
        admit(q, q->owed[q->next_owed++]);
    if (n > BLOCK_BUDGET)
        n = BLOCK_BUDGET;
    if (n > 0)
        port_used(&q->port);
    while (n-- > 0 && may_take(q))
        take_one(q);
    do {
        run_copies(q);
        kick(q->share);
        take_finished(q->share, q);
    } while (q->nr_copying);
    kick(q->share); /* what completions queued */
    if (publish(q))
        port_notify(&q->port);
    if (q->share->pool.grown && !q->share->shrink.armed)
        event_timer_set(q->share->loop, &q->share->shrink, LARGE_MS);
    settle(q);
}

static void on_event(struct port *p)
{
    struct block_queue *q = container_of(p, struct block_queue, port);

    q->port_masked = true;
    serve(q);
}

/* Without a guest. */
static void reap(struct block_share *s)
{
    take_finished(s, NULL);
    kick(s); /* what was left, and what is tried again */
    if (block_share_busy(s))
        return;
    event_timer_cancel(s->loop, &s->kick);
    event_timer_cancel(s->loop, &s->shrink);
    block_pool_shrink(&s->pool);
    event_source_remove(s->loop, &s->completions);
    s->nr_queues = 0;
}

static void medium_moves(struct block_share *s)
{
    if (s->queue[0]->ring_addr) {
        serve(s->queue[0]);
        return;
    }
    reap(s);
    if (!s->nr_queues)
        s->quiet(s);
}

static void on_completion(struct event_source *e, uint32_t events)
{
    medium_moves(container_of(e, struct block_share, completions));
}

static void on_kick(struct event_timer *t)
{
    medium_moves(container_of(t, struct block_share, kick));
}

static void on_work(struct event_work *w)
{
    serve(container_of(w, struct block_queue, work));
}

static void write_again(struct block_queue *q)
{
    for (struct block_job *j = q->job; j < q->job + BLOCK_INFLIGHT; j++)
        if (j->stage == BLOCK_NO_ROOM) {
            j->stage = BLOCK_TRANSFER;
            queue_io(q, j, STORAGE_WRITE);
        }
    event_work_queue(q->share->loop, &q->work);
}

static void on_again(struct event_timer *t)
{
    struct block_share *s = container_of(t, struct block_share, again);

    for (unsigned int i = 0; i < s->nr_queues; i++)
        write_again(s->queue[i]);
}

int block_share_init(struct block_share *s)
{
    s->completions.ready = on_completion;
    s->again.fire = on_again;
    s->kick.fire = on_kick;
    s->shrink.fire = on_shrink;
    return block_pool_init(&s->pool);
}

/* Memory that a queue needs is taken when a frontend first uses it. */
static int prepare(struct block_queue *q, struct block_share *s)
{
    q->share = s;
    q->record = &s->record->queue[s->nr_queues];
    q->pages.grants = s->grants;
    q->work.run = on_work;
    for (unsigned int i = 0; i < BLOCK_INFLIGHT; i++) {
        q->job[i].queue = q;
        q->job[i].record = &q->record->job[i];
    }
    return q->batch.seg ? 0 : grant_batch_init(&q->batch, BATCH_PIECES, NULL);
}

/* The jobs that other process left, or none; the others are free. */
static int take_up(struct block_queue *q, bool resume)
{
    unsigned int owed[BLOCK_INFLIGHT];
    int n = 0, rc = 0;

    if (!resume) {
        block_record_reset(q->record);
        q->record->req_cons = q->ring.req_cons;
    } else {
        n = block_record_owed(q->record, q->ring.rsp_prod, owed);
        rc = n < 0 ? n : back_ring_resume(&q->ring, q->record->req_cons);
    }
    if (rc)
        return log_reason(rc, "the record of its requests does not fit the "
                              "ring");
    q->next_owed = q->nr_free = 0;
    for (q->nr_owed = 0; q->nr_owed < (unsigned int)n; q->nr_owed++)
        q->owed[q->nr_owed] = &q->job[owed[q->nr_owed]];
    for (unsigned int i = 0; i < BLOCK_INFLIGHT; i++)
        if (q->record->job[i].state == BLOCK_RECORD_FREE)
            q->free[q->nr_free++] = &q->job[i];
    return 0;
}

static int map_ring(struct block_queue *q, const struct block_ring_refs *refs)
{
    q->barrier = NULL;
    q->nr_copying = q->batch.used = 0;
    q->nr_answered = 0;
    q->persistent = refs->persistent;
    q->ring_pages = refs->nr;
    q->ring_addr = grants_map(q->share->grants, refs->ref, refs->nr);
    if (!q->ring_addr)
        return -errno;
    return back_ring_attach(&q->ring, q->ring_addr,
                            (size_t)refs->nr * PAGE_SIZE, BLOCK_RING_ENTRY);
}

static int watch_medium(struct block_share *s)
{
    s->completions.fd = s->disk->wait_fd;
    return s->completions.added
               ? 0
               : event_source_add(s->loop, &s->completions, EPOLLIN);
}

/* The medium only knows memory of ours, so the guest's is not waited for. */
static void disconnect(struct block_queue *q)
{
    event_work_cancel(q->share->loop, &q->work);
    port_unbind(&q->port);
    block_pages_unmap_all(&q->pages);
    grants_unmap(q->share->grants, q->ring_addr, q->ring_pages);
    q->ring_addr = NULL;
    for (struct block_job *j = q->job; j < q->job + BLOCK_INFLIGHT; j++) {
        end_wait(q, j);
        if (j->at_medium)
            j->stage = BLOCK_FORGOTTEN;
        else if (j->stage != BLOCK_FREE)
            release(q, j);
    }
}

int block_queue_connect(struct block_queue *q, struct block_share *s,
                        struct ports *ports, const struct block_ring_refs *refs,
                        bool resume)
{
    int rc = prepare(q, s);

    if (rc)
        return rc;
    rc = map_ring(q, refs);
    rc = rc ? rc : take_up(q, resume);
    rc = rc ? rc : watch_medium(s);
    rc =
        rc ? rc
           : port_bind(ports, &q->port, s->grants->domid, refs->port, on_event);
    if (rc) {
        disconnect(q);
        return rc;
    }
    s->queue[s->nr_queues++] = q;
    /* Requests may be waiting: their event came before the port was bound. */
    q->port_masked = false;
    event_work_queue(s->loop, &q->work);
    if (resume) /* published by who was killed before this */
        port_notify(&q->port);
    return 0;
}

void block_share_disconnect(struct block_share *s)
{
    event_timer_cancel(s->loop, &s->again);
    s->starved = NULL;
    for (unsigned int i = 0; i < s->nr_queues; i++)
        disconnect(s->queue[i]);
    reap(s);
}

bool block_share_busy(const struct block_share *s)
{
    for (unsigned int i = 0; i < s->nr_queues; i++)
        if (!s->queue[i]->ring_addr && s->queue[i]->used)
            return true;
    return false;
}
