/* SPDX-License-Identifier: MIT */
/*
 * See threads.h. One thread may hang in the kernel for any time, so nobody
 * joins it: the last one to see that all is over frees what they share.
 */
#include "threads.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define STACK 262144

/* First in, first out. */
struct io_list {
    struct storage_io *first, **tail;
};

struct io_threads {
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wanted;
    int fd, event_fd;
    unsigned int users;  /* the threads and their owner */
    unsigned int active; /* that may hang */
    bool over;
    struct io_list todo, done;
};

static void put(struct io_list *l, struct storage_io *io)
{
    io->next_done = NULL;
    *l->tail = io;
    l->tail = &io->next_done;
}

static struct storage_io *take(struct io_list *l)
{
    struct storage_io *io = l->first;

    if (!io)
        return NULL;
    l->first = io->next_done;
    if (!l->first)
        l->tail = &l->first;
    return io;
}

int storage_io_do(int fd, const struct storage_io *io)
{
    uint64_t range[2] = {io->offset, io->len};
    ssize_t r = -1;

    switch (io->op) {
    case STORAGE_READ:
        r = io->nr ? preadv(fd, io->iov, io->nr, io->offset)
                   : pread(fd, io->data, io->len, io->offset);
        break;
    case STORAGE_WRITE:
        r = io->nr ? pwritev(fd, io->iov, io->nr, io->offset)
                   : pwrite(fd, io->data, io->len, io->offset);
        break;
    case STORAGE_FLUSH:
        r = fdatasync(fd);
        break;
    case STORAGE_DISCARD:
        r = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                      io->offset, io->len);
        break;
    case STORAGE_DISCARD_DEVICE:
        r = ioctl(fd, BLKDISCARD, range);
        break;
    case STORAGE_DISCARD_SECURE:
        r = ioctl(fd, BLKSECDISCARD, range);
        break;
    }
    return r < 0 ? -errno : (int)r;
}

/* With the lock, which is gone afterwards. The medium is free as soon as
 * nothing is done to it. */
static void let_go(struct io_threads *t)
{
    bool last = !--t->users;

    if (t->over && !t->active && t->fd >= 0) {
        close(t->fd);
        t->fd = -1;
    }
    pthread_mutex_unlock(&t->lock);
    if (!last)
        return;
    close(t->event_fd);
    pthread_cond_destroy(&t->wanted);
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static void *work(void *shared)
{
    struct io_threads *t = shared;
    struct storage_io *io;

    pthread_mutex_lock(&t->lock);
    while (!t->over) {
        io = take(&t->todo);
        if (!io) {
            pthread_cond_wait(&t->wanted, &t->lock);
            continue;
        }
        t->active++;
        pthread_mutex_unlock(&t->lock);
        io->result = storage_io_do(t->fd, io);
        pthread_mutex_lock(&t->lock);
        t->active--;
        put(&t->done, io);
        eventfd_write(t->event_fd, 1);
    }
    let_go(t);
    return NULL;
}

/* All signals are the event loop's. */
static int start_one(struct io_threads *t)
{
    pthread_attr_t detached;
    sigset_t all, before;
    pthread_t thread;
    int rc;

    sigfillset(&all);
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&detached, STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&thread, &detached, work, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&detached);
    return rc;
}

static struct io_threads *new_threads(int fd)
{
    struct io_threads *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    t->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->wanted, NULL);
    t->todo.tail = &t->todo.first;
    t->done.tail = &t->done.first;
    t->users = 1;
    return t;
}

struct io_threads *io_threads_start(int fd, unsigned int threads, int *event_fd)
{
    struct io_threads *t = new_threads(fd);
    int rc = 0;

    if (!t)
        return NULL;
    if (t->fd < 0 || t->event_fd < 0)
        rc = EMFILE;
    for (unsigned int i = 0; !rc && i < threads; i++) {
        pthread_mutex_lock(&t->lock);
        t->users++;
        pthread_mutex_unlock(&t->lock);
        rc = start_one(t);
        if (rc)
            t->users--;
    }
    if (rc) {
        io_threads_leave(t);
        errno = rc;
        return NULL;
    }
    *event_fd = t->event_fd;
    return t;
}

void io_threads_leave(struct io_threads *t)
{
    pthread_mutex_lock(&t->lock);
    t->over = true;
    pthread_cond_broadcast(&t->wanted);
    let_go(t);
}

void io_threads_add(struct io_threads *t, struct storage_io *io)
{
    pthread_mutex_lock(&t->lock);
    put(&t->todo, io);
    pthread_cond_signal(&t->wanted);
    pthread_mutex_unlock(&t->lock);
}

struct storage_io *io_threads_next_done(struct io_threads *t)
{
    struct storage_io *io;
    eventfd_t told;

    pthread_mutex_lock(&t->lock);
    io = take(&t->done);
    if (!t->done.first)
        eventfd_read(t->event_fd, &told);
    pthread_mutex_unlock(&t->lock);
    return io;
}
