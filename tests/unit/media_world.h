/* SPDX-License-Identifier: MIT */
/*
 * Media for the block backend, real ones: a file and, if this is root and there
 * are any, loop devices of both sector sizes; and a kernel that refuses, knows
 * less, or hangs when a test says so.
 */
#ifndef TESTS_UNIT_MEDIA_WORLD_H
#define TESTS_UNIT_MEDIA_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../backends/block/storage.h"

#define MIB (1 << 20)

extern char dir[], image[64]; /* the image, of one MiB, is in dir */
extern char on_disk[64];      /* a directory to mount a device at */
extern char loop[2][64];      /* of 512 and 4096 bytes a sector, or "" */

int media_world_begin(void **state);
int media_world_end(void **state);
/* The test is skipped if there is none. */
void needs_loop(int i);

/* --- the kernel --- */

extern bool no_ring;                       /* io_uring is forbidden */
extern bool old_kernel;                    /* knows nothing of STATX_DIOALIGN */
extern unsigned int submissions, refusals; /* refusals to come: -EAGAIN */
extern volatile bool reads_hang, flushes_hang;
extern volatile bool read_hangs; /* one has come that does */
extern volatile unsigned int flushes;
extern bool data_lost;           /* as the kernel tells each description once */
extern volatile int flush_error; /* of the next one alone, as the kernel's */
extern bool secure;              /* devices discard securely */
extern unsigned int secure_discards;
extern unsigned int sizes_asked; /* of a device, or what may be one */
extern bool size_refused;        /* by a filter of system calls, for example */

/* --- the media --- */

void make_file(const char *path, off_t size);
/* The shell command, which has one %s; its status. */
int run(const char *format, const char *arg);

int open_it(struct storage *s, const char *path, const char *mode);
int open_named(struct storage *s, const char *path, const struct medium_id *id,
               const char *mode);
/* As the hotplug script names it. */
struct medium_id name_of(const char *path);
/* To write, with so many requests at once. */
void open_with(struct storage *s, const char *path, bool discard,
               unsigned int depth);
/* And closed again; what opening said. */
int opened(const char *path, const char *mode);

/* One request alone; its result. */
int transfer(struct storage *s, enum storage_op op, void *data, uint64_t offset,
             uint64_t len);
/* Every sector that is announced is written, flushed and read back. */
void takes_announced_sectors(const char *path);

#endif
