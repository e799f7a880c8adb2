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

struct backlog {
    char *data;
    size_t limit; /* bytes kept at most */
    size_t size;  /* allocated, grows up to limit */
    size_t start, used;
    bool keep_oldest;
};

void backlog_init(struct backlog *b, size_t limit, bool keep_oldest);
void backlog_free(struct backlog *b);
void backlog_add(struct backlog *b, const char *text, size_t len);

/* The longest piece that lies in one run; *len 0 if empty. */
const char *backlog_peek(const struct backlog *b, size_t *len);
void backlog_consume(struct backlog *b, size_t len);

#endif
