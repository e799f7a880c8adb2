/* SPDX-License-Identifier: MIT */
/*
 * A request's way: parsed -> memory for its data -> data to write copied in ->
 * queued to the medium, with a flush before or after if asked for -> data read
 * copied back -> answered. A medium in memory copies from and to mapped pages
 * itself, without memory for it here.
 */
#include "job.h"

#include <errno.h>
#include <string.h>

#include "copies.h"

#define NO_ROOM_MS 500 /* between tries of what waits */

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

static void start(struct block_queue *q, struct block_job *j);

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
    j->io.len = op == STORAGE_FLUSH ? 0 : j->request.len - j->done;
    if (q->share->disk->in_memory) {
        if (j->io.len > BLOCK_COPY_BUDGET) /* of a discard */
            j->io.len = BLOCK_COPY_BUDGET;
        q->share->copied += j->io.len;
    }
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
    } else if (r->op != BLOCK_READ || !j->data || block_copy(q, j, false)) {
        finish(q, j, BLKIF_RSP_OKAY);
    }
}

void block_job_copied(struct block_queue *q, struct block_job *j, bool ok)
{
    if (!ok || j->stage != BLOCK_COPYING_IN) {
        finish(q, j, ok ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR);
    } else {
        j->stage = BLOCK_TAKEN;
        start(q, j);
    }
}

/* A transfer may come back short: the rest is asked for again. */
static bool transfer_again(struct block_queue *q, struct block_job *j,
                           uint64_t bytes)
{
    j->done += bytes;
    if (j->done >= j->request.len)
        return false;
    queue_io(q, j, j->io.op);
    return true;
}

/* A guest takes an error for a broken disk, but room can be made, or a path to
 * the disk repaired. */
static bool may_wait(const struct block_queue *q, const struct block_job *j,
                     int err)
{
    switch (q->share->on_error) {
    case BLOCK_WAIT_FOR_ROOM:
        return j->io.op == STORAGE_WRITE && (err == ENOSPC || err == EDQUOT);
    case BLOCK_STOP:
        return j->io.op != STORAGE_FLUSH && err != EOPNOTSUPP;
    case BLOCK_REPORT:
        break;
    }
    return false;
}

static bool wait_for_room(struct block_queue *q, struct block_job *j, int err)
{
    if (!may_wait(q, j, err))
        return false;
    if (!q->share->again.armed)
        event_timer_set(q->share->loop, &q->share->again, NO_ROOM_MS);
    if (!j->waited && !q->share->waiting++)
        q->share->waits(q->share, err);
    j->waited = true;
    j->stage = BLOCK_NO_ROOM;
    return true;
}

void block_job_completed(struct block_queue *q, struct storage_io *io)
{
    struct block_job *j = container_of(io, struct block_job, io);
    bool moves_data = io->op == STORAGE_READ || io->op == STORAGE_WRITE;

    j->at_medium = false;
    if (io->op == STORAGE_FLUSH && io->result < 0)
        record_store(&j->record->flush_failed, 1);
    if (j->stage == BLOCK_FORGOTTEN) {
        if (j->record->flush_failed)
            record_store(&q->share->record->flush_lost, 1);
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
    if (io->op != STORAGE_FLUSH &&
        transfer_again(q, j, moves_data ? (uint64_t)io->result : io->len))
        return;
    start(q, j);
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
void block_job_begin(struct block_queue *q, struct block_job *j)
{
    const struct block_request *r = &j->request;

    if (r->nr_segments && (q->share->starved == j || !in_place(q, j)) &&
        !get_memory(q, j))
        return;
    if (r->op != BLOCK_WRITE || !j->data || block_copy(q, j, true)) {
        j->stage = BLOCK_TAKEN;
        start(q, j);
    }
}

/* A flush failed in another process, or at the end of a former connection. */
static bool is_told_of_loss(struct block_job *j)
{
    struct block_record *all = j->queue->share->record;

    if (!j->request.flush_first && !j->request.flush_after)
        return false;
    if (all->flush_lost) {
        record_store(&j->record->flush_failed, 1);
        record_store(&all->flush_lost, 0);
    }
    return j->record->flush_failed;
}

/* Its request is in the record. */
void block_job_admit(struct block_queue *q, struct block_job *j)
{
    struct block_request *r = &j->request;
    int status =
        block_request_parse(r, &j->record->raw, &q->share->disk->limits);

    if (status == BLKIF_RSP_OKAY && r->nr_indirect)
        status = block_copy_segments(q, r);
    if (status != BLKIF_RSP_OKAY) {
        log_warning("refused a request of the guest (operation %u): %s",
                    r->operation,
                    status == BLKIF_RSP_EOPNOTSUPP
                        ? "the disk does not support it"
                        : "it breaks the protocol or the disk's limits");
        respond(q, j, status);
        return;
    }
    block_limit_spend(&q->share->limit, r->nr_segments ? r->len : 0);
    j->stage = BLOCK_COPYING_IN;
    j->done = 0;
    q->used++;
    if (r->barrier)
        q->barrier = j;
    if (is_told_of_loss(j)) {
        finish(q, j, BLKIF_RSP_ERROR);
        return;
    }
    /* It cannot tell. Those that can still do, whoever answers them. */
    record_store(&j->record->flush_failed, 0);
    block_job_begin(q, j);
}

void block_jobs_write_again(struct block_queue *q)
{
    for (struct block_job *j = q->job; j < q->job + BLOCK_INFLIGHT; j++)
        if (j->stage == BLOCK_NO_ROOM) {
            j->stage = BLOCK_TRANSFER;
            queue_io(q, j, j->io.op);
        }
    event_work_queue(q->share->loop, &q->work);
}

/* What is at the medium knows memory of ours alone. */
void block_job_forget(struct block_queue *q, struct block_job *j)
{
    end_wait(q, j);
    if (j->at_medium)
        j->stage = BLOCK_FORGOTTEN;
    else if (j->stage != BLOCK_FREE)
        release(q, j);
}
