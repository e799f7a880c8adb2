/* SPDX-License-Identifier: MIT */
/*
 * A console's log file. A guest decides what and how much is written to it, so
 * its size is capped: at LOG_FILE_MAX the file becomes FILE.1, replacing an
 * older one, and a new one is begun.
 *
 * The length of the file says what has been written. So writing is in two
 * calls: log_file_mark() notes where the file ends and what the time is, and
 * log_file_write() adds what is not there yet. Whoever repeats the second with
 * the same mark and text, in the same process or in another, adds nothing.
 */
#ifndef CONSOLE_LOG_FILE_H
#define CONSOLE_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <daemon/log.h>

/* Bytes; a write that begins below it is not split. */
#define LOG_FILE_MAX (16u << 20)
#define LOG_TEXT_MAX 2048 /* bytes in one write */

#define LOG_STAMP_MAX 32 /* bytes of the time in a line */

/* No log becomes longer than this; see sandbox.h. */
#define LOG_FILE_MOST (LOG_FILE_MAX + LOG_TEXT_MAX * (LOG_STAMP_MAX + 1))

#define LOG_AGAIN_MS 1000

struct log_file {
    char name[160];     /* "": never opened */
    unsigned int domid; /* whose it is; 0: the hypervisor's */
    int fd;             /* -1: closed */
    uint64_t opened_ms; /* or tried; see daemon/clock.h */
    bool timestamps;    /* each line begins with the time */
    bool failing;       /* and that was logged */
    uint64_t lost;      /* bytes that could not be written since one could */
    struct log_bucket told; /* a full file system comes and goes */
};

struct log_mark {
    uint64_t size; /* of the file, in bytes */
    int64_t time;  /* in seconds, of the lines that begin after it */
};

/* name: the part between the directory for logs and ".log"; slashes in it are
 * replaced. The parent opens it (errand.h). Failure is logged, and leaves it
 * closed until there is text for it: that opens it again, once in LOG_AGAIN_MS
 * at most. */
void log_file_open(struct log_file *l, unsigned int domid, const char *name,
                   bool timestamps);
void log_file_close(struct log_file *l);
/* After someone else moved the file away (SIGHUP). */
void log_file_reopen(struct log_file *l);

/* Where the next text goes. Begins a new file if the present one is full, and
 * tries to if it is closed. */
void log_file_mark(struct log_file *l, struct log_mark *m);
/*
 * Adds to the file what it does not have of 'len' bytes, at most LOG_TEXT_MAX,
 * that belong behind the mark. line_open: the byte before them was no newline;
 * returns the same of their last.
 *
 * A file that could not be opened drops the text, and so does a full file
 * system: a guest must not wait for its log. That is logged when it begins and
 * when it ends.
 */
bool log_file_write(struct log_file *l, const struct log_mark *m,
                    bool line_open, const char *text, size_t len);

#endif
