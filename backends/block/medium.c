/* SPDX-License-Identifier: MIT */
/* See medium.h. */
#include "medium.h"

#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/fd_path.h"
#include "claim.h"
#include "sysfs.h"

#define SECTOR 512

/* QEMU's bytes: whoever reads or writes locks the byte of what it does, and the
 * second byte of what others must not do. All locks are shared; who finds a
 * lock of another on the opposite byte gives up. */
#define READS     100
#define WRITES    101
#define NO_READS  200
#define NO_WRITES 201

static int lock(int fd, off_t first, off_t last)
{
    struct flock l = {F_RDLCK, SEEK_SET, first, last - first + 1, 0};

    return fcntl(fd, F_OFD_SETLK, &l) ? -errno : 0;
}

static bool locked(int fd, off_t first, off_t last)
{
    struct flock l = {F_WRLCK, SEEK_SET, first, last - first + 1, 0};

    return !fcntl(fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK;
}

/* A medium that no script has named is what its path leads to. */
static bool is_named(const struct medium_id *id)
{
    return id && *id->text;
}

/* Of a device that the kernel lets nobody open to write: what a writer that has
 * gone has begun may come after what we write. */
static int refusal_of(const char *path, const struct medium_id *id)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), rc = -EBUSY;

    if (fd < 0)
        return rc;
    if (is_named(id) && !medium_id_is(id, fd))
        rc = -EMEDIUMTYPE;
    else if (claim_left_by_writer(fd))
        rc = -EAGAIN;
    close(fd);
    return rc;
}

/* A writer that minds no other only says that it is there; but for one that has
 * gone, even it waits. */
static int keep_others_out(int fd, bool writes, bool minds)
{
    int rc = lock(fd, READS, writes ? WRITES : READS);

    if (claim_left_by_writer(fd))
        return -EAGAIN;
    if (!minds)
        return 0;
    rc = rc ? rc : lock(fd, NO_WRITES, NO_WRITES);
    if (rc) /* another's exclusive lock, or a file system without locks */
        return rc == -EAGAIN || rc == -EACCES ? -EBUSY : 0;
    if (!locked(fd, WRITES, WRITES) &&
        !locked(fd, NO_READS, writes ? NO_WRITES : NO_READS))
        return 0;
    return writes && claim_left_by_readers(fd) ? -EAGAIN : -EBUSY;
}

static int open_alone(const char *path, const struct medium_id *id,
                      const char *mode, int *alive)
{
    bool writes = mode[0] == 'w', minds = strcmp(mode, "w!");
    int flags = (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC, fd, rc;

    if (writes && minds)
        flags |= O_EXCL; /* what the kernel takes for a claim of a device */
    fd = open(path, flags | O_DIRECT);
    if (fd < 0 && errno == EINVAL)
        fd = open(path, flags);
    if (fd < 0)
        return errno == EBUSY ? refusal_of(path, id) : -errno;
    rc = is_named(id) && !medium_id_is(id, fd)
             ? -EMEDIUMTYPE
             : keep_others_out(fd, writes, minds);
    if (!rc) {
        *alive = claim_medium(fd, writes);
        return fd;
    }
    close(fd);
    return rc;
}

/* By a read of the first data, for a hole is read without the disk; what the
 * disk below wants is looked at for a file that has none yet. */
static bool seems_to_take_sectors(int fd, dev_t below)
{
    alignas(SECTOR) char sector[SECTOR];
    off_t data = lseek(fd, 0, SEEK_DATA);

    return sysfs_number(below, "queue/logical_block_size") <= SECTOR &&
           pread(fd, sector, SECTOR, (data < 0 ? 0 : data) + SECTOR) >= 0;
}

/* Direct I/O may want more than a sector: of a file, what the disk below wants.
 * Kernels before 6.1, and some file systems, do not say it. */
static bool takes_sectors(int fd)
{
    struct statx x;
    struct stat st;

    if (fstat(fd, &st))
        return false;
    if (S_ISBLK(st.st_mode))
        return true; /* its sectors are announced as they are */
    if (!statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &x) &&
        (x.stx_mask & STATX_DIOALIGN))
        return x.stx_dio_offset_align && x.stx_dio_offset_align <= SECTOR;
    return seems_to_take_sectors(fd, st.st_dev);
}

/* --- what a former process has left --- */

static int left = -1, left_errors = -1;

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void medium_inherit(int fd, int errors)
{
    medium_settled();
    left = fd;
    left_errors = errors;
}

void medium_settled(void)
{
    close_one(&left);
    close_one(&left_errors);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    if (S_ISBLK(a->st_mode) || S_ISBLK(b->st_mode))
        return S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode) &&
               a->st_rdev == b->st_rdev;
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool is_open_at(int fd, const char *path)
{
    struct stat a, b;

    return fd >= 0 && !fstat(fd, &a) && !stat(path, &b) && is_same(&a, &b);
}

/* Somebody may have renamed or removed it, and the guest goes on with it. */
static bool is_medium(int fd, const char *path, const struct medium_id *id)
{
    return is_named(id) ? medium_id_is(id, fd) : is_open_at(fd, path);
}

static bool is_for(int fd, bool writes)
{
    return (fcntl(fd, F_GETFL) & O_ACCMODE) == (writes ? O_RDWR : O_RDONLY);
}

/* -ENOENT: nothing of this medium. It is claimed and locked already; but the
 * process that lives is this one. Flags are as the former process wanted, whose
 * guest may have taken it over. */
static int take_left(const char *path, const struct medium_id *id, bool writes,
                     int *alive)
{
    int fd;

    if (!is_medium(left, path, id) || !is_for(left, writes)) {
        medium_settled();
        return -ENOENT;
    }
    fd = fcntl(left, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (fcntl(fd, F_SETFL, O_DIRECT))
        fcntl(fd, F_SETFL, 0);
    *alive = claim_again(fd, writes);
    return fd;
}

/* --- errors --- */

bool medium_lost_data(int errors)
{
    const off_t behind_all = INT64_MAX / 2;

    return errors >= 0 &&
           sync_file_range(errors, behind_all, 1,
                           SYNC_FILE_RANGE_WAIT_BEFORE) &&
           (errno == EIO || errno == ENOSPC || errno == EDQUOT);
}

/* Of a former process, or from now on. */
static int watch_errors(int fd, const char *path, const struct medium_id *id)
{
    int errors;

    if (fcntl(fd, F_GETFL) & O_DIRECT)
        return -1;
    if (is_medium(left_errors, path, id))
        return fcntl(left_errors, F_DUPFD_CLOEXEC, 0);
    errors = open(fd_path(fd).name, O_RDONLY | O_CLOEXEC);
    medium_lost_data(errors); /* by others */
    return errors;
}

int medium_show(int fd, int number)
{
    int shown = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, number);

    if (shown < 0)
        return fd;
    close(fd);
    return shown;
}

int medium_open(const char *path, const struct medium_id *id, const char *mode,
                int *alive, int *errors)
{
    int fd = take_left(path, id, mode[0] == 'w', alive);

    if (fd == -ENOENT)
        fd = open_alone(path, id, mode, alive);
    if (fd < 0)
        return fd;
    if (!takes_sectors(fd))
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_DIRECT);
    *errors = watch_errors(fd, path, id);
    return fd;
}

bool medium_is_at(const char *path, const struct medium_id *id)
{
    int fd = is_named(id) ? open(path, O_PATH | O_CLOEXEC) : -1;
    bool is = !is_named(id) || medium_id_is(id, fd);

    close_one(&fd);
    return is;
}

const char *medium_why_not(int rc)
{
    switch (rc) {
    case -EBUSY:
        return "somebody else uses it";
    case -EAGAIN:
        return "it has not finished what its former user asked for";
    case -EMEDIUMTYPE:
        return "another file or device has this name than when the hotplug "
               "script looked at it";
    default:
        return strerror(-rc);
    }
}
