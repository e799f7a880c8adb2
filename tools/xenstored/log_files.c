/* SPDX-License-Identifier: MIT */
/* See log_files.h. */
#include "log_files.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/daemonise.h>
#include <daemon/log.h>
#include <daemon/log_open.h>

#include "files.h"
#include "successor.h"

static const struct parent *own;

/* What has been written to; those without a path are free. */
static struct log {
    char *path;
    bool begins_anew; /* when it is full */
    int64_t most;     /* bytes that it may have */
} logs[LOG_FILES];

/* One that is open. */
struct output {
    struct log *log;
    int fd; /* -1: closed */
    int64_t size;
};

static struct output trace = {.fd = -1};
static struct log_bucket told; /* what was refused */

void log_files_begin(const struct parent *with)
{
    own = with;
}

/* --- which ---------------------------------------------------------------- */

static bool is_pid_file(int fd)
{
    const char *path = daemon_pid_file();
    struct stat log, pid;

    return path && !fstat(fd, &log) && !stat(path, &pid) &&
           log.st_ino == pid.st_ino && log.st_dev == pid.st_dev;
}

/* Arguments that came with a live update may be a guest's: see parent.h. */
static bool is_own_trace(const char *path)
{
    return own->trace_file && successor_state() < 0 &&
           !strcmp(path, own->trace_file);
}

/* By one of log_open.h, in whichever of the two directories it is. */
static int in_own(int (*fn)(const char *directory, const char *path),
                  const char *path)
{
    int fd = fn(own->logs, path);

    return fd == -EXDEV ? fn(own->directory, path) : fd;
}

/* A descriptor or -errno. */
static int open_file(const char *path)
{
    int fd;

    if (is_own_trace(path))
        return file_open(path, FILE_LOG);
    fd = in_own(log_open_below, path);
    if (fd >= 0 && is_pid_file(fd)) {
        close(fd);
        fd = -EXDEV;
    }
    if (fd != -EXDEV)
        return fd;
    log_guest(&told,
              "%s is refused: the store writes to plain files below %s and %s "
              "alone",
              path, own->logs, own->directory);
    return -EACCES;
}

/* One that was opened here before, or is root's. */
static bool exists(const char *path)
{
    struct stat st;

    return !lstat(path, &st);
}

/* The child may name anything, also what leads to a server that is dead. */
static bool may_exist(const char *path)
{
    int fd;

    if (is_own_trace(path))
        return exists(path);
    fd = in_own(log_look_below, path);
    if (fd >= 0)
        close(fd);
    return fd != -ENOENT;
}

static const char *old_name(const char *path)
{
    static char name[PATH_MAX + 5];

    snprintf(name, sizeof(name), "%s.old", path);
    return name;
}

static bool is_free(const struct log *l)
{
    return !l->path || (l != trace.log && !exists(l->path));
}

/* The one of this path, or a free one; NULL: there is none. */
static struct log *place_for(const char *path)
{
    struct log *free_one = NULL;

    for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
        if (logs[i].path && !strcmp(logs[i].path, path))
            return &logs[i];
        if (!free_one && is_free(&logs[i]))
            free_one = &logs[i];
    }
    return free_one;
}

/* --- how much ------------------------------------------------------------- */

static bool is_known(const struct log *l, const char *path)
{
    return l->path && !strcmp(l->path, path);
}

/* made: here, and so is whatever gets the name FILE.old. */
static int remember(struct log *l, const char *path, const struct stat *st,
                    bool made)
{
    bool new = !is_known(l, path);
    char *copy = new ? strdup(path) : l->path;

    if (!copy)
        return -ENOMEM;
    if (new) {
        free(l->path);
        *l = (struct log){.path = copy, .most = st->st_size + LOG_FILE_MAX};
    }
    l->begins_anew = l->begins_anew || made || is_own_trace(path);
    if (l->begins_anew)
        l->most = LOG_FILE_MAX;
    if (!S_ISREG(st->st_mode)) /* a terminal, by the command line */
        l->most = INT64_MAX;
    return 0;
}

/* 0 or -errno, and then it is closed. */
static int open_output(struct output *o, const char *path)
{
    bool made = !may_exist(path) && !may_exist(old_name(path));
    struct log *l = place_for(path);
    struct stat st;
    int rc;

    *o = (struct output){.fd = -1};
    if (!l) {
        log_guest(&told,
                  "%s is refused: the store writes to %d files at a time; who "
                  "wants another one removes one of these",
                  path, LOG_FILES);
        return -ENOSPC;
    }
    o->fd = open_file(path);
    if (o->fd < 0)
        return o->fd;
    rc = fstat(o->fd, &st) ? -errno : remember(l, path, &st, made);
    if (rc) {
        close(o->fd);
        o->fd = -1;
        return rc;
    }
    o->log = l;
    o->size = st.st_size;
    return 0;
}

static void close_output(struct output *o)
{
    if (o->fd >= 0)
        close(o->fd);
    *o = (struct output){.fd = -1};
}

/* 0 or -errno. */
static int begin_anew(struct output *o)
{
    struct log *l = o->log;

    if (l->begins_anew && !rename(l->path, old_name(l->path))) {
        close(o->fd);
        o->fd = open_file(l->path);
        o->size = 0;
        return o->fd < 0 ? o->fd : 0;
    }
    log_guest(&told, "%s is full: it has %" PRId64 " bytes", l->path, o->size);
    return -ENOSPC;
}

/* 0 or -errno. */
static int add(struct output *o, const char *text)
{
    size_t len = strlen(text);
    int rc = 0;
    ssize_t n;

    if (o->size && o->size + (int64_t)len > o->log->most)
        rc = begin_anew(o);
    if (rc)
        return rc;
    n = write(o->fd, text, len);
    if (n > 0)
        o->size += n;
    return n == (ssize_t)len ? 0 : n < 0 ? -errno : -EIO;
}

/* --- what ----------------------------------------------------------------- */

int log_files_trace(const char *path)
{
    close_output(&trace);
    return path ? open_output(&trace, path) : 0;
}

void log_files_add(const char *text)
{
    if (trace.fd >= 0)
        add(&trace, text);
}

int log_files_report(const char *path, const char *text)
{
    struct output o;
    int rc;

    if (trace.fd >= 0 && !strcmp(trace.log->path, path))
        return add(&trace, text);
    rc = open_output(&o, path);
    rc = rc ? rc : add(&o, text);
    close_output(&o);
    return rc;
}
