/* SPDX-License-Identifier: MIT */
/*
 * A request of HTTP as it comes in, in pieces of any size. Of all that a client
 * may send, only its first line is kept, and no more than fits; headers are
 * counted and passed over.
 */
#ifndef DEMO_REQUEST_H
#define DEMO_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REQUEST_LINE 128  /* bytes of the first line */
#define REQUEST_MAX  8192 /* of all of it */

struct request {
    char line[REQUEST_LINE]; /* its end is a NUL when it has been read */
    uint16_t length;         /* of the line, so far */
    uint16_t bytes;          /* in all, so far */
    bool in_headers, blank;  /* blank: the header line has nothing so far */
    bool head;               /* HEAD: the answer has no body */
    const char *path;        /* in line */
};

/*
 * Takes what has come next. 0: there must be more; or the answer's status: 200,
 * with path and head; 400 it is no request; 405 another method; 414 the line,
 * or 431 the headers are too long; 505 another protocol than HTTP/1. The
 * structure was zeroed before the first call, and is not used again after a
 * status; what follows in data is left.
 */
unsigned int request_take(struct request *r, const char *data, size_t n);

/* The number that the whole text is, up to max; -1: it is none. */
int64_t decimal(const char *s, size_t n, int64_t max);

#endif
