/* SPDX-License-Identifier: MIT */
/*
 * See log_file.h. A text is laid out in memory, with the time in each line, and
 * written by one call.
 */
#include "log_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <daemon/clock.h>

#include "errand.h"

void log_file_close(struct log_file *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

/* Said once, until it is written again. */
static void fail(struct log_file *l, const char *why)
{
    if (!l->failing)
        log_guest(
            &l->told,
            "cannot write %s.log: %s; what is printed now is missing in it",
            l->name, why);
    l->failing = true;
}

static void open_file(struct log_file *l, bool full)
{
    int fd = errand_log(l->domid, l->name, full);

    l->fd = fd < 0 ? -1 : fd;
    l->opened_ms = now_ms();
    if (fd < 0)
        fail(l, fd == -EXDEV ? "that is no plain file" : strerror(-fd));
}

void log_file_open(struct log_file *l, unsigned int domid, const char *name,
                   bool timestamps)
{
    memset(l, 0, sizeof(*l));
    l->domid = domid;
    l->timestamps = timestamps;
    snprintf(l->name, sizeof(l->name), "%s", name);
    for (char *p = l->name; *p; p++)
        if (*p == '/' || (unsigned char)*p < ' ')
            *p = '_';
    open_file(l, false);
}

static void open_again(struct log_file *l, bool full)
{
    if (!l->name[0])
        return;
    log_file_close(l);
    open_file(l, full);
}

void log_file_reopen(struct log_file *l)
{
    open_again(l, false);
}

static uint64_t size_now(const struct log_file *l)
{
    struct stat st;

    return l->fd >= 0 && fstat(l->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

void log_file_mark(struct log_file *l, struct log_mark *m)
{
    if (l->fd < 0 && now_ms() - l->opened_ms >= LOG_AGAIN_MS)
        open_again(l, false);
    if (size_now(l) >= LOG_FILE_MAX)
        open_again(l, true);
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
            at += strftime(at, LOG_STAMP_MAX, "[%Y-%m-%d %H:%M:%S] ", &tm);
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

    while (len && l->fd >= 0 && (r = write(l->fd, text, len)) > 0) {
        if (l->failing)
            log_guest(&l->told,
                      "%s.log is written again; %" PRIu64
                      " bytes are missing in it",
                      l->name, l->lost);
        l->failing = false;
        l->lost = 0;
        text += r;
        len -= r;
    }
    if (len)
        fail(l, strerror(errno));
    l->lost += len;
}

bool log_file_write(struct log_file *l, const struct log_mark *m,
                    bool line_open, const char *text, size_t len)
{
    static char lines[LOG_TEXT_MAX * (LOG_STAMP_MAX + 1)];
    bool open = len ? text[len - 1] != '\n' : line_open;
    uint64_t size = size_now(l), there = size > m->size ? size - m->size : 0;

    if (!l->name[0])
        return open;
    if (l->timestamps) {
        len = stamp_lines(lines, m->time, line_open, text, len);
        text = lines;
    }
    if (there < len)
        put(l, text + there, len - there);
    return open;
}
