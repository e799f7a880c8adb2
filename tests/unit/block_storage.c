/* SPDX-License-Identifier: MIT */
/*
 * The block backend's media, real ones: files and, if this is root and there
 * are any, loop devices of both sector sizes. Checked: what is announced is
 * what the medium takes, and a medium that is written has one user.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../backends/block/resize.h"
#include "../../backends/block/storage.h"

#define MIB (1 << 20)

static char dir[] = "/tmp/block-storage-XXXXXX", image[64], on_disk[64];
static char loop[2][64]; /* of 512 and 4096 bytes a sector, or "" */

/* --- the kernel --- */

static bool old_kernel; /* knows nothing of STATX_DIOALIGN */

int statx(int dir, const char *restrict path, int flags, unsigned int mask,
          struct statx *restrict x)
{
    int r = syscall(SYS_statx, dir, path, flags, mask, x);

    if (old_kernel)
        x->stx_mask &= ~STATX_DIOALIGN;
    return r;
}

static unsigned int submissions, refusals; /* to come: -EAGAIN */

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

static bool no_ring; /* io_uring is forbidden */

int io_uring_queue_init(unsigned int depth, struct io_uring *ring,
                        unsigned int flags)
{
    static int (*init)(unsigned int depth, struct io_uring *ring,
                       unsigned int flags);

    if (!init)
        *(void **)&init = dlsym(RTLD_NEXT, "io_uring_queue_init");
    return no_ring ? -EPERM : init(depth, ring, flags);
}

static volatile bool flushes_hang;
static volatile unsigned int flushes;
static volatile int flush_error; /* of the next one alone, as the kernel's */

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

static volatile bool reads_hang;

ssize_t pread(int fd, void *data, size_t n, off_t offset)
{
    while (reads_hang)
        usleep(1000);
    return syscall(SYS_pread64, fd, data, n, offset);
}

static bool secure;       /* devices discard securely */
static bool size_refused; /* by a filter of system calls, for example */
static unsigned int secure_discards;

int ioctl(int fd, unsigned long request, ...)
{
    const uint64_t *range;
    va_list ap;

    va_start(ap, request);
    range = va_arg(ap, void *);
    va_end(ap);
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

static void make_file(const char *path, off_t size)
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

static int run(const char *format, const char *arg)
{
    char command[200];

    snprintf(command, sizeof(command), format, arg);
    return system(command);
}

static int set_up(void **state)
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

static int tear_down(void **state)
{
    while (!umount2(on_disk, MNT_DETACH))
        ;
    for (int i = 0; i < 2; i++)
        if (loop[i][0])
            run("losetup -d %s", loop[i]);
    return run("rm -rf %s", dir);
}

/* --- */

static int open_it(struct storage *s, const char *path, const char *mode)
{
    int rc = storage_open(s, path, mode, false, 4);

    return rc ? rc : storage_begin(s);
}

static void open_with(struct storage *s, const char *path, bool discard,
                      unsigned int depth)
{
    assert_int_equal(storage_open(s, path, "w", discard, depth), 0);
    assert_int_equal(storage_begin(s), 0);
}

static int opened(const char *path, const char *mode)
{
    struct storage s;
    int rc = open_it(&s, path, mode);

    if (!rc)
        storage_close(&s);
    return rc;
}

/* What is left of opening beside another user. */
static int beside(const char *path, const char *held, const char *mode)
{
    struct storage s;
    int rc;

    assert_int_equal(open_it(&s, path, held), 0);
    rc = opened(path, mode);
    storage_close(&s);
    return rc;
}

static int transfer(struct storage *s, enum storage_op op, void *data,
                    uint64_t offset, uint64_t len)
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

/* Every sector that is announced is written, flushed and read back. */
static void takes_announced_sectors(const char *path)
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

static void one_writer_or_many_readers(const char *path)
{
    assert_int_equal(beside(path, "w", "w"), -EBUSY);
    assert_int_equal(beside(path, "w", "r"), -EBUSY);
    assert_int_equal(beside(path, "r", "w"), -EBUSY);
    assert_int_equal(beside(path, "r", "r"), 0);
    assert_int_equal(beside(path, "w", "w!"), 0);
    assert_int_equal(beside(path, "r", "w!"), 0);
    assert_int_equal(beside(path, "w!", "w"), -EBUSY);
    assert_int_equal(beside(path, "w!", "w!"), 0);
    assert_int_equal(opened(path, "w"), 0);
}

static void a_file_has_one_writer_or_many_readers(void **state)
{
    one_writer_or_many_readers(image);
}

static void a_device_has_one_writer_or_many_readers(void **state)
{
    if (!loop[0][0])
        skip();
    one_writer_or_many_readers(loop[0]);
}

/* --- that hang --- */

/* Reads from it never end: the kernel waits for a pipe. */
static void open_hanging(struct storage *s, int pipe_ends[2])
{
    assert_int_equal(open_it(s, image, "r"), 0);
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    assert_int_equal(dup2(pipe_ends[0], s->fd), s->fd);
    s->in_memory = false;
}

static void nothing_waits_for_a_medium_that_hangs(void **state)
{
    static char data[512];
    struct storage_io io = {.op = STORAGE_READ, .data = data, .len = 512};
    struct storage s;
    int ends[2];

    alarm(10);
    open_hanging(&s, ends);
    storage_queue(&s, &io);
    assert_true(storage_kick(&s));
    assert_null(storage_next_done(&s));
    storage_close(&s);
    alarm(0);
    close(ends[0]);
    close(ends[1]);
}

/* When it is short of memory, nobody knows for how long. */
static void a_kernel_that_takes_nothing_is_not_waited_for(void **state)
{
    static char data[512];
    struct storage_io io = {.op = STORAGE_READ, .data = data, .len = 512};
    struct storage s;
    int ends[2];

    alarm(10);
    open_hanging(&s, ends);
    assert_int_equal(write(ends[1], "x", 1), 1);
    refusals = 1000000000;
    submissions = 0;
    storage_queue(&s, &io);
    assert_false(storage_kick(&s));
    assert_int_equal(submissions, 1);
    assert_null(storage_next_done(&s));
    refusals = 0;
    assert_true(storage_kick(&s)); /* of what was left */
    while (!storage_next_done(&s))
        ;
    assert_int_equal(io.result, 1);
    storage_close(&s);
    alarm(0);
    close(ends[0]);
    close(ends[1]);
}

/* --- without io_uring --- */

static void threads_do_what_io_uring_does(void **state)
{
    no_ring = true;
    takes_announced_sectors(image);
    for (int i = 0; i < 2; i++)
        if (loop[i][0])
            takes_announced_sectors(loop[i]);
    no_ring = false;
}

static bool is_readable(int fd, int ms)
{
    struct pollfd p = {fd, POLLIN, 0};

    return poll(&p, 1, ms) == 1;
}

/* Each comes back once, and is told of until it is taken. */
static void many_requests_at_once(bool ring)
{
    static char data[64][512] __attribute__((aligned(512)));
    struct storage_io io[64], *done;
    struct storage s;
    unsigned int n = 0;

    no_ring = !ring;
    open_with(&s, image, false, 64);
    s.in_memory = false;
    for (int i = 0; i < 64; i++) {
        io[i] = (struct storage_io){.op = STORAGE_WRITE,
                                    .data = data[i],
                                    .offset = i * 512,
                                    .len = 512,
                                    .result = -1};
        storage_queue(&s, &io[i]);
    }
    assert_true(storage_kick(&s));
    while (n < 64) {
        assert_true(is_readable(s.wait_fd, 10000));
        while ((done = storage_next_done(&s))) {
            assert_int_equal(done->result, 512);
            done->result = -1;
            n++;
        }
    }
    assert_false(is_readable(s.wait_fd, 0));
    storage_close(&s);
    no_ring = false;
}

static void threads_tell_of_each_request_once(void **state)
{
    many_requests_at_once(true);
    many_requests_at_once(false);
}

/* And its next user waits for it. */
static void nothing_waits_for_a_thread_that_hangs(void **state)
{
    static char data[512] __attribute__((aligned(512)));
    struct storage_io io = {.op = STORAGE_READ, .data = data, .len = 512};
    struct storage s;

    no_ring = true;
    assert_int_equal(open_it(&s, image, "w"), 0);
    s.in_memory = false;
    alarm(10);
    reads_hang = true;
    storage_queue(&s, &io);
    assert_null(storage_next_done(&s));
    usleep(20000); /* it has begun */
    storage_close(&s);
    no_ring = false;
    assert_int_equal(opened(image, "r"), -EAGAIN);
    reads_hang = false;
    while (opened(image, "w"))
        usleep(1000);
    alarm(0);
}

/* The first is in flight when the others come. */
static void flush_thrice(int error, int results[3])
{
    struct storage_io io[3], *done;
    struct storage s;

    no_ring = true;
    assert_int_equal(open_it(&s, image, "w"), 0);
    s.in_memory = false;
    flushes = 0;
    flushes_hang = true;
    flush_error = error;
    for (int i = 0; i < 3; i++) {
        io[i] = (struct storage_io){.op = STORAGE_FLUSH, .result = 1};
        storage_queue(&s, &io[i]);
    }
    usleep(20000);
    assert_int_equal(flushes, 1);
    flushes_hang = false;
    for (int n = 0; n < 3; n++) {
        while (!(done = storage_next_done(&s)))
            assert_true(is_readable(s.wait_fd, 10000));
        results[done - io] = done->result;
    }
    assert_null(storage_next_done(&s));
    storage_close(&s);
    no_ring = false;
}

static void flushes_at_once_are_one(void **state)
{
    int result[3];

    flush_thrice(0, result);
    assert_int_equal(flushes, 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(result[i], 0);
}

/* Of the data that is lost all have been asked to tell. */
static void a_flush_that_fails_fails_those_beside_it(void **state)
{
    int result[3];

    flush_thrice(EIO, result);
    for (int i = 0; i < 3; i++)
        assert_int_equal(result[i], -EIO);
}

static void what_io_uring_cannot_do_is_done_beside_it(void **state)
{
    struct storage_io io = {.op = STORAGE_DISCARD_SECURE, .len = 4096};
    struct storage s;

    if (!loop[0][0])
        skip();
    open_with(&s, loop[0], true, 4);
    assert_false(s.limits.secure_discard);
    assert_null(s.threads);
    storage_close(&s);
    secure = true;
    open_with(&s, loop[0], true, 4);
    assert_true(s.limits.secure_discard);
    assert_int_equal(secure_discards, 0);
    storage_queue(&s, &io);
    assert_true(is_readable(s.wait_fd, 10000));
    assert_ptr_equal(storage_next_done(&s), &io);
    assert_int_equal(io.result, 0);
    assert_int_equal(secure_discards, 1);
    assert_false(is_readable(s.wait_fd, 0));
    io.op = STORAGE_FLUSH;
    storage_queue(&s, &io);
    assert_true(storage_kick(&s));
    assert_true(is_readable(s.wait_fd, 10000));
    assert_ptr_equal(storage_next_done(&s), &io);
    storage_close(&s);
    secure = false;
}

/* As a disk that makes no zeroes is told to. */
static void a_device_is_told_to_discard(void **state)
{
    static char data[4096] __attribute__((aligned(4096)));
    struct storage s;

    if (!loop[1][0])
        skip();
    no_ring = true;
    open_with(&s, loop[1], true, 4);
    assert_false(s.discards_device);
    s.discards_device = true;
    memset(data, 'x', sizeof(data));
    assert_int_equal(transfer(&s, STORAGE_WRITE, data, 8192, 4096), 4096);
    assert_int_equal(transfer(&s, STORAGE_DISCARD, NULL, 8192, 4096), 0);
    assert_int_equal(transfer(&s, STORAGE_READ, data, 8192, 4096), 4096);
    assert_int_equal(data[0], 0);
    storage_close(&s);
    no_ring = false;
}

/* --- */

/* The kernel has its I/O in hand, and the process is no more. */
static int leave_in_kernel(struct storage *s)
{
    int io = dup(s->fd);

    assert_true(io >= 0);
    storage_close(s);
    return io;
}

static void all_wait(const char *path)
{
    assert_int_equal(opened(path, "r"), -EAGAIN);
    assert_int_equal(opened(path, "w"), -EAGAIN);
    assert_int_equal(opened(path, "w!"), -EAGAIN);
}

/* Whoever comes, whether it was killed or only sees no end; but not for one
 * that lives. */
static void the_next_user_waits_for_writes(const char *path, const char *mode)
{
    struct storage s, other;
    int io;

    assert_int_equal(open_it(&s, path, mode), 0);
    assert_int_equal(opened(path, "w!"), 0);
    storage_leave(&s);
    all_wait(path);
    storage_close(&s);
    assert_int_equal(open_it(&s, path, mode), 0);
    assert_int_equal(open_it(&other, path, "w!"), 0);
    io = leave_in_kernel(&s);
    all_wait(path);
    storage_close(&other);
    all_wait(path);
    close(io);
    assert_int_equal(opened(path, "w"), 0);
}

/* What hangs is of no use to anybody and harms nobody. */
static void other_readers_wait_for_no_reads(const char *path)
{
    struct storage s, other;
    int io;

    assert_int_equal(open_it(&s, path, "r"), 0);
    assert_int_equal(open_it(&other, path, "r"), 0);
    io = leave_in_kernel(&s);
    assert_int_equal(opened(path, "r"), 0);
    assert_int_equal(opened(path, "w"), -EBUSY);
    storage_close(&other);
    assert_int_equal(opened(path, "r"), 0);
    assert_int_equal(opened(path, "w"), -EAGAIN);
    assert_int_equal(opened(path, "w!"), 0);
    close(io);
    assert_int_equal(opened(path, "w"), 0);
}

static void the_next_user_waits_for_what_is_not_finished(const char *path)
{
    the_next_user_waits_for_writes(path, "w");
    the_next_user_waits_for_writes(path, "w!");
    other_readers_wait_for_no_reads(path);
}

static void the_next_user_of_a_file_waits(void **state)
{
    the_next_user_waits_for_what_is_not_finished(image);
}

static void the_next_user_of_a_device_waits(void **state)
{
    if (!loop[0][0])
        skip();
    the_next_user_waits_for_what_is_not_finished(loop[0]);
}

/* --- */

static void qemu_and_a_disk_keep_each_other_out(void **state)
{
    /* Writes, and shares nothing but reading. */
    struct flock write = {F_RDLCK, SEEK_SET, 100, 2, 0};
    struct flock no_writes = {F_RDLCK, SEEK_SET, 201, 1, 0};
    struct flock any = {F_WRLCK, SEEK_SET, 201, 1, 0};
    struct storage s;
    int fd = open(image, O_RDWR | O_CLOEXEC);

    assert_int_equal(open_it(&s, image, "r"), 0);
    assert_int_equal(fcntl(fd, F_OFD_GETLK, &any), 0);
    assert_int_equal(any.l_type, F_RDLCK);
    storage_close(&s);
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &no_writes), 0);
    assert_int_equal(opened(image, "w"), -EBUSY);
    assert_int_equal(opened(image, "r"), 0);
    assert_int_equal(fcntl(fd, F_OFD_SETLK, &write), 0);
    assert_int_equal(opened(image, "r"), -EBUSY);
    assert_int_equal(opened(image, "w!"), 0);
    close(fd);
}

static void a_mounted_device_is_not_written(void **state)
{
    struct storage s;

    if (!loop[0][0] || run("mkfs.ext4 -q %s 2>/dev/null", loop[0]))
        skip();
    assert_int_equal(open_it(&s, loop[0], "w"), 0);
    assert_int_equal(mount(loop[0], on_disk, "ext4", 0, NULL), -1);
    assert_int_equal(errno, EBUSY);
    assert_int_not_equal(run("mkfs.ext4 -Fq %s 2>/dev/null", loop[0]), 0);
    storage_close(&s);
    assert_int_equal(mount(loop[0], on_disk, "ext4", 0, NULL), 0);
    assert_int_equal(opened(loop[0], "w"), -EBUSY);
    assert_int_equal(opened(loop[0], "w!"), 0);
    assert_int_equal(umount(on_disk), 0);
}

static void announced_sectors_of_files_work(void **state)
{
    takes_announced_sectors(image);
    make_file("/dev/shm/block-storage", MIB);
    takes_announced_sectors("/dev/shm/block-storage");
    unlink("/dev/shm/block-storage");
}

/* Two pieces that lie apart, of which the medium's end leaves one and a half.
 */
static void a_medium_in_memory_takes_pieces(void **state)
{
    static const char path[] = "/dev/shm/block-storage";
    char *data = aligned_alloc(4096, 8 * 4096);
    const struct iovec iov[] = {{data + 4096, 1024}, {data + 512, 2048}};
    struct storage_io io = {.iov = iov, .nr = 2, .len = 3072};
    struct storage s;

    make_file(path, MIB);
    assert_int_equal(open_it(&s, path, "w"), 0);
    assert_true(s.in_memory);
    memset(data, 'a', 1024 + 4096);
    memset(data + 4096, 'b', 4096);
    io.op = STORAGE_WRITE;
    io.offset = MIB - 3072;
    storage_queue(&s, &io);
    assert_ptr_equal(storage_next_done(&s), &io);
    assert_int_equal(io.result, 3072);
    assert_int_equal(transfer(&s, STORAGE_READ, data, io.offset, 3072), 3072);
    assert_int_equal(data[0] + data[1023], 'b' + 'b');
    assert_int_equal(data[1024] + data[3071], 'a' + 'a');
    io.op = STORAGE_READ;
    io.offset = MIB - 2048;
    storage_queue(&s, &io);
    assert_ptr_equal(storage_next_done(&s), &io);
    assert_int_equal(io.result, 2048);
    assert_int_equal(data[4096] + data[5119], 'a' + 'a');
    assert_int_equal(data[512] + data[1535], 'a' + 'a');
    assert_int_equal(data[1536], 'a');
    storage_close(&s);
    unlink(path);
    free(data);
}

#define PARTS 8

/* All that is queued, each once. */
static void all_done(struct storage *s, const struct storage_io *io,
                     unsigned int n)
{
    bool seen[PARTS] = {false};
    struct storage_io *done;

    storage_kick(s);
    for (unsigned int i = 0; i < n; i++) {
        while (!(done = storage_next_done(s)))
            ;
        assert_in_range(done - io, 0, n - 1);
        assert_false(seen[done - io]);
        seen[done - io] = true;
    }
    assert_int_equal(s->in_kernel, 0);
    assert_null(storage_next_done(s));
}

/* So many parts of a page each, from 'offset' on; the number of those that are
 * the kernel's. */
static unsigned int queue_parts(struct storage *s, struct storage_io *io,
                                enum storage_op op, char *data, uint64_t offset,
                                unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        io[i] = (struct storage_io){.op = op, .len = 4096};
        io[i].data = data + i * 4096;
        io[i].offset = offset + i * 4096;
        storage_queue(s, &io[i]);
    }
    return s->in_kernel;
}

static void parts_are_one(size_t registered)
{
    char *data = aligned_alloc(4096, PARTS * 4096);
    struct storage_io io[PARTS];
    struct storage s;

    make_file(image, MIB);
    assert_int_equal(open_it(&s, image, "w"), 0);
    /* As memory of another kind that begins within the data. */
    storage_register(&s, data, registered);
    for (int i = 0; i < PARTS; i++)
        memset(data + i * 4096, 'a' + i, 4096);
    assert_int_equal(queue_parts(&s, io, STORAGE_WRITE, data, 8192, PARTS),
                     registered && registered < PARTS * 4096 ? 2 : 1);
    all_done(&s, io, PARTS);
    for (int i = 0; i < PARTS; i++)
        assert_int_equal(io[i].result, 4096);
    memset(data, 0, PARTS * 4096);
    /* Not over a gap in memory, nor to what has been submitted. */
    queue_parts(&s, io, STORAGE_READ, data, 8192, 3);
    assert_int_equal(queue_parts(&s, io + 3, STORAGE_READ, data + 4 * 4096,
                                 8192 + 3 * 4096, 2),
                     2);
    storage_kick(&s);
    assert_int_equal(queue_parts(&s, io + 5, STORAGE_READ, data + 6 * 4096,
                                 8192 + 5 * 4096, 1),
                     3);
    all_done(&s, io, 6);
    for (int i = 0; i < 7; i++)
        assert_int_equal(data[i * 4096 + 4095], i == 3 ? 0 : 'a' + i - (i > 3));
    storage_close(&s);
    free(data);
}

static void parts_that_follow_each_other_are_one(void **state)
{
    parts_are_one(0);
    parts_are_one(PARTS * 4096);
    parts_are_one(6 * 4096 + 512);
}

/* Beyond the end of the file nothing is read; and what cannot be read takes
 * those before it along at first. */
static void of_joined_parts_only_those_fail_that_fail_alone(void **state)
{
    char *data = mmap(NULL, PARTS * 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct storage_io io[PARTS];
    struct storage s;

    make_file(image, MIB - 512);
    assert_int_equal(open_it(&s, image, "w"), 0);
    queue_parts(&s, io, STORAGE_READ, data, MIB - 3 * 4096, PARTS);
    all_done(&s, io, PARTS);
    for (int i = 0; i < PARTS; i++)
        assert_int_equal(io[i].result, i < 2 ? 4096 : i == 2 ? 3584 : 0);
    munmap(data + 4096 * 4, 4096);
    queue_parts(&s, io, STORAGE_READ, data, 0, PARTS);
    all_done(&s, io, PARTS);
    for (int i = 0; i < PARTS; i++)
        assert_int_equal(io[i].result, i == 4 ? -EFAULT : 4096);
    munmap(data, PARTS * 4096);
    storage_close(&s);
}

static void announced_sectors_of_devices_work(void **state)
{
    if (!loop[0][0] || !loop[1][0])
        skip();
    takes_announced_sectors(loop[0]);
    takes_announced_sectors(loop[1]);
}

/* A hole, data, and data behind a hole. */
static void file_on_big_sectors(void)
{
    char path[80];

    if (!loop[1][0] || run("mkfs.ext4 -Fq %s 2>/dev/null", loop[1]) ||
        mount(loop[1], on_disk, "ext4", 0, NULL))
        skip();
    snprintf(path, sizeof(path), "%s/image", on_disk);
    make_file(path, MIB);
    takes_announced_sectors(path);
    takes_announced_sectors(path);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(
        run("echo data | dd of=%s bs=64k seek=8 2>/dev/null", path), 0);
    assert_int_equal(truncate(path, MIB), 0);
    takes_announced_sectors(path);
    assert_int_equal(umount(on_disk), 0);
}

static void announced_sectors_of_a_file_on_big_sectors_work(void **state)
{
    file_on_big_sectors();
}

static void old_kernels_are_asked_for_sectors_by_trial(void **state)
{
    old_kernel = true;
    file_on_big_sectors();
    takes_announced_sectors(image);
    old_kernel = false;
}

static void a_size_is_rounded_down_to_sectors(void **state)
{
    struct storage s;

    make_file(image, 1000001);
    assert_int_equal(open_it(&s, image, "r"), 0);
    assert_int_equal(s.limits.sectors, 1953);
    storage_close(&s);
    make_file(image, 511);
    assert_int_equal(opened(image, "r"), -ENOSPC);
    make_file(image, MIB);
}

static void an_empty_drive_is_a_disk_with_no_sectors(void **state)
{
    struct storage s;

    assert_int_equal(storage_open(&s, NULL, "r", false, 4), 0);
    assert_int_equal(s.limits.sectors, 0);
    assert_true(s.limits.readonly);
    assert_int_equal(s.limits.sector_size, 512);
    storage_close(&s);
}

static void announced_discards_of_devices_work(void **state)
{
    struct storage s;
    uint64_t n;

    if (!loop[1][0])
        skip();
    open_with(&s, loop[1], true, 4);
    assert_true(s.limits.discard);
    n = s.discard_granularity;
    assert_true(n >= s.limits.sector_size && s.discard_alignment % n == 0);
    assert_int_equal(transfer(&s, STORAGE_DISCARD, NULL, n, n), 0);
    assert_int_equal(transfer(&s, STORAGE_DISCARD, NULL, n + 512, n), -EINVAL);
    storage_close(&s);
}

/* --- another size --- */

struct noticed {
    struct resize_watch watch;
    struct event_timer end;
    struct event_loop loop;
    struct storage s;
    int changes;
};

static void look(struct resize_watch *w)
{
    struct noticed *n = container_of(w, struct noticed, watch);

    n->changes += storage_resized(&n->s);
}

static void stop(struct event_timer *t)
{
    event_loop_stop(&container_of(t, struct noticed, end)->loop, 0);
}

/* How often another size is seen within half a second after the command. */
static int changes(struct noticed *n, const char *format, const char *arg)
{
    n->changes = 0;
    assert_int_equal(run(format, arg), 0);
    event_timer_set(&n->loop, &n->end, 500);
    assert_int_equal(event_loop_run(&n->loop), 0);
    return n->changes;
}

static void begin_to_watch(struct noticed *n, const char *path)
{
    memset(n, 0, sizeof(*n));
    n->watch.changed = look;
    n->end.fire = stop;
    assert_int_equal(open_it(&n->s, path, "w"), 0);
    assert_int_equal(event_loop_init(&n->loop), 0);
    assert_int_equal(resize_watch_begin(&n->watch, &n->loop, n->s.fd), 0);
}

static void end_to_watch(struct noticed *n)
{
    resize_watch_end(&n->watch);
    event_loop_destroy(&n->loop);
    storage_close(&n->s);
}

static void another_size_of_a_file_is_noticed(void **state)
{
    struct noticed n;

    begin_to_watch(&n, image);
    assert_int_equal(changes(&n, "truncate -s 2M %s", image), 1);
    assert_int_equal(n.s.limits.sectors, 2 * MIB / 512);
    assert_int_equal(changes(&n, "truncate -s 2097200 %s", image), 0);
    assert_int_equal(changes(&n, "truncate -s 1000001 %s", image), 1);
    assert_int_equal(n.s.limits.sectors, 1953);
    end_to_watch(&n);
    make_file(image, MIB);
}

/* Or the guest's own writes would wake the backend. */
static void writing_to_a_file_is_no_news(void **state)
{
    static char data[512] __attribute__((aligned(512)));
    struct noticed n;
    char none;

    begin_to_watch(&n, image);
    assert_int_equal(transfer(&n.s, STORAGE_WRITE, data, 512, 512), 512);
    assert_int_equal(read(n.watch.source.fd, &none, 1), -1);
    assert_int_equal(errno, EAGAIN);
    end_to_watch(&n);
}

static void another_size_of_a_device_is_noticed(void **state)
{
    struct noticed n;

    if (!loop[1][0])
        skip();
    begin_to_watch(&n, loop[1]);
    assert_int_equal(changes(&n, "truncate -s 20M %s/disk-4096", dir), 0);
    assert_int_equal(changes(&n, "losetup -c %s", loop[1]), 1);
    assert_int_equal(n.s.limits.sectors, 20 * MIB / 512);
    end_to_watch(&n);
}

static void a_size_that_is_not_told_is_no_other(void **state)
{
    struct storage s;

    if (!loop[0][0])
        skip();
    assert_int_equal(open_it(&s, loop[0], "w"), 0);
    size_refused = true;
    assert_false(storage_resized(&s));
    size_refused = false;
    assert_int_equal(s.limits.sectors, 16 * MIB / 512);
    storage_close(&s);
}

/* It would need no system call that a filter could refuse. */
static void a_ring_does_nothing_but_io(void **state)
{
    struct storage s;
    struct io_uring_sqe *e;
    struct io_uring_cqe *c;

    open_with(&s, image, false, 8);
    for (int opens = 0; opens < 2; opens++) {
        e = io_uring_get_sqe(&s.ring);
        if (opens)
            io_uring_prep_openat(e, AT_FDCWD, "/etc/passwd", O_RDONLY, 0);
        else
            io_uring_prep_fsync(e, s.fd, IORING_FSYNC_DATASYNC);
        assert_int_equal(io_uring_submit_and_wait(&s.ring, 1), 1);
        assert_int_equal(io_uring_peek_cqe(&s.ring, &c), 0);
        assert_int_equal(c->res, opens ? -EACCES : 0);
        io_uring_cqe_seen(&s.ring, c);
    }
    storage_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_one_writer_or_many_readers),
        cmocka_unit_test(a_device_has_one_writer_or_many_readers),
        cmocka_unit_test(nothing_waits_for_a_medium_that_hangs),
        cmocka_unit_test(a_kernel_that_takes_nothing_is_not_waited_for),
        cmocka_unit_test(threads_do_what_io_uring_does),
        cmocka_unit_test(threads_tell_of_each_request_once),
        cmocka_unit_test(nothing_waits_for_a_thread_that_hangs),
        cmocka_unit_test(flushes_at_once_are_one),
        cmocka_unit_test(a_flush_that_fails_fails_those_beside_it),
        cmocka_unit_test(what_io_uring_cannot_do_is_done_beside_it),
        cmocka_unit_test(a_device_is_told_to_discard),
        cmocka_unit_test(the_next_user_of_a_file_waits),
        cmocka_unit_test(the_next_user_of_a_device_waits),
        cmocka_unit_test(qemu_and_a_disk_keep_each_other_out),
        cmocka_unit_test(a_mounted_device_is_not_written),
        cmocka_unit_test(announced_sectors_of_files_work),
        cmocka_unit_test(a_medium_in_memory_takes_pieces),
        cmocka_unit_test(parts_that_follow_each_other_are_one),
        cmocka_unit_test(of_joined_parts_only_those_fail_that_fail_alone),
        cmocka_unit_test(announced_sectors_of_devices_work),
        cmocka_unit_test(announced_sectors_of_a_file_on_big_sectors_work),
        cmocka_unit_test(old_kernels_are_asked_for_sectors_by_trial),
        cmocka_unit_test(a_size_is_rounded_down_to_sectors),
        cmocka_unit_test(an_empty_drive_is_a_disk_with_no_sectors),
        cmocka_unit_test(announced_discards_of_devices_work),
        cmocka_unit_test(another_size_of_a_file_is_noticed),
        cmocka_unit_test(writing_to_a_file_is_no_news),
        cmocka_unit_test(another_size_of_a_device_is_noticed),
        cmocka_unit_test(a_size_that_is_not_told_is_no_other),
        cmocka_unit_test(a_ring_does_nothing_but_io),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
