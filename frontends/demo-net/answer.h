/* SPDX-License-Identifier: MIT */
/* What a request is answered with. */
#ifndef DEMO_ANSWER_H
#define DEMO_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct request;

struct answer {
    char text[512]; /* status, headers, and what is no page */
    size_t text_bytes;
    const char *page; /* follows the text */
    size_t page_bytes;
    uint64_t left; /* bytes, of the page as often as it takes */
    bool counts;   /* the page was asked for, and is there */
};

/* Numbers of this guest's life for /counters, beside the disk's. */
struct tally {
    uint32_t open;      /* connections */
    uint64_t accepted;  /* connections */
    uint64_t refused;   /* requests that got another status than 200 */
    uint64_t cut_off;   /* connections that were too slow */
    uint64_t displaced; /* that had to make room, or were ended by the client */
};

void answer_make(struct answer *a, unsigned int status, const struct request *r,
                 const struct tally *t);

#endif
