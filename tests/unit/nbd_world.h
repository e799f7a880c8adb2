/* SPDX-License-Identifier: MIT */
/*
 * A disk behind a server of its own, with Debian's qemu-nbd, in a directory
 * that is new.
 */
#ifndef TESTS_UNIT_NBD_WORLD_H
#define TESTS_UNIT_NBD_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <cmocka.h>

#include "../../backends/block/nbd.h"

#define MIB     (1 << 20)
#define PROGRAM "/usr/bin/qemu-nbd"

extern char dir[], image[64]; /* the image is in dir */
extern char lost_why[256];    /* "": the server has not gone */
extern unsigned int slow_began, slow_ended;
extern struct event_loop loop;
extern struct storage disk;
extern struct medium_id named; /* what a script has said of it, or "" */

int nbd_world_begin(void **state);
int nbd_world_end(void **state);
/* The tests between begin() and nbd_world_end(); but if there is no server, or
 * this is not root, only the first @alone, which need none: the others are
 * skipped, and begin() is nbd_world_begin(). Returns main()'s result. */
int nbd_world_run(const char *name, const struct CMUnitTest *tests, size_t n,
                  size_t alone, int (*begin)(void **state));

/* Into 'disk', which storage_close() ends. */
int open_as(const char *name, const char *format, const char *mode);
/* To write; a server that has just been killed or left may still be there. */
void open_again(const char *name, const char *format);
/* It cannot be opened, and the reason contains 'why'. */
void refused(const char *name, const char *format, const char *mode,
             const char *why);

/* Waits for it. NULL: the server has gone. */
struct storage_io *next_done(void);
/* One alone; its result. */
int done(enum storage_op op, void *data, uint64_t offset, uint64_t len);

/* The last server that the process has started, or starts now. */
pid_t server_of(pid_t pid);
pid_t server_pid(void);
void kill_server(void);
/* Of this process, some seconds at most. */
void await_end(int pidfd);

/* A command that succeeds. */
void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Of 16 MiB, in a format that qemu-img calls so. */
void new_image(const char *format);

#endif
