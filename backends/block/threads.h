/* SPDX-License-Identifier: MIT */
/*
 * A few threads that do I/O by plain system calls: all of it where the kernel
 * has no io_uring or lets nobody use it, and otherwise what io_uring cannot do.
 * What waits in them waits for the medium alone.
 */
#ifndef BACKENDS_BLOCK_THREADS_H
#define BACKENDS_BLOCK_THREADS_H

#include "storage_io.h"

struct io_threads;

/*
 * For the medium fd, of which they have a descriptor of their own. event_fd
 * becomes readable when something is done, and is the threads'. NULL with
 * errno.
 */
struct io_threads *io_threads_start(int fd, unsigned int threads,
                                    int *event_fd);
/* Waits for nothing; what is begun is done, and told to nobody. */
void io_threads_leave(struct io_threads *t);

/* The io is the threads' until it comes back by io_threads_next_done(), which
 * returns NULL if none has. */
void io_threads_add(struct io_threads *t, struct storage_io *io);
struct storage_io *io_threads_next_done(struct io_threads *t);

/* One io at once, by this thread: bytes, or -errno. */
int storage_io_do(int fd, const struct storage_io *io);

#endif
