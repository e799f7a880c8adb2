/* SPDX-License-Identifier: MIT */
/* See parent.h. */
#include "parent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <base/macros.h>
#include <daemon/daemonise.h>
#include <daemon/fd_message.h>
#include <daemon/log.h>

#include "errand.h"
#include "errand_wire.h"
#include "journal.h"
#include "successor.h"

#define HANDED_MAX 65536

static const struct parent *own;
static const struct pair *pair;
static struct errand errand;
static const char *text[2]; /* of the errand; NULL: it has no such text */

/* --- files ---------------------------------------------------------------- */

static bool is_own(const char *path)
{
    size_t len = strlen(own->journal);

    return path && !strncmp(path, own->journal, len) &&
           (!path[len] || !strcmp(path + len, JOURNAL_FRESH));
}

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

static int open_log(const char *path)
{
    int fd;

    if (is_own_trace(path))
        return file_open(path, FILE_LOG);
    fd = file_open_log(own->logs, path);
    if (fd == -EXDEV)
        fd = file_open_log(own->directory, path);
    if (fd >= 0 && is_pid_file(fd)) {
        close(fd);
        fd = -EXDEV;
    }
    if (fd != -EXDEV)
        return fd;
    log_warning("%s is refused: the store writes to plain files below %s and "
                "%s alone",
                path, own->logs, own->directory);
    return -EACCES;
}

static int do_open(struct errand_answer *a, int *fd)
{
    if (!text[0] || errand.number > FILE_LOG)
        return EPERM;
    if (errand.number == FILE_LOG)
        *fd = open_log(text[0]);
    else if (is_own(text[0]))
        *fd = file_open(text[0], (enum file_use)errand.number);
    else
        *fd = -EPERM;
    return *fd < 0 ? -*fd : 0;
}

static int do_listen(struct errand_answer *a, int *fd)
{
    if (!text[0] || strcmp(text[0], own->socket))
        return EPERM;
    *fd = file_listen(own->socket);
    return *fd < 0 ? -*fd : 0;
}

static int do_rename(struct errand_answer *a, int *fd)
{
    return is_own(text[0]) && is_own(text[1]) ? -file_rename(text[0], text[1])
                                              : EPERM;
}

static int do_remove(struct errand_answer *a, int *fd)
{
    return is_own(text[0]) ? -file_remove(text[0]) : EPERM;
}

static int do_cut(struct errand_answer *a, int *fd)
{
    return is_own(text[0]) ? -file_cut(text[0], errand.number) : EPERM;
}

/* --- the rest ------------------------------------------------------------- */

static int do_domain(struct errand_answer *a, int *fd)
{
    return errand.number > UINT16_MAX
               ? EINVAL
               : xen_ask_domain((uint16_t)errand.number, &a->info);
}

static int do_say(struct errand_answer *a, int *fd)
{
    if (text[0] && errand.number <= LOG_LVL_DEBUG)
        log_line((enum log_level)errand.number, "%s", text[0]);
    return 0;
}

static int do_ready(struct errand_answer *a, int *fd)
{
    static bool done;

    if (!done)
        own->ready();
    done = true;
    return 0;
}

static int do_program(struct errand_answer *a, int *fd)
{
    const char *why = "No program was named.";

    if (text[0] && errand.number >= 1 && errand.number <= 2 &&
        (errand.number == 1 || text[1]))
        why = successor_choose(text[0], text[1]);
    snprintf(a->text, sizeof(a->text), "%s", why ? why : "");
    return 0;
}

static void drop_handed(void)
{
    close_range(ERRAND_HANDED, ~0u, 0);
}

/* Not close-on-exec: for the program that follows. */
static int do_hand(struct errand_answer *a, int *fd)
{
    int rc;

    if (*fd < 0 || errand.number >= HANDED_MAX) {
        drop_handed();
        return EBADF;
    }
    if (!errand.number)
        drop_handed();
    if (dup2(*fd, ERRAND_HANDED + (int)errand.number) >= 0)
        return 0;
    rc = errno;
    drop_handed(); /* or clients that hang up would not be seen to */
    return rc;
}

/* The journal has all, and nobody has seen more than that. The program has been
 * run already, to say its version; if it cannot be run once more this process
 * ends, and who starts it again gets a daemon that goes on from the journal. */
static int do_go(struct errand_answer *a, int *fd)
{
    if (!successor_chosen()) {
        drop_handed();
        return EINVAL;
    }
    log_info("going on as %s", successor_chosen());
    pair_end_child(pair);
    log_error("live update to %s: %s", successor_chosen(),
              strerror(successor_run()));
    exit(1);
}

/* --- errands -------------------------------------------------------------- */

/* Does what errand and text say. *fd: a descriptor that came, or goes with the
 * answer. 0 or an errno value. */
typedef int errand_func(struct errand_answer *a, int *fd);

static const struct {
    errand_func *func;
    bool no_answer;
} errands[ERRAND_KINDS] = {
    [ERRAND_OPEN] = {do_open, false},
    [ERRAND_LISTEN] = {do_listen, false},
    [ERRAND_RENAME] = {do_rename, false},
    [ERRAND_REMOVE] = {do_remove, false},
    [ERRAND_CUT] = {do_cut, false},
    [ERRAND_DOMAIN] = {do_domain, false},
    [ERRAND_SAY] = {do_say, true},
    [ERRAND_READY] = {do_ready, true},
    [ERRAND_PROGRAM] = {do_program, false},
    [ERRAND_HAND] = {do_hand, false},
    [ERRAND_GO] = {do_go, false},
};

/* What is not terminated is no text. */
static void find_texts(size_t len)
{
    const char *at = errand.text;

    for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
        const char *end = memchr(at, '\0', len);

        text[i] = end ? at : NULL;
        if (!end)
            continue;
        len -= (size_t)(end + 1 - at);
        at = end + 1;
    }
}

/* False: the daemon has ended, or speaks as none does. */
static bool serve(const struct pair *p)
{
    struct errand_answer a = {.rc = 0};
    int fd = -1, n = 1, len;
    bool good;

    len = fd_message_receive(p->end, &errand, sizeof(errand), &fd, &n);
    good =
        len >= (int)offsetof(struct errand, text) && errand.what < ERRAND_KINDS;
    if (good) {
        find_texts((size_t)len - offsetof(struct errand, text));
        if (fd >= 0 && errand.what != ERRAND_HAND) {
            close(fd);
            fd = -1;
        }
        a.rc = errands[errand.what].func(&a, &fd);
        n = fd >= 0 && errand.what != ERRAND_HAND;
        /* It waits for the answer, so there is room for it. */
        good = errands[errand.what].no_answer ||
               !fd_message_send(p->end, &a, sizeof(a), &fd, n, MSG_DONTWAIT);
    }
    if (fd >= 0)
        close(fd);
    return good;
}

int parent_run(const struct parent *with, const struct pair *both)
{
    own = with;
    pair = both;
    return pair_run(both, serve, NULL);
}
