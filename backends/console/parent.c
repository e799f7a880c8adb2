/* SPDX-License-Identifier: MIT */
/* See parent.h. */
#include "parent.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xlctrl.h>

#include <daemon/log.h>
#include <daemon/log_open.h>

#include "errand_wire.h"
#include "gate.h"
#include "given.h"
#include "keeper_reach.h"
#include "log_file.h"
#include "page.h"
#include "terminal.h"

static const struct parent *own;
static struct console_gate gate;
static xlc_handle *xlc;

/* Terminals: two for each domain, and more for those that have just ended. */
#define TERMINALS_EACH 2
#define TERMINALS_MORE 256

/* The log that the domain of that frame has. Once it has ended the frame is 0,
 * since the next of its number may get the same one, but there may be something
 * to write still. */
static struct {
    uint64_t frame;
    char *log; /* NULL: none yet */
} known[DOMID_FIRST_RESERVED];

static int look_at(unsigned int domid, struct domain_state *d)
{
    struct xen_domctl_getdomaininfo info;

    if (!domid || domid >= DOMID_FIRST_RESERVED)
        return -EINVAL;
    if (xlc_domain_getinfo(xlc, domid, &info)) {
        known[domid].frame = 0;
        return -errno;
    }
    *d = (struct domain_state){.frame = info.shared_info_frame,
                               .over = !!(info.flags & XEN_DOMINF_dying)};
    if (d->over)
        known[domid].frame = 0;
    return 0;
}

/* The same for one that must live. */
static int look_at_living(unsigned int domid, struct domain_state *d)
{
    int rc = look_at(domid, d);

    return rc || !d->over ? rc : -ESRCH;
}

static bool lives(unsigned int domid)
{
    struct domain_state d = {0};

    return !look_at_living(domid, &d);
}

static int do_store(struct errand_call *c)
{
    return errand_give(c, store_gate_open(&gate.gate));
}

/* --- terminals ------------------------------------------------------------ */

static int nr_living(void)
{
    struct xen_domctl_getdomaininfo info[32];
    uint32_t first = 1;
    int n, living = 0;

    do {
        n = xlc_domain_getinfolist(xlc, first, ARRAY_SIZE(info), info);
        for (int i = 0; i < n; i++)
            living += !(info[i].flags & XEN_DOMINF_dying);
        if (n > 0)
            first = info[n - 1].domain + 1u;
    } while (n == (int)ARRAY_SIZE(info));
    return living;
}

static int make_terminal(struct errand_call *c)
{
    int rc = terminal_open(&c->fds[TERMINAL_MASTER], &c->fds[TERMINAL_SLAVE]);

    if (rc)
        return rc;
    c->n = 2;
    rc = terminal_pipe(&c->fds[TERMINAL_PIPE_OUT], c->size);
    if (rc)
        return rc;
    c->n = TERMINAL_FDS;
    return given_add(c->fds);
}

static int do_terminal(struct errand_call *c)
{
    struct domain_state d = {0};
    int rc = look_at_living(c->number, &d), living;

    if (rc)
        return rc;
    if (c->size > TERMINAL_WAITING)
        return -EPERM;
    living = given_living();
    if (living < 0)
        return living;
    if (living >= TERMINALS_EACH * nr_living() + TERMINALS_MORE)
        return -EAGAIN;
    return make_terminal(c);
}

static int do_show(struct errand_call *c)
{
    return terminal_name(c->fd, gate.shown, sizeof(gate.shown));
}

/* --- logs ----------------------------------------------------------------- */

static bool is_log(unsigned int domid, const char *name)
{
    static const char guests[] = "guest-";

    if (!name)
        return false;
    for (const char *p = name; *p; p++)
        if (*p == '/' || (unsigned char)*p < ' ')
            return false;
    return domid ? own->log_guests && !strncmp(name, guests, strlen(guests))
                 : own->log_hypervisor && !strcmp(name, "hypervisor");
}

/* 0: as long as it lives it has no other. Or names without end would fill the
 * disk. */
static int claim_log(unsigned int domid, const char *name)
{
    struct domain_state d = {0};
    int rc;

    if (domid < DOMID_FIRST_RESERVED && known[domid].log &&
        !strcmp(known[domid].log, name))
        return 0;
    rc = look_at_living(domid, &d);
    if (rc)
        return rc;
    if (known[domid].log && known[domid].frame == d.frame)
        return -EPERM;
    free(known[domid].log);
    known[domid].log = strdup(name);
    known[domid].frame = d.frame;
    return known[domid].log ? 0 : -ENOMEM;
}

static bool is_full(int fd)
{
    struct stat st;

    return !fstat(fd, &st) && st.st_size >= LOG_FILE_MAX;
}

/*
 * The former file is emptied and becomes the new one: whoever has it open still
 * could fill the disk with one that has no name. A link is no such file. A file
 * system that cannot exchange names moves the one over the other.
 */
static int begin_anew(const char *path)
{
    char old[PATH_MAX + 2];
    int fd, rc;

    snprintf(old, sizeof(old), "%s.1", path);
    fd = log_open_below(own->log_dir, old);
    if (fd == -EXDEV && !unlink(old))
        fd = log_open_below(own->log_dir, old);
    if (fd < 0)
        return fd;
    if (!ftruncate(fd, 0) &&
        !renameat2(AT_FDCWD, path, AT_FDCWD, old, RENAME_EXCHANGE))
        return fd;
    rc = errno == EINVAL && !rename(path, old) ? 0 : -errno;
    close(fd);
    return rc ? rc : log_open_below(own->log_dir, path);
}

static int open_log(const char *path, bool full)
{
    int fd = log_open_below(own->log_dir, path);

    if (fd < 0 || !full || !is_full(fd))
        return fd;
    close(fd);
    return begin_anew(path);
}

static int do_log(struct errand_call *c)
{
    const char *name = c->text[0];
    char path[PATH_MAX];
    int rc;

    if (!is_log(c->number, name))
        return -EPERM;
    if (snprintf(path, sizeof(path), "%s/%s.log", own->log_dir, name) >=
        (int)sizeof(path))
        return -ENAMETOOLONG;
    rc = c->number ? claim_log(c->number, name) : 0;
    return errand_give(c, rc ? rc : open_log(path, c->size));
}

/* --- the rest ------------------------------------------------------------- */

static int do_page(struct errand_call *c)
{
    return errand_give(c, page_make());
}

/* One connection at a time, since the keeper serves no other meanwhile, and who
 * connects would wait. */
static int do_keeper(struct errand_call *c)
{
    static int keeper = -1;
    int fd;

    if (keeper >= 0) {
        shutdown(keeper, SHUT_RDWR);
        close(keeper);
    }
    keeper = keeper_reach(own->run_dir, own->keeper);
    if (keeper < 0)
        return keeper;
    fd = fcntl(keeper, F_DUPFD_CLOEXEC, 0);
    return errand_give(c, fd < 0 ? -errno : fd);
}

static int do_domain(struct errand_call *c)
{
    struct domain_state d = {0};
    int rc = look_at(c->number, &d);

    return rc ? rc : errand_tell(c, &d, sizeof(d));
}

static int do_hypervisor(struct errand_call *c)
{
    struct printed p = {.end = c->number};
    int n;

    if (!own->log_hypervisor || c->size > sizeof(p.text))
        return -EPERM;
    n = xlc_readconsole(xlc, p.text, c->size, false, true, &p.end);
    return n < 0 ? -errno
                 : errand_tell(c, &p, offsetof(struct printed, text) + n);
}

static errand_func *const errands[] = {
    [ERRAND_STORE - ERRAND_OWN] = do_store,
    [ERRAND_TERMINAL - ERRAND_OWN] = do_terminal,
    [ERRAND_SHOW - ERRAND_OWN] = do_show,
    [ERRAND_LOG - ERRAND_OWN] = do_log,
    [ERRAND_PAGE - ERRAND_OWN] = do_page,
    [ERRAND_KEEPER - ERRAND_OWN] = do_keeper,
    [ERRAND_DOMAIN - ERRAND_OWN] = do_domain,
    [ERRAND_HYPERVISOR - ERRAND_OWN] = do_hypervisor,
};

int parent_run(const struct parent *with, struct pair *both)
{
    own = with;
    xlc = xlc_open(log_for_libraries());
    if (!xlc) {
        log_error("cannot start: the hypervisor's control operations: %s",
                  strerror(errno));
        return 1;
    }
    gate.lives = lives;
    console_gate_begin(&gate, &both->loop);
    return errand_run(both, errands, ERRAND_KINDS - ERRAND_OWN, with->ready);
}
