/* SPDX-License-Identifier: MIT */
/* See media_world.h. */
#include "media_world.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

char dir[] = "/tmp/block-storage-XXXXXX", image[64], on_disk[64];
char loop[2][64];

/* --- the kernel --- */

bool old_kernel;

int statx(int dir, const char *restrict path, int flags, unsigned int mask,
          struct statx *restrict x)
{
    int r = syscall(SYS_statx, dir, path, flags, mask, x);

    if (old_kernel)
        x->stx_mask &= ~STATX_DIOALIGN;
    return r;
}

unsigned int submissions, refusals;

int io_uring_submit(struct io_uring *ring)
{
    static int (*submit)(struct io_uring * ring);

    submissions++;
    if (refusals) {
        refusals--;
        return -EAGAIN;
    }
    if (!submit)
        *(void **)&submit = dlsym(RTLD_NEXT, "io_uring_submit");
    return submit(ring);
}

bool no_ring;

int io_uring_queue_init(unsigned int depth, struct io_uring *ring,
                        unsigned int flags)
{
    static int (*init)(unsigned int depth, struct io_uring *ring,
                       unsigned int flags);

    if (!init)
        *(void **)&init = dlsym(RTLD_NEXT, "io_uring_queue_init");
    return no_ring ? -EPERM : init(depth, ring, flags);
}

volatile bool flushes_hang;
volatile unsigned int flushes;
volatile int flush_error;

int fdatasync(int fd)
{
    int e;

    flushes++;
    while (flushes_hang)
        usleep(1000);
    e = flush_error;
    flush_error = 0;
    errno = e;
    return e ? -1 : 0;
}

bool data_lost;

int sync_file_range(int fd, off64_t offset, off64_t n, unsigned int flags)
{
    int r = (int)syscall(SYS_sync_file_range, fd, offset, n, flags);

    errno = data_lost ? EIO : errno;
    r = data_lost ? -1 : r;
    data_lost = false;
    return r;
}

volatile bool reads_hang, read_hangs;

ssize_t pread(int fd, void *data, size_t n, off_t offset)
{
    for (; reads_hang; read_hangs = true)
        usleep(1000);
    return syscall(SYS_pread64, fd, data, n, offset);
}

bool secure, size_refused;
unsigned int sizes_asked;
unsigned int secure_discards;

int ioctl(int fd, unsigned long request, ...)
{
    const uint64_t *range;
    va_list ap;

    va_start(ap, request);
    range = va_arg(ap, void *);
    va_end(ap);
    sizes_asked += request == BLKGETSIZE64;
    if (request == BLKGETSIZE64 && size_refused) {
        errno = EPERM;
        return -1;
    }
    if (request != BLKSECDISCARD || !secure)
        return (int)syscall(SYS_ioctl, fd, request, range);
    if (range[0] % 512 || range[1] % 512) {
        errno = EINVAL;
        return -1;
    }
    secure_discards++;
    return 0;
}

/* --- the media --- */

void make_file(const char *path, off_t size)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    close(fd);
}

/* The first line that the shell command prints, or "". */
static void output_of(const char *command, char line[64])
{
    FILE *f = popen(command, "re");

    assert_non_null(f);
    if (!fgets(line, 64, f))
        line[0] = 0;
    line[strcspn(line, "\n")] = 0;
    pclose(f);
}

static void make_loop(char device[64], const char *name, int sector)
{
    char path[80], command[200];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    make_file(path, 16 * MIB);
    snprintf(command, sizeof(command), "losetup -b %d -f --show %s 2>/dev/null",
             sector, path);
    output_of(command, device);
}

int run(const char *format, const char *arg)
{
    char command[200];

    snprintf(command, sizeof(command), format, arg);
    return system(command);
}

int media_world_begin(void **state)
{
    assert_non_null(mkdtemp(dir));
    snprintf(image, sizeof(image), "%s/image", dir);
    snprintf(on_disk, sizeof(on_disk), "%s/mnt", dir);
    assert_int_equal(mkdir(on_disk, 0700), 0);
    make_file(image, MIB);
    make_loop(loop[0], "disk-512", 512);
    make_loop(loop[1], "disk-4096", 4096);
    return 0;
}

int media_world_end(void **state)
{
    while (!umount2(on_disk, MNT_DETACH))
        ;
    for (int i = 0; i < 2; i++)
        if (loop[i][0])
            run("losetup -d %s", loop[i]);
    return run("rm -rf %s", dir);
}

void needs_loop(int i)
{
    if (!loop[i][0])
        skip();
}

int open_named(struct storage *s, const char *path, const struct medium_id *id,
               const char *mode)
{
    int rc = storage_open(s, path, id, mode, false, 4);

    return rc ? rc : storage_begin(s);
}

int open_it(struct storage *s, const char *path, const char *mode)
{
    return open_named(s, path, NULL, mode);
}

struct medium_id name_of(const char *path)
{
    struct medium_id id;
    char command[300];

    snprintf(
        command, sizeof(command),
        "eval \"$(sed -n '/^ID=/p; /^identity()/p; /^identity_in()/,/^}/p' "
        "dom0-scripts/hotplug/block)\"; identity %s",
        path);
    output_of(command, id.text);
    assert_string_not_equal(id.text, "");
    return id;
}

void open_with(struct storage *s, const char *path, bool discard,
               unsigned int depth)
{
    assert_int_equal(storage_open(s, path, NULL, "w", discard, depth), 0);
    assert_int_equal(storage_begin(s), 0);
}

int opened(const char *path, const char *mode)
{
    struct storage s;
    int rc = open_it(&s, path, mode);

    if (!rc)
        storage_close(&s);
    return rc;
}

int transfer(struct storage *s, enum storage_op op, void *data, uint64_t offset,
             uint64_t len)
{
    struct storage_io io = {.op = op, .data = data, .offset = offset};
    struct storage_io *done;

    io.len = len;
    storage_queue(s, &io);
    while (!storage_kick(s))
        ;
    while (!(done = storage_next_done(s)))
        ;
    assert_ptr_equal(done, &io);
    return io.result;
}

void takes_announced_sectors(const char *path)
{
    struct storage s;
    uint32_t n;
    char *data = aligned_alloc(4096, 8192);

    assert_int_equal(open_it(&s, path, "w"), 0);
    n = s.limits.sector_size;
    for (uint64_t at = n; at < 8 * n; at += 3 * n) {
        memset(data, 'a' + at % 23, n);
        assert_int_equal(transfer(&s, STORAGE_WRITE, data, at, n), n);
        assert_int_equal(transfer(&s, STORAGE_FLUSH, NULL, 0, 0), 0);
        memset(data, 0, n);
        assert_int_equal(transfer(&s, STORAGE_READ, data, at, n), n);
        assert_int_equal(data[n - 1], 'a' + at % 23);
    }
    storage_close(&s);
    free(data);
}
