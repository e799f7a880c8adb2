/* SPDX-License-Identifier: MIT */
/*
 * Block requests: each rule of the parser by a request that just keeps it and
 * one that just breaks it, and any bytes at all: what is accepted lies within
 * the disk and within the pages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../backends/block/request.h"

static const struct block_limits disk = {
    .sectors = 1000, .sector_size = 512, .discard = true};
static struct block_request r;

static union block_ring_entry make(uint8_t op, unsigned int segments,
                                   uint64_t sector)
{
    union block_ring_entry e;

    memset(&e, 0, sizeof(e));
    e.rw.operation = op;
    e.rw.nr_segments = segments;
    e.rw.id = 0x1122334455667788;
    e.rw.sector_number = sector;
    for (unsigned int i = 0; i < BLKIF_MAX_SEGMENTS_PER_REQUEST; i++)
        e.rw.seg[i] = (struct blkif_request_segment){
            .gref = 100 + i, .first_sect = 0, .last_sect = 7};
    return e;
}

static int parse(union block_ring_entry e, const struct block_limits *l)
{
    return block_request_parse(&r, &e, l);
}

static void reads_and_writes_become_offsets_and_lengths(void **state)
{
    assert_int_equal(parse(make(BLKIF_OP_READ, 11, 912), &disk), 0);
    assert_int_equal(r.op, BLOCK_READ);
    assert_int_equal(r.offset, 912 * 512);
    assert_int_equal(r.len, 11 * 4096);
    assert_int_equal(r.seg[10].ref, 110);
    assert_true(r.id == 0x1122334455667788);
    assert_int_equal(parse(make(BLKIF_OP_WRITE, 1, 0), &disk), 0);
    assert_int_equal(r.op, BLOCK_WRITE);
}

static void a_request_beyond_the_disk_is_refused(void **state)
{
    assert_int_equal(parse(make(BLKIF_OP_READ, 1, 992), &disk), 0);
    assert_int_equal(parse(make(BLKIF_OP_READ, 1, 993), &disk),
                     BLKIF_RSP_ERROR);
    assert_int_equal(parse(make(BLKIF_OP_READ, 1, 1001), &disk),
                     BLKIF_RSP_ERROR);
    /* sector * 512 would wrap to 0 */
    assert_int_equal(parse(make(BLKIF_OP_READ, 1, 1ull << 55), &disk),
                     BLKIF_RSP_ERROR);
    assert_int_equal(parse(make(BLKIF_OP_WRITE, 1, UINT64_MAX), &disk),
                     BLKIF_RSP_ERROR);
}

static void a_segment_that_is_empty_or_leaves_its_page_is_refused(void **state)
{
    union block_ring_entry e = make(BLKIF_OP_READ, 12, 0);

    assert_int_equal(parse(e, &disk), BLKIF_RSP_ERROR);
    assert_int_equal(parse(make(BLKIF_OP_READ, 0, 0), &disk), BLKIF_RSP_ERROR);
    e = make(BLKIF_OP_READ, 1, 0);
    e.rw.seg[0].last_sect = 8;
    assert_int_equal(parse(e, &disk), BLKIF_RSP_ERROR);
    e.rw.seg[0].first_sect = 5;
    e.rw.seg[0].last_sect = 4;
    assert_int_equal(parse(e, &disk), BLKIF_RSP_ERROR);
    e.rw.seg[0].last_sect = 5;
    assert_int_equal(parse(e, &disk), 0);
    assert_int_equal(r.len, 512);
    assert_int_equal(r.seg[0].offset, 5 * 512);
}

static void a_request_is_a_multiple_of_the_disks_sectors(void **state)
{
    struct block_limits big = disk;
    union block_ring_entry e = make(BLKIF_OP_READ, 1, 8);

    big.sector_size = 4096;
    assert_int_equal(parse(e, &big), 0);
    e.rw.sector_number = 9;
    assert_int_equal(parse(e, &big), BLKIF_RSP_ERROR);
    e.rw.sector_number = 8;
    e.rw.seg[0].last_sect = 6;
    assert_int_equal(parse(e, &big), BLKIF_RSP_ERROR);
}

static void a_readonly_disk_refuses_writes(void **state)
{
    static const uint8_t writing[] = {BLKIF_OP_WRITE, BLKIF_OP_WRITE_BARRIER,
                                      BLKIF_OP_FLUSH_DISKCACHE};
    struct block_limits ro = disk;
    union block_ring_entry e;

    ro.readonly = true;
    assert_int_equal(parse(make(BLKIF_OP_READ, 1, 0), &ro), 0);
    for (size_t i = 0; i < sizeof(writing); i++)
        assert_int_equal(parse(make(writing[i], 1, 0), &ro), BLKIF_RSP_ERROR);
    memset(&e, 0, sizeof(e));
    e.indirect.operation = BLKIF_OP_INDIRECT;
    e.indirect.indirect_op = BLKIF_OP_WRITE;
    e.indirect.nr_segments = 20;
    assert_int_equal(parse(e, &ro), BLKIF_RSP_ERROR);
    assert_int_equal(r.operation, BLKIF_OP_WRITE);
}

static void flushes_and_barriers_say_what_they_order(void **state)
{
    assert_int_equal(parse(make(BLKIF_OP_FLUSH_DISKCACHE, 0, 0), &disk), 0);
    assert_true(r.op == BLOCK_FLUSH && r.flush_first && !r.barrier);
    assert_int_equal(parse(make(BLKIF_OP_FLUSH_DISKCACHE, 1, 0), &disk), 0);
    assert_true(r.op == BLOCK_WRITE && r.flush_first && !r.flush_after);
    assert_int_equal(parse(make(BLKIF_OP_WRITE_BARRIER, 1, 0), &disk), 0);
    assert_true(r.op == BLOCK_WRITE && r.barrier && r.flush_first &&
                r.flush_after);
    assert_int_equal(parse(make(BLKIF_OP_WRITE_BARRIER, 0, 0), &disk), 0);
    assert_true(r.op == BLOCK_FLUSH && r.barrier);
}

static void a_discard_is_of_whole_sectors(void **state)
{
    struct block_limits big = disk;
    union block_ring_entry e = {.discard = {.operation = BLKIF_OP_DISCARD}};

    big.sector_size = 4096;
    e.discard.sector_number = 8;
    e.discard.nr_sectors = 16;
    assert_int_equal(parse(e, &big), 0);
    e.discard.nr_sectors = 15;
    assert_int_equal(parse(e, &big), BLKIF_RSP_ERROR);
    e.discard.nr_sectors = 16;
    e.discard.sector_number = 9;
    assert_int_equal(parse(e, &big), BLKIF_RSP_ERROR);
}

static void a_discard_is_for_disks_that_support_it(void **state)
{
    struct block_limits no = disk;
    union block_ring_entry e;

    memset(&e, 0, sizeof(e));
    e.discard.operation = BLKIF_OP_DISCARD;
    e.discard.id = 7;
    e.discard.sector_number = 900;
    e.discard.nr_sectors = 100;
    assert_int_equal(parse(e, &disk), 0);
    assert_true(r.op == BLOCK_DISCARD && r.id == 7 && r.len == 51200);
    e.discard.nr_sectors = 101;
    assert_int_equal(parse(e, &disk), BLKIF_RSP_ERROR);
    e.discard.nr_sectors = UINT64_MAX;
    assert_int_equal(parse(e, &disk), BLKIF_RSP_ERROR);
    e.discard.nr_sectors = 1;
    no.discard = false;
    assert_int_equal(parse(e, &no), BLKIF_RSP_EOPNOTSUPP);
    assert_false(r.secure);
    e.discard.flag = BLKIF_DISCARD_SECURE;
    assert_int_equal(parse(e, &disk), BLKIF_RSP_EOPNOTSUPP);
    no = disk;
    no.secure_discard = true;
    assert_int_equal(parse(e, &no), 0);
    assert_true(r.op == BLOCK_DISCARD && r.secure);
    no.readonly = true;
    assert_int_equal(parse(e, &no), BLKIF_RSP_ERROR);
}

static void indirect_requests_name_as_many_pages_as_they_need(void **state)
{
    static struct blkif_request_segment segs[BLOCK_MAX_SEGMENTS];
    struct block_limits large = {.sectors = 1 << 20, .sector_size = 512};
    union block_ring_entry e;

    memset(&e, 0, sizeof(e));
    e.indirect.operation = BLKIF_OP_INDIRECT;
    e.indirect.indirect_op = BLKIF_OP_READ;
    e.indirect.nr_segments = BLOCK_MAX_SEGMENTS;
    e.indirect.id = 9;
    e.indirect.indirect_grefs[0] = 55;
    assert_int_equal(parse(e, &large), 0);
    assert_true(r.nr_indirect == 1 && r.indirect[0] == 55 && r.id == 9);
    assert_int_equal(r.operation, BLKIF_OP_READ); /* as blkfront expects */
    for (unsigned int i = 0; i < BLOCK_MAX_SEGMENTS; i++)
        segs[i] = (struct blkif_request_segment){
            .gref = i, .first_sect = 0, .last_sect = 7};
    assert_int_equal(block_request_segments(&r, segs, r.nr_segments, &large),
                     0);
    assert_int_equal(r.len, BLOCK_MAX_SEGMENTS * 4096);

    e.indirect.nr_segments = BLOCK_MAX_SEGMENTS + 1;
    assert_int_equal(parse(e, &large), BLKIF_RSP_ERROR);
    e.indirect.nr_segments = 0;
    assert_int_equal(parse(e, &large), BLKIF_RSP_ERROR);
    e.indirect.nr_segments = 1;
    e.indirect.indirect_op = BLKIF_OP_INDIRECT;
    assert_int_equal(parse(e, &large), BLKIF_RSP_EOPNOTSUPP);
}

static void unknown_operations_are_not_supported(void **state)
{
    for (unsigned int op = BLKIF_OP_INDIRECT + 1; op < 256; op++)
        assert_int_equal(parse(make(op, 1, 0), &disk), BLKIF_RSP_EOPNOTSUPP);
    assert_int_equal(parse(make(BLKIF_OP_RESERVED_1, 1, 0), &disk),
                     BLKIF_RSP_EOPNOTSUPP);
    assert_true(r.id == 0x1122334455667788);
}

static void check_accepted(void)
{
    uint64_t sum = 0;

    assert_true(r.nr_segments <= BLOCK_MAX_SEGMENTS);
    assert_true(r.offset <= disk.sectors * 512);
    if (r.nr_indirect)
        return;
    for (unsigned int i = 0; i < r.nr_segments; i++) {
        assert_true(r.seg[i].len && r.seg[i].offset + r.seg[i].len <= 4096);
        sum += r.seg[i].len;
    }
    if (r.op == BLOCK_READ || r.op == BLOCK_WRITE)
        assert_true(r.len == sum);
    assert_true(r.offset + r.len <= disk.sectors * 512);
}

static void any_bytes_are_refused_or_stay_on_the_disk(void **state)
{
    static struct blkif_request_segment segs[BLOCK_MAX_SEGMENTS];
    unsigned int accepted = 0;

    srand(2);
    for (int round = 0; round < 500000; round++) {
        union block_ring_entry e;

        for (size_t i = 0; i < sizeof(e); i++)
            ((uint8_t *)&e)[i] = rand() % 4 ? 0 : rand();
        e.rw.operation = rand() % 8;
        if (rand() % 2)
            e.rw.sector_number = rand() % 1100;
        if (parse(e, &disk))
            continue;
        accepted++;
        check_accepted();
        if (!r.nr_indirect)
            continue;
        for (size_t i = 0; i < sizeof(segs); i++)
            ((uint8_t *)segs)[i] = rand() % 16;
        r.nr_indirect = 0;
        if (!block_request_segments(&r, segs, r.nr_segments, &disk))
            check_accepted();
    }
    assert_true(accepted > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes_become_offsets_and_lengths),
        cmocka_unit_test(a_request_beyond_the_disk_is_refused),
        cmocka_unit_test(a_segment_that_is_empty_or_leaves_its_page_is_refused),
        cmocka_unit_test(a_request_is_a_multiple_of_the_disks_sectors),
        cmocka_unit_test(a_readonly_disk_refuses_writes),
        cmocka_unit_test(flushes_and_barriers_say_what_they_order),
        cmocka_unit_test(a_discard_is_for_disks_that_support_it),
        cmocka_unit_test(a_discard_is_of_whole_sectors),
        cmocka_unit_test(indirect_requests_name_as_many_pages_as_they_need),
        cmocka_unit_test(unknown_operations_are_not_supported),
        cmocka_unit_test(any_bytes_are_refused_or_stay_on_the_disk),
    };

    return cmocka_run_group_tests_name("block request", tests, NULL, NULL);
}
