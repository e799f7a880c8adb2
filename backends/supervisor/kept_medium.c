/* SPDX-License-Identifier: MIT */
/* See kept_medium.h. */
#include "kept_medium.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <daemon/log.h>

#include "../block/kept.h"

static void *close_in_thread(void *fd)
{
    close((int)(intptr_t)fd);
    return NULL;
}

static void close_away(int fd)
{
    pthread_t t;

    if (fd < 0)
        return;
    if (pthread_create(&t, NULL, close_in_thread, (void *)(intptr_t)fd))
        close(fd);
    else
        pthread_detach(t);
}

struct kept_medium kept_medium_look(int pidfd)
{
    struct kept_medium k = {pidfd_getfd(pidfd, KEPT_MEDIUM, 0), -1, true};

    if (k.fd < 0)
        return KEPT_NO_MEDIUM;
    k.errors = pidfd_getfd(pidfd, KEPT_ERRORS, 0);
    return k;
}

bool kept_medium_is(struct kept_medium *k, const struct medium_id *id)
{
    if (!medium_id_is(id, k->errors)) {
        close_away(k->errors);
        k->errors = -1;
    }
    return medium_id_is(id, k->fd);
}

/* Without a question to a file server: any other than this one may wait for it
 * in vain. */
static bool size_of(int fd, uint64_t *bytes)
{
    struct statx x;

    if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
              STATX_TYPE | STATX_SIZE, &x))
        return false;
    *bytes = x.stx_size;
    return !S_ISBLK(x.stx_mode) || !ioctl(fd, BLKGETSIZE64, bytes);
}

/* It is raised alone: its number may be another process's by now, which has no
 * such limit. */
void kept_medium_allow(const struct kept_medium *k, pid_t pid, int pidfd)
{
    struct rlimit former, now;
    uint64_t bytes;

    if (k->fd < 0 || !size_of(k->fd, &bytes) ||
        prlimit(pid, RLIMIT_FSIZE, NULL, &former) || former.rlim_cur >= bytes)
        return;
    now = (struct rlimit){bytes, former.rlim_max};
    if (pidfd_send_signal(pidfd, 0, NULL, 0) ||
        prlimit(pid, RLIMIT_FSIZE, &now, NULL))
        log_warning("process %d cannot write all of its medium: %s", (int)pid,
                    strerror(errno));
}

void kept_medium_let_go(struct kept_medium *k)
{
    close_away(k->fd);
    close_away(k->errors);
    *k = KEPT_NO_MEDIUM;
}
