/* SPDX-License-Identifier: MIT */
/*
 * See log_file.h. A text is laid out in memory, with the time in each line, and
 * written by one call.
 */
#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STAMP_MAX 32

void log_file_close(struct log_file *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

/* A pipe of that name would wait for a reader: O_NONBLOCK. */
static void open_path(struct log_file *l)
{
    struct stat st;

    l->fd = open(l->path,
                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW |
                     O_NONBLOCK,
                 0640);
    if (l->fd < 0) {
        log_error("cannot open %s: %s", l->path, strerror(errno));
    } else if (fstat(l->fd, &st) || !S_ISREG(st.st_mode)) {
        log_error("%s is no file; this log is not written", l->path);
        log_file_close(l);
    }
}

void log_file_open(struct log_file *l, const char *dir, const char *name,
                   bool timestamps)
{
    size_t start = strlen(dir) + 1;

    memset(l, 0, sizeof(*l));
    l->timestamps = timestamps;
    /* Room is left for the ".1" of the old file. */
    snprintf(l->path, sizeof(l->path) - 2, "%s/%s.log", dir, name);
    for (char *p = l->path; *p; p++)
        if ((size_t)(p - l->path) >= start && *p == '/')
            *p = '_';
    open_path(l);
}

void log_file_reopen(struct log_file *l)
{
    if (!l->path[0])
        return;
    log_file_close(l);
    open_path(l);
}

static uint64_t size_now(const struct log_file *l)
{
    struct stat st;

    return l->fd >= 0 && fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

static void rotate(struct log_file *l)
{
    char old[sizeof(l->path) + 2];

    snprintf(old, sizeof(old), "%s.1", l->path);
    rename(l->path, old);
    log_file_reopen(l);
}

void log_file_mark(struct log_file *l, struct log_mark *m)
{
    if (size_now(l) >= LOG_FILE_MAX)
        rotate(l);
    m->size = size_now(l);
    m->time = time(NULL);
}

/* "[date] " in each line that begins here; returns the bytes in 'to'. */
static size_t stamp_lines(char *to, int64_t when, bool line_open,
                          const char *text, size_t len)
{
    time_t t = when;
    char *at = to;
    struct tm tm;

    localtime_r(&t, &tm);
    while (len) {
        const char *newline = memchr(text, '\n', len);
        size_t n = newline ? (size_t)(newline - text) + 1 : len;

        if (!line_open)
            at += strftime(at, STAMP_MAX, "[%Y-%m-%d %H:%M:%S] ", &tm);
        memcpy(at, text, n);
        line_open = !newline;
        at += n;
        text += n;
        len -= n;
    }
    return at - to;
}

static void put(struct log_file *l, const char *text, size_t len)
{
    ssize_t r = 0;

    while (len && (r = write(l->fd, text, len)) > 0) {
        if (l->lost)
            log_guest(&l->told,
                      "%s is written again; %" PRIu64
                      " bytes are missing in it",
                      l->path, l->lost);
        l->lost = 0;
        text += r;
        len -= r;
    }
    if (len && !l->lost)
        log_guest(&l->told,
                  "cannot write %s: %s; what is printed now is missing in it",
                  l->path, strerror(errno));
    l->lost += len;
}

bool log_file_write(struct log_file *l, const struct log_mark *m,
                    bool line_open, const char *text, size_t len)
{
    static char lines[LOG_TEXT_MAX * (STAMP_MAX + 1)];
    bool open = len ? text[len - 1] != '\n' : line_open;
    uint64_t size = size_now(l), there = size > m->size ? size - m->size : 0;

    if (l->fd < 0)
        return open;
    if (l->timestamps) {
        len = stamp_lines(lines, m->time, line_open, text, len);
        text = lines;
    }
    if (there < len)
        put(l, text + there, len - there);
    return open;
}
