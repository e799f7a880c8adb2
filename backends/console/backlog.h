/* SPDX-License-Identifier: MIT */
/*
 * What a guest has printed and no terminal has taken yet, bounded: either the
 * oldest goes, so that a client that attaches later sees the last lines, or
 * what does not fit is discarded on arrival.
 */
#ifndef CONSOLE_BACKLOG_H
#define CONSOLE_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes with any content; used ones lie from start on, and go on at the begin
 * of the memory when its end is reached. */
struct backlog {
    char *data;
    size_t limit; /* bytes kept at most */
    size_t size;  /* allocated, grows up to limit */
    size_t start, used;
    bool keep_oldest; /* which of the two: discard what is new */
};

/* Nothing is allocated yet. limit is in bytes. */
void backlog_init(struct backlog *b, size_t limit, bool keep_oldest);
void backlog_free(struct backlog *b);
/* Never fails: without memory for more it keeps to what it has. */
void backlog_add(struct backlog *b, const char *text, size_t len);

/* The oldest bytes, as many as lie in one run; *len 0 if empty. They are there
 * until the next call that is no peek. */
const char *backlog_peek(const struct backlog *b, size_t *len);
/* The oldest len bytes have been taken: at most those that are there. */
void backlog_consume(struct backlog *b, size_t len);

#endif
