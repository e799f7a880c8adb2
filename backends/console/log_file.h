/* SPDX-License-Identifier: MIT */
/*
 * A console's log file. A guest decides what and how much is written to it, so
 * its size is capped: at LOG_FILE_MAX the file becomes FILE.1, replacing an
 * older one, and a new one is begun.
 */
#ifndef CONSOLE_LOG_FILE_H
#define CONSOLE_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes; a write that begins below it is not split. */
#define LOG_FILE_MAX (16u << 20)

struct log_file {
    char path[256];  /* "": never opened */
    int fd;          /* -1: closed */
    uint64_t size;   /* bytes in the file now */
    bool timestamps; /* each line begins with the time */
    bool line_open;  /* the last byte written was no newline */
};

/* name: the part between "dir/" and ".log"; slashes in it are replaced. Failure
 * is logged, and leaves it closed. */
void log_file_open(struct log_file *l, const char *dir, const char *name,
                   bool timestamps);
void log_file_close(struct log_file *l);
/* Begins a new file if the present one is full. A closed one, or one that a
 * failure closes, drops the text: a console must not wait for its log. */
void log_file_write(struct log_file *l, const char *text, size_t len);
/* After someone else moved the file away (SIGHUP). */
void log_file_reopen(struct log_file *l);

#endif
