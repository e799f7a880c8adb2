/* SPDX-License-Identifier: MIT */
/* See device_log.h. */
#include "device_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/clock.h>
#include <daemon/log.h>

#define ERROR_MARK " error: " /* of the lines of log.h */

/* A pipe holds this much, and lines are written to it whole: what one reading
 * takes from it ends with the end of a line. */
#define PIPE_SIZE 65536

#define REST_MS 100

/* At the end, of a process that may write on: more than the pipe holds. */
#define LAST_READS 4

/* A line of log.h that is no error: not what a process has ended of. Others'
 * lines may be, as a library's. */
static bool is_remark(const char *line)
{
    static const char *const marks[] = {" debug: ", " info: ", " warning: "};

    for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
        if (strstr(line, marks[i]))
            return true;
    return false;
}

static void end_line(struct device_log *l)
{
    char *error;

    l->line[l->length] = 0;
    error = strstr(l->line, ERROR_MARK);
    if (l->length && (error || (!l->is_error && !is_remark(l->line))))
        snprintf(l->complaint, sizeof(l->complaint), "%s",
                 error ? error + strlen(ERROR_MARK) : l->line);
    l->is_error |= error != NULL;
    l->length = 0;
}

static void take(struct device_log *l, const char *text, size_t n)
{
    for (; n--; text++)
        if (*text == '\n')
            end_line(l);
        else if (l->length < sizeof(l->line) - 1)
            l->line[l->length++] = *text;
}

static bool within_limit(struct device_log *l, size_t n)
{
    uint64_t now = now_ms();

    if (now - l->minute_ms >= 60000) {
        l->minute_ms = now;
        l->used = 0;
        l->told = false;
    }
    l->used += n;
    return !l->limit || l->used <= l->limit;
}

static void rested(struct event_timer *t)
{
    struct device_log *l = container_of(t, struct device_log, rest);

    event_source_change(l->loop, &l->source, EPOLLIN);
}

static void write_log(struct device_log *l, const char *text, size_t n)
{
    if (within_limit(l, n)) {
        if (write(STDERR_FILENO, text, n) != (ssize_t)n)
            log_warning("lines of a backend are lost: %s", strerror(errno));
    } else if (!l->told) {
        log_warning("%s: lines of its backend are dropped for up to a minute, "
                    "they are more than %zu bytes",
                    l->name, l->limit);
        l->told = true;
    }
}

/* As much as goes to the log at once: whole lines, for others write there, and
 * any part may be dropped. */
struct output {
    struct device_log *log;
    size_t used;
    char text[8192];
};

static void add(struct output *o, const char *text, size_t n)
{
    memcpy(o->text + o->used, text, n);
    o->used += n;
}

static void begin_line(struct output *o)
{
    add(o, o->log->name, strlen(o->log->name));
    add(o, ": ", 2);
}

static void flush(struct output *o)
{
    if (!o->used)
        return;
    if (o->text[o->used - 1] != '\n')
        add(o, "\n", 1);
    write_log(o->log, o->text, o->used);
    o->used = 0;
}

static void put(struct output *o, char c)
{
    if (!o->used || o->text[o->used - 1] == '\n')
        begin_line(o);
    add(o, &c, 1);
    if (sizeof(o->text) - o->used < strlen(o->log->name) + 4)
        flush(o);
}

static bool is_plain(char c)
{
    return c == '\t' || c == '\n' || (c >= ' ' && c <= '~');
}

/* Whatever a guest that has taken the process over makes it say: it is seen
 * whose line it is, and no terminal does what it says. */
static void pass_on(struct device_log *l, const char *text, size_t n)
{
    struct output o = {.log = l};

    for (size_t i = 0; i < n; i++)
        put(&o, text[i]);
    flush(&o);
}

/* False: there is no more for now. */
static bool copy(struct device_log *l)
{
    char text[PIPE_SIZE];
    ssize_t n = read(l->source.fd, text, sizeof(text));

    if (!n)
        event_source_remove(l->loop, &l->source);
    if (n <= 0)
        return false;
    for (ssize_t i = 0; i < n; i++)
        text[i] = is_plain(text[i]) ? text[i] : '?';
    pass_on(l, text, (size_t)n);
    take(l, text, n);
    return true;
}

static void ready(struct event_source *s, uint32_t events)
{
    struct device_log *l = container_of(s, struct device_log, source);

    if (!copy(l) || !l->told)
        return;
    event_source_change(l->loop, s, 0);
    event_timer_set(l->loop, &l->rest, REST_MS);
}

int device_log_open(struct device_log *l, struct event_loop *loop,
                    const char *path, const char *name, size_t limit)
{
    int rc;

    *l = (struct device_log){.loop = loop,
                             .name = name,
                             .limit = limit,
                             .used = l->used,
                             .minute_ms = l->minute_ms,
                             .told = l->told};
    if (mkfifo(path, 0600) && errno != EEXIST)
        return -errno;
    l->source.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (l->source.fd < 0)
        return -errno;
    l->source.ready = ready;
    l->rest.fire = rested;
    rc = event_source_add(loop, &l->source, EPOLLIN);
    l->open = !rc;
    if (rc)
        close(l->source.fd);
    return rc;
}

int device_log_end(const char *path)
{
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

    return fd < 0 ? -errno : fd;
}

void device_log_close(struct device_log *l)
{
    if (!l->open)
        return;
    l->open = false;
    for (int i = 0; i < LAST_READS && copy(l); i++)
        ;
    end_line(l);
    event_timer_cancel(l->loop, &l->rest);
    event_source_remove(l->loop, &l->source);
    close(l->source.fd);
}
