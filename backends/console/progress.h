/* SPDX-License-Identifier: MIT */
/*
 * What one stream of text needs to go on in another process: a page of shared
 * memory (a memfd of a fixed size), which the keeper holds beside the stream's
 * other descriptors (keep.h). A daemon that is killed leaves it as its last
 * instruction did.
 *
 * Text is taken in steps. progress_begin() says where a step begins: the
 * position in the source, how long the log was and what the pipe held. Then the
 * text is added to both. progress_end() is one store of eight bytes, which ends
 * the step and moves the position, so there is no moment in between. A
 * successor that finds a step begun does it again with the same text and the
 * same marks; the length of the log and the bytes in the pipe tell how much of
 * it is there already. For that, nobody may take bytes from the pipe while a
 * step is open.
 */
#ifndef CONSOLE_PROGRESS_H
#define CONSOLE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "log_file.h"

#define PROGRESS_TEXT_MAX 2048 /* bytes in one step, at most */

/* position: of the first byte not taken, counted by the source and modulo
 * 2^32; flags: PROGRESS_*. Always read and written as one. */
struct progress_state {
    uint32_t position, flags;
} __attribute__((aligned(8)));
#define PROGRESS_OPEN      1u /* a step has begun */
#define PROGRESS_LINE_OPEN 2u /* the log's last byte is no newline */

struct progress {
    uint64_t magic;
    uint64_t frame; /* of the domain's shared info, which tells it from a later
                       domain of its number; a handle (UUID) can change */
    uint32_t port;  /* the guest's; 0: never served */
    char log_name[128]; /* between the directory and ".log" */

    struct progress_state state;
    /* --- of the step in hand; without one of no meaning --- */
    struct log_mark log;
    uint32_t length;
    uint32_t piped; /* bytes in the pipe before the step's */
};

/* A new one, all zero but for its magic: *fd is the caller's to close. NULL:
 * no memory, with errno set. */
struct progress *progress_create(int *fd);
/* The one behind a descriptor that another process made; NULL: it is none. */
struct progress *progress_map(int fd);
/* Makes it one that the keeper takes: one of a daemon that did not seal yet
 * becomes a copy, with another descriptor. It is in the keeper as before until
 * it is put there again. */
void progress_seal(struct progress **r, int *fd);
void progress_unmap(struct progress *r); /* NULL is harmless */

struct progress_state progress_state(const struct progress *r);
/* A place without a step: for the start of a stream. */
void progress_set(struct progress *r, uint32_t position, bool line_open);
/* The caller has filled log, length and piped. */
void progress_begin(struct progress *r, uint32_t position);
/* All of the step's text is where it belongs. */
void progress_end(struct progress *r, bool line_open);

#endif
