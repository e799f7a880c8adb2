/* SPDX-License-Identifier: MIT */
/*
 * See log_file.h. A log that cannot be written must not stop a console: it is
 * reported once and then left alone.
 */
#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <daemon/log.h>

static void open_path(struct log_file *l)
{
    struct stat st;

    l->fd = open(l->path,
                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (l->fd < 0)
        log_error("cannot open %s: %s", l->path, strerror(errno));
    l->size = l->fd >= 0 && fstat(l->fd, &st) == 0 ? st.st_size : 0;
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

void log_file_close(struct log_file *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
}

void log_file_reopen(struct log_file *l)
{
    if (!l->path[0])
        return;
    log_file_close(l);
    open_path(l);
}

static void put(struct log_file *l, const char *text, size_t len)
{
    while (len && l->fd >= 0) {
        ssize_t r = write(l->fd, text, len);

        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0) {
            log_error("cannot write %s: %s", l->path, strerror(errno));
            log_file_close(l);
            return;
        }
        l->size += r;
        text += r;
        len -= r;
    }
}

static void put_time(struct log_file *l)
{
    char stamp[32];
    time_t now = time(NULL);
    struct tm tm;
    size_t n;

    localtime_r(&now, &tm);
    n = strftime(stamp, sizeof(stamp), "[%Y-%m-%d %H:%M:%S] ", &tm);
    put(l, stamp, n);
}

static void rotate(struct log_file *l)
{
    char old[sizeof(l->path) + 2];

    snprintf(old, sizeof(old), "%s.1", l->path);
    rename(l->path, old);
    log_file_reopen(l);
}

void log_file_write(struct log_file *l, const char *text, size_t len)
{
    if (l->fd < 0)
        return;
    if (l->size >= LOG_FILE_MAX)
        rotate(l);
    if (!l->timestamps) {
        put(l, text, len);
        return;
    }
    while (len) {
        const char *newline = memchr(text, '\n', len);
        size_t n = newline ? (size_t)(newline - text) + 1 : len;

        if (!l->line_open)
            put_time(l);
        put(l, text, n);
        l->line_open = !newline;
        text += n;
        len -= n;
    }
}
