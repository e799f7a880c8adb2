/* SPDX-License-Identifier: MIT */
/*
 * Rings: what is taken from them when, and what is published. Work is collected
 * so that one pass over a ring makes at most one grant copy call each way, one
 * io_uring_enter and one event.
 */
#include "queue.h"

#include <errno.h>
#include <sys/epoll.h>

#include "copies.h"
#include "job.h"

#define BATCH_PIECES 1024
#define KICK_MS      10    /* between tries to hand I/O to the kernel */
#define LARGE_MS     10000 /* for a pool that was large once */
#define BROKEN_RING  "the guest claims more requests than the ring has slots"

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

static void take_one(struct block_queue *q)
{
    struct block_job *j = q->free[--q->nr_free];

    j->record->request = q->ring.req_cons;
    j->record->flush_failed = 0;
    back_ring_take(&q->ring, &j->record->raw, sizeof(j->record->raw));
    record_store(&j->record->state, BLOCK_RECORD_TAKEN);
    record_store(&q->record->req_cons, q->ring.req_cons);
    block_job_admit(q, j);
}

static bool may_admit(const struct block_queue *q)
{
    return !q->barrier && !q->share->starved;
}

static bool may_take(const struct block_queue *q)
{
    return may_admit(q) && q->nr_free && q->next_owed == q->nr_owed &&
           block_limit_ok(&q->share->limit);
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
        return; /* else a completion or a refill has it called again */
    }
    if (q->port_masked) {
        q->port_masked = false;
        port_done(&q->port);
    }
}

/* A medium in memory does all at once, in this thread. */
static bool in_budget(const struct block_share *s)
{
    return s->copied < BLOCK_COPY_BUDGET;
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

    while (in_budget(s) && (io = storage_next_done(s->disk))) {
        struct block_queue *of = container_of(io, struct block_job, io)->queue;

        block_job_completed(of, io);
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
        block_job_begin(q, starved);
    q->share->copied = 0;
    while (q->next_owed < q->nr_owed && may_admit(q) && in_budget(q->share))
        block_job_admit(q, q->owed[q->next_owed++]);
    if (n > BLOCK_BUDGET)
        n = BLOCK_BUDGET;
    if (n > 0)
        port_used(&q->port);
    while (n-- > 0 && may_take(q) && in_budget(q->share))
        take_one(q);
    do {
        block_copies_run(q);
        kick(q->share);
        take_finished(q->share, q);
    } while (q->nr_copying);
    kick(q->share); /* what completions queued */
    if (publish(q))
        port_notify(&q->port);
    if (!in_budget(q->share)) /* what is left need not be told of */
        event_work_queue(q->share->loop, &q->work);
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
    s->copied = 0;
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

static void on_again(struct event_timer *t)
{
    struct block_share *s = container_of(t, struct block_share, again);

    for (unsigned int i = 0; i < s->nr_queues; i++)
        block_jobs_write_again(s->queue[i]);
}

static void refilled(struct block_limit *l)
{
    struct block_share *s = container_of(l, struct block_share, limit);

    for (unsigned int i = 0; i < s->nr_queues; i++)
        if (s->queue[i]->ring_addr)
            event_work_queue(s->loop, &s->queue[i]->work);
}

int block_share_init(struct block_share *s)
{
    s->limit.loop = s->loop;
    s->limit.refilled = refilled;
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
    bool lost = resume && (q->share->record->flush_lost ||
                           block_record_lost_data(q->share->record));
    unsigned int owed[BLOCK_INFLIGHT];
    int n = 0, rc = 0;

    if (!resume) {
        if (!q->share->nr_queues)
            block_record_reset(q->share->record);
        q->record->req_cons = q->ring.req_cons;
    } else {
        n = block_record_owed(q->record, q->ring.rsp_prod, owed);
        rc = n < 0 ? n : back_ring_resume(&q->ring, q->record->req_cons);
    }
    if (rc)
        return log_reason(rc, "the record of its requests does not fit the "
                              "ring");
    q->next_owed = q->nr_free = 0;
    for (q->nr_owed = 0; q->nr_owed < (unsigned int)n; q->nr_owed++) {
        q->owed[q->nr_owed] = &q->job[owed[q->nr_owed]];
        if (lost)
            record_store(&q->owed[q->nr_owed]->record->flush_failed, 1);
    }
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
    for (struct block_job *j = q->job; j < q->job + BLOCK_INFLIGHT; j++)
        block_job_forget(q, j);
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
