/* SPDX-License-Identifier: MIT */
/*
 * What is announced is what the medium takes: sectors and discards, of files
 * and of devices; and requests in pieces, and parts that are joined, come back
 * as if each had gone alone.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#include "media_world.h"

static void announced_sectors_of_files_work(void **state)
{
    takes_announced_sectors(image);
    make_file("/dev/shm/block-storage", MIB);
    takes_announced_sectors("/dev/shm/block-storage");
    unlink("/dev/shm/block-storage");
}

static void announced_sectors_of_devices_work(void **state)
{
    needs_loop(0);
    needs_loop(1);
    takes_announced_sectors(loop[0]);
    takes_announced_sectors(loop[1]);
}

/* A hole, data, and data behind a hole. */
static void file_on_big_sectors(void)
{
    char path[80];

    needs_loop(1);
    if (run("mkfs.ext4 -Fq %s 2>/dev/null", loop[1]) ||
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

static void an_empty_drive_is_a_disk_with_no_sectors(void **state)
{
    struct storage s;

    assert_int_equal(storage_open(&s, NULL, NULL, "r", false, 4), 0);
    assert_int_equal(s.limits.sectors, 0);
    assert_true(s.limits.readonly);
    assert_int_equal(s.limits.sector_size, 512);
    storage_close(&s);
}

static void announced_discards_of_devices_work(void **state)
{
    struct storage s;
    uint64_t n;

    needs_loop(1);
    open_with(&s, loop[1], true, 4);
    assert_true(s.limits.discard);
    n = s.discard_granularity;
    assert_true(n >= s.limits.sector_size && s.discard_alignment % n == 0);
    assert_int_equal(transfer(&s, STORAGE_DISCARD, NULL, n, n), 0);
    assert_int_equal(transfer(&s, STORAGE_DISCARD, NULL, n + 512, n), -EINVAL);
    storage_close(&s);
}

/* --- pieces and parts --- */

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(announced_sectors_of_files_work),
        cmocka_unit_test(announced_sectors_of_devices_work),
        cmocka_unit_test(announced_sectors_of_a_file_on_big_sectors_work),
        cmocka_unit_test(old_kernels_are_asked_for_sectors_by_trial),
        cmocka_unit_test(an_empty_drive_is_a_disk_with_no_sectors),
        cmocka_unit_test(announced_discards_of_devices_work),
        cmocka_unit_test(a_medium_in_memory_takes_pieces),
        cmocka_unit_test(parts_that_follow_each_other_are_one),
        cmocka_unit_test(of_joined_parts_only_those_fail_that_fail_alone),
    };

    return cmocka_run_group_tests_name("block_sectors", tests,
                                       media_world_begin, media_world_end);
}
