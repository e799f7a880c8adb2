/* SPDX-License-Identifier: MIT */
/*
 * A medium that is written has one user: beside others of ours, qemu, and what
 * is mounted; and the next one waits for what a user that is gone has left in
 * the kernel.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <daemon/log.h>

#include "../../backends/block/kept.h"
#include "../../backends/block/medium.h"
#include "media_world.h"

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
    needs_loop(0);
    one_writer_or_many_readers(loop[0]);
}

/* --- the next user --- */

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
    needs_loop(0);
    the_next_user_waits_for_what_is_not_finished(loop[0]);
}

/* --- the next process of the same device --- */

/* As a supervisor keeps it while the process is no more. */
static int kept_of(struct storage *s)
{
    int kept = dup(s->fd);

    assert_true(kept >= 0);
    storage_close(s);
    return kept;
}

static void a_successor_has_what_nobody_could_take(const char *path,
                                                   const char *mode)
{
    struct storage s;
    int kept;

    assert_int_equal(open_it(&s, path, mode), 0);
    for (int i = 0; i < 3; i++) {
        kept = kept_of(&s);
        assert_int_not_equal(opened(path, "w"), 0);
        medium_inherit(dup(kept), -1);
        assert_int_equal(open_it(&s, path, mode), 0);
        close(kept);
        assert_int_equal(opened(path, "w"), -EBUSY);
        assert_int_equal(opened(path, "w!"), 0); /* it lives, all know */
    }
    storage_close(&s);
    assert_int_equal(opened(path, "w"), 0);
}

static void a_successor_goes_on_with_a_medium(const char *path)
{
    a_successor_has_what_nobody_could_take(path, "w");
    a_successor_has_what_nobody_could_take(path, "w!");
    a_successor_has_what_nobody_could_take(path, "r");
}

static void a_successor_goes_on_with_a_file(void **state)
{
    a_successor_goes_on_with_a_medium(image);
}

static void a_successor_goes_on_with_a_device(void **state)
{
    needs_loop(0);
    a_successor_goes_on_with_a_medium(loop[0]);
}

/* Beside a writer whose bytes come before, and go. */
static void its_claim_is_told_from_others(void **state)
{
    struct storage first, s;
    int kept;

    assert_int_equal(open_it(&first, image, "w!"), 0);
    assert_int_equal(open_it(&s, image, "w!"), 0);
    kept = kept_of(&s);
    assert_int_equal(opened(image, "w!"), -EAGAIN);
    storage_close(&first);
    medium_inherit(kept, -1);
    assert_int_equal(open_it(&s, image, "w!"), 0);
    assert_int_equal(opened(image, "w!"), 0);
    storage_close(&s);
}

#define OTHERS 300 /* numbers that nothing else gets meanwhile */

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* A guest that has taken a process over left something else there; or its disk
 * has another medium now, or mode. */
static void what_is_not_the_medium_is_not_taken(void **state)
{
    struct storage s;
    int other = medium_show(memfd_create("other", MFD_CLOEXEC), OTHERS);
    int reads = medium_show(open(image, O_RDONLY | O_CLOEXEC), OTHERS);

    medium_inherit(other, -1);
    assert_int_equal(open_it(&s, image, "w"), 0);
    assert_false(is_open(other));
    storage_close(&s);
    medium_inherit(reads, -1);
    assert_int_equal(open_it(&s, image, "w"), 0);
    assert_false(is_open(reads));
    assert_int_equal(fcntl(s.fd, F_GETFL) & O_ACCMODE, O_RDWR);
    storage_close(&s);
}

/* Somebody gives the name to another one, or takes it away, below a guest that
 * works. */
static void a_successor_follows_the_medium(const char *path, const char *other)
{
    struct medium_id id;
    struct stat was, is;
    struct storage s;
    char name[80];
    int kept;

    snprintf(name, sizeof(name), "%s/name", dir);
    assert_int_equal(symlink(path, name), 0);
    id = name_of(name);
    assert_int_equal(open_named(&s, name, &id, "w"), 0);
    assert_int_equal(fstat(s.fd, &was), 0);
    for (int i = 0; i < 3; i++) {
        kept = kept_of(&s);
        assert_int_equal(unlink(name), 0);
        assert_int_equal(symlink(i % 2 ? "/nowhere" : other, name), 0);
        medium_inherit(kept, -1);
        assert_int_equal(open_named(&s, name, &id, "w"), 0);
        assert_int_equal(fstat(s.fd, &is), 0);
        assert_int_equal(is.st_ino, was.st_ino);
        assert_int_equal(opened(path, "w"), -EBUSY);
    }
    storage_close(&s);
    unlink(name);
}

static void a_successor_follows_a_file(void **state)
{
    char other[80];

    snprintf(other, sizeof(other), "%s/other", dir);
    make_file(other, MIB);
    a_successor_follows_the_medium(image, other);
    unlink(other);
}

static void a_successor_follows_a_device(void **state)
{
    needs_loop(1);
    a_successor_follows_the_medium(loop[0], loop[1]);
    a_successor_follows_the_medium(loop[0], image);
}

static void is_another_one(const char *path, const struct medium_id *id)
{
    struct storage s;

    assert_int_equal(open_named(&s, path, id, "w"), -EMEDIUMTYPE);
    assert_non_null(strstr(log_take_reason(0), "another file or device"));
    assert_int_equal(open_named(&s, path, id, "r"), -EMEDIUMTYPE);
    assert_int_equal(open_named(&s, path, id, "w!"), -EMEDIUMTYPE);
}

/* Nothing has been left, and it is not there. */
static void what_has_the_name_of_the_medium_is_not_taken(void **state)
{
    struct medium_id id = name_of(image), device;
    struct storage s, user;
    char other[80];

    snprintf(other, sizeof(other), "%s/other", dir);
    make_file(other, MIB);
    is_another_one(other, &id);
    assert_int_equal(opened(other, "w"), 0);
    assert_false(medium_is_at(other, &id));
    unlink(other);
    assert_int_equal(open_named(&s, other, &id, "w"), -ENOENT);
    assert_false(medium_is_at(other, &id));
    assert_true(medium_is_at(image, &id));
    assert_true(medium_is_at(other, &(struct medium_id){""}));
    needs_loop(0);
    is_another_one(loop[0], &id);
    device = name_of(loop[0]);
    is_another_one(image, &device);
    /* Nor waited for. */
    assert_int_equal(open_it(&user, loop[0], "w"), 0);
    is_another_one(loop[0], &id);
    storage_close(&user);
}

/* It reads past the page cache, whatever the former one has made of that. */
static void flags_are_those_of_a_medium_that_is_new(void **state)
{
    struct storage s;
    int kept, flags;

    assert_int_equal(open_it(&s, image, "w"), 0);
    flags = fcntl(s.fd, F_GETFL);
    kept = kept_of(&s);
    assert_int_equal(fcntl(kept, F_SETFL, O_APPEND | O_NONBLOCK), 0);
    medium_inherit(kept, -1);
    assert_int_equal(open_it(&s, image, "w"), 0);
    assert_int_equal(fcntl(s.fd, F_GETFL), flags);
    storage_close(&s);
}

static void a_supervisor_finds_the_medium_by_its_number(void **state)
{
    struct storage s;
    struct stat a, b;

    assert_int_equal(open_it(&s, image, "w"), 0);
    assert_int_equal(fstat(KEPT_MEDIUM, &a), 0);
    assert_int_equal(stat(image, &b), 0);
    assert_int_equal(a.st_ino, b.st_ino);
    storage_close(&s);
    assert_false(is_open(KEPT_MEDIUM));
    assert_false(is_open(KEPT_ERRORS));
}

/* A file in the page cache: its disk has big sectors. */
static void needs_cached_file(char path[80])
{
    needs_loop(1);
    if (run("mkfs.ext4 -Fq %s 2>/dev/null", loop[1]) ||
        mount(loop[1], on_disk, "ext4", 0, NULL))
        skip();
    snprintf(path, 80, "%s/image", on_disk);
    make_file(path, MIB);
    assert_int_equal(
        run("dd if=/dev/zero of=%s bs=64k count=16 2>/dev/null", path), 0);
}

/* The kernel has told a process that was killed. */
static void a_successor_hears_of_data_that_was_lost(void **state)
{
    struct storage s;
    char path[80];
    int errors;

    needs_cached_file(path);
    data_lost = true; /* before this disk was there */
    assert_int_equal(open_it(&s, path, "w"), 0);
    assert_false(s.lost_data);
    for (int i = 0; i < 3; i++) {
        errors = dup(KEPT_ERRORS);
        assert_true(errors >= 0);
        medium_inherit(kept_of(&s), errors);
        data_lost = i == 1;
        assert_int_equal(open_it(&s, path, "w"), 0);
        assert_int_equal(s.lost_data, i == 1);
    }
    storage_close(&s);
    assert_int_equal(umount(on_disk), 0);
}

/* --- others --- */

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

    needs_loop(0);
    if (run("mkfs.ext4 -q %s 2>/dev/null", loop[0]))
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_has_one_writer_or_many_readers),
        cmocka_unit_test(a_device_has_one_writer_or_many_readers),
        cmocka_unit_test(the_next_user_of_a_file_waits),
        cmocka_unit_test(the_next_user_of_a_device_waits),
        cmocka_unit_test(a_successor_goes_on_with_a_file),
        cmocka_unit_test(a_successor_goes_on_with_a_device),
        cmocka_unit_test(its_claim_is_told_from_others),
        cmocka_unit_test(what_is_not_the_medium_is_not_taken),
        cmocka_unit_test(a_successor_follows_a_file),
        cmocka_unit_test(a_successor_follows_a_device),
        cmocka_unit_test(what_has_the_name_of_the_medium_is_not_taken),
        cmocka_unit_test(flags_are_those_of_a_medium_that_is_new),
        cmocka_unit_test(a_supervisor_finds_the_medium_by_its_number),
        cmocka_unit_test(a_successor_hears_of_data_that_was_lost),
        cmocka_unit_test(qemu_and_a_disk_keep_each_other_out),
        cmocka_unit_test(a_mounted_device_is_not_written),
    };

    return cmocka_run_group_tests_name("block_users", tests, media_world_begin,
                                       media_world_end);
}
