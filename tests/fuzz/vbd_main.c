/* SPDX-License-Identifier: MIT */
/* The block backend's, over a medium that does everything at once; see
 * backend_mains.h. */
int vbd_main(int argc, char **argv);
#define main vbd_main
#include "../../backends/block/main.c"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend_mains.h"

const struct backend_ops *const vbd_ops = &disk_ops;

struct backend *vbd_begin(void)
{
    static struct disk_device *d;

    if (d) {
        munmap(d->share.pool.base, POOL_BYTES);
        for (int i = 0; i < BLOCK_MAX_QUEUES; i++)
            grant_batch_destroy(&d->queue[i].batch);
        storage_close(&d->disk);
    }
    free(d);
    d = calloc(1, sizeof(*d));
    if (!d)
        abort();
    d->disk.fd = -1;
    return &d->backend;
}

static struct medium_id asked_for;

int storage_open(struct storage *s, const char *path,
                 const struct medium_id *id, const char *mode,
                 bool allow_discard, unsigned int depth)
{
    asked_for = id ? *id : (struct medium_id){""};
    s->fd = s->wait_fd = eventfd(0, EFD_CLOEXEC);
    s->limits = (struct block_limits){.sectors = 64, .sector_size = 512};
    s->done = NULL;
    return 0;
}

uint64_t storage_bytes(const struct storage *s)
{
    return 0;
}

int storage_begin(struct storage *s)
{
    return 0;
}

void medium_inherit(int fd, int errors)
{
}

/* No toolstack of this world asks for one. */
int nbd_storage_open(struct storage *s, const struct nbd_ask *a)
{
    return -ENOENT;
}

void storage_close(struct storage *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
}

bool storage_resized(struct storage *s)
{
    return false;
}

void storage_register(struct storage *s, void *base, size_t size)
{
}

int storage_hold(struct storage *s, int fd)
{
    return 0;
}

void storage_queue(struct storage *s, struct storage_io *io)
{
    io->result = (int)io->len;
    io->next_done = s->done;
    s->done = io;
}

bool storage_kick(struct storage *s)
{
    return true;
}

struct storage_io *storage_next_done(struct storage *s)
{
    struct storage_io *io = s->done;

    if (io)
        s->done = io->next_done;
    return io;
}

void storage_leave(struct storage *s)
{
}

int resize_watch_begin(struct resize_watch *w, struct event_loop *loop, int fd)
{
    return 0;
}

void resize_watch_end(struct resize_watch *w)
{
}
