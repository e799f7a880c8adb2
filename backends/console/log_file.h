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

#define LOG_FILE_MAX (16u << 20)

struct log_file {
    char path[256];
    int fd; /* -1: closed */
    uint64_t size;
    bool timestamps;
    bool line_open; /* the last byte written was no newline */
};

/* name: the part between "dir/" and ".log"; slashes in it are replaced. */
void log_file_open(struct log_file *l, const char *dir, const char *name,
                   bool timestamps);
void log_file_close(struct log_file *l);
void log_file_write(struct log_file *l, const char *text, size_t len);
/* After someone else moved the file away (SIGHUP). */
void log_file_reopen(struct log_file *l);

#endif
