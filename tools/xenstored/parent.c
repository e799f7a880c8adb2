/* SPDX-License-Identifier: MIT */
/* See parent.h. */
#include "parent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <daemon/daemonise.h>
#include <daemon/log.h>
#include <daemon/log_open.h>

#include "errand.h"
#include "errand_wire.h"
#include "journal.h"
#include "successor.h"

#define HANDED_MAX 65536

static const struct parent *own;
static const struct pair *pair;

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
    fd = log_open_below(own->logs, path);
    if (fd == -EXDEV)
        fd = log_open_below(own->directory, path);
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

static int do_open(struct errand_call *c)
{
    if (!c->text[0] || c->number > FILE_LOG)
        return -EPERM;
    if (c->number == FILE_LOG)
        return errand_give(c, open_log(c->text[0]));
    return is_own(c->text[0])
               ? errand_give(c, file_open(c->text[0], (enum file_use)c->number))
               : -EPERM;
}

static int do_listen(struct errand_call *c)
{
    return c->text[0] && !strcmp(c->text[0], own->socket)
               ? errand_give(c, file_listen(own->socket))
               : -EPERM;
}

static int do_rename(struct errand_call *c)
{
    return is_own(c->text[0]) && is_own(c->text[1])
               ? file_rename(c->text[0], c->text[1])
               : -EPERM;
}

static int do_remove(struct errand_call *c)
{
    return is_own(c->text[0]) ? file_remove(c->text[0]) : -EPERM;
}

static int do_cut(struct errand_call *c)
{
    return is_own(c->text[0]) ? file_cut(c->text[0], c->size) : -EPERM;
}

/* --- the rest ------------------------------------------------------------- */

static int do_domain(struct errand_call *c)
{
    struct xen_domain_info info = {0};
    int rc = c->number > UINT16_MAX
                 ? EINVAL
                 : xen_ask_domain((uint16_t)c->number, &info);

    return rc ? -rc : errand_tell(c, &info, sizeof(info));
}

static int do_program(struct errand_call *c)
{
    const char *why = "No program was named.";

    if (c->text[0] && c->number >= 1 && c->number <= 2 &&
        (c->number == 1 || c->text[1]))
        why = successor_choose(c->text[0], c->text[1]);
    return errand_tell(c, why ? why : "",
                       why ? strnlen(why, ERRAND_WHY - 1) : 0);
}

static void drop_handed(void)
{
    close_range(ERRAND_HANDED, ~0u, 0);
}

/* Not close-on-exec: for the program that follows. */
static int do_hand(struct errand_call *c)
{
    int rc;

    if (c->fd < 0 || c->number >= HANDED_MAX) {
        drop_handed();
        return -EBADF;
    }
    if (!c->number)
        drop_handed();
    if (dup2(c->fd, ERRAND_HANDED + (int)c->number) >= 0)
        return 0;
    rc = -errno;
    drop_handed(); /* or clients that hang up would not be seen to */
    return rc;
}

/* The journal has all, and nobody has seen more than that. The program has been
 * run already, to say its version; if it cannot be run once more this process
 * ends, and who starts it again gets a daemon that goes on from the journal. */
static int do_go(struct errand_call *c)
{
    if (!successor_chosen()) {
        drop_handed();
        return -EINVAL;
    }
    log_info("going on as %s", successor_chosen());
    pair_end_child(pair);
    log_error("live update to %s: %s", successor_chosen(),
              strerror(successor_run()));
    exit(1);
}

static errand_func *const errands[] = {
    [ERRAND_OPEN - ERRAND_OWN] = do_open,
    [ERRAND_LISTEN - ERRAND_OWN] = do_listen,
    [ERRAND_RENAME - ERRAND_OWN] = do_rename,
    [ERRAND_REMOVE - ERRAND_OWN] = do_remove,
    [ERRAND_CUT - ERRAND_OWN] = do_cut,
    [ERRAND_DOMAIN - ERRAND_OWN] = do_domain,
    [ERRAND_PROGRAM - ERRAND_OWN] = do_program,
    [ERRAND_HAND - ERRAND_OWN] = do_hand,
    [ERRAND_GO - ERRAND_OWN] = do_go,
};

int parent_run(const struct parent *with, struct pair *both)
{
    own = with;
    pair = both;
    return errand_run(both, errands, ERRAND_KINDS - ERRAND_OWN, with->ready);
}
