/* SPDX-License-Identifier: MIT */
/*
 * The guest's disk, xvda, in blocks of 4 KiB: what is served, and how often.
 *
 *     block 0         "page BYTES\n"       how long the page is
 *     block 1         "requests NUMBER\n"  how often it was served, by this
 * guest and those before it blocks 2 to ... the page
 *
 * Numbers are decimal, and what follows a line in its block means nothing. A
 * page has up to 256 KiB. Nothing of this is believed: a length that cannot be
 * means that there is no page, a number that cannot be begins at 0.
 */
#ifndef DEMO_DISK_H
#define DEMO_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_BLOCK    4096
#define PAGE_BYTES    262144
#define REQUESTS_MOST 999999999999999 /* it stays there */

/* Reads the disk. A guest without one has no page, and counts for itself. */
void disk_open(void);
/* Writes what is to be kept, and has it flushed if the disk can; waits for each
 * up to 5 s, and says so if it may be lost. Then the disk is closed. */
void disk_close(void);

/* Until disk_close(); NULL: there is none. */
const char *disk_page(size_t *bytes);
uint64_t disk_requests(void);
/* One more. */
void disk_count(void);
/* Begins to write the number, if it is another one than was written and the
 * last write is over and a second ago: what a guest that is destroyed has
 * counted in its last second may be lost. */
void disk_serve(void);

/* What stands in a block behind that word; -1: nothing that can be. */
int64_t disk_number(const char *block, const char *word, int64_t max);

#endif
