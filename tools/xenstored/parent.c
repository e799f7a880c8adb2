/* SPDX-License-Identifier: MIT */
/* See parent.h. */
#include "parent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <daemon/log.h>

#include "errand.h"
#include "errand_wire.h"
#include "journal.h"
#include "log_files.h"
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

static int do_open(struct errand_call *c)
{
    return is_own(c->text[0]) && c->number <= FILE_WRITE
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

/* --- what an administrator reads ------------------------------------------ */

static int do_trace(struct errand_call *c)
{
    if (c->number && !c->text[0])
        return -EINVAL;
    return log_files_trace(c->number ? c->text[0] : NULL);
}

static int do_traced(struct errand_call *c)
{
    if (!c->text[0])
        return -EINVAL;
    log_files_add(c->text[0]);
    return ERRAND_SILENT;
}

static int do_report(struct errand_call *c)
{
    return c->text[0] && c->text[1] ? log_files_report(c->text[0], c->text[1])
                                    : -EINVAL;
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
    [ERRAND_TRACE - ERRAND_OWN] = do_trace,
    [ERRAND_TRACED - ERRAND_OWN] = do_traced,
    [ERRAND_REPORT - ERRAND_OWN] = do_report,
    [ERRAND_DOMAIN - ERRAND_OWN] = do_domain,
    [ERRAND_PROGRAM - ERRAND_OWN] = do_program,
    [ERRAND_HAND - ERRAND_OWN] = do_hand,
    [ERRAND_GO - ERRAND_OWN] = do_go,
};

int parent_run(const struct parent *with, struct pair *both)
{
    own = with;
    pair = both;
    log_files_begin(with);
    return errand_run(both, errands, ERRAND_KINDS - ERRAND_OWN, with->ready);
}
