/* SPDX-License-Identifier: MIT */
/* See claim.h. */
#include "claim.h"

#include <fcntl.h>
#include <unistd.h>

#include "../common/fd_path.h"

/* QEMU's image locking ends far below. */
#define FIRST_BYTE  300
#define WRITERS     64 /* at once; behind them, the readers */
#define IO(user)    (FIRST_BYTE + 2 * (off_t)(user))
#define LIVES(user) (IO(user) + 1)

static bool lock(int fd, short type, off_t byte)
{
    struct flock l = {type, SEEK_SET, byte, 1, 0};

    return !fcntl(fd, F_OFD_SETLK, &l);
}

static bool is_locked(int fd, off_t first, off_t n)
{
    struct flock l = {F_WRLCK, SEEK_SET, first, n, 0};

    return !fcntl(fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK;
}

/* The second byte first: there is no moment at which it seems to have gone. */
static bool take(int fd, int alive, unsigned int user, bool alone)
{
    if (!lock(alive, F_RDLCK, LIVES(user)))
        return false;
    if (lock(fd, alone ? F_WRLCK : F_RDLCK, IO(user)))
        return true;
    lock(alive, F_UNLCK, LIVES(user));
    return false;
}

/* To read: a close after writing is an event to others, which look at the
 * medium then. */
static int open_alive(int fd)
{
    return open(fd_path(fd).name, O_RDONLY | O_CLOEXEC);
}

/* first: where fd has a lock of its own already, or 0. */
static int claim_from(int fd, int alive, bool writes, unsigned int first)
{
    if (!writes && take(fd, alive, WRITERS, false))
        return alive;
    for (unsigned int user = first; writes && user < WRITERS; user++)
        if (take(fd, alive, user, true))
            return alive;
    close(alive);
    return -1;
}

int claim_medium(int fd, bool writes)
{
    int alive = open_alive(fd);

    return alive < 0 ? -1 : claim_from(fd, alive, writes, 0);
}

/* By alive every lock of others is seen, and fd's are among those; through fd
 * all but these. */
int claim_again(int fd, bool writes)
{
    int alive = open_alive(fd);
    unsigned int user = 0;

    if (alive < 0)
        return -1;
    while (writes && user < WRITERS &&
           (!is_locked(alive, IO(user), 1) || is_locked(fd, IO(user), 1)))
        user++;
    return claim_from(fd, alive, writes, user < WRITERS ? user : 0);
}

static bool has_gone(int fd, unsigned int user)
{
    return is_locked(fd, IO(user), 1) && !is_locked(fd, LIVES(user), 1);
}

bool claim_left_by_writer(int fd)
{
    unsigned int user = 0;

    if (!is_locked(fd, IO(0), IO(WRITERS) - IO(0)))
        return false;
    while (user < WRITERS && !has_gone(fd, user))
        user++;
    return user < WRITERS;
}

bool claim_left_by_readers(int fd)
{
    return has_gone(fd, WRITERS);
}
