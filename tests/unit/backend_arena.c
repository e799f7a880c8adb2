/* SPDX-License-Identifier: MIT */
/*
 * Memory that a backend grants to its own domain: a copy between it and the
 * guest names both pages by their grants; where there is none, or where the
 * hypervisor does not copy so, plain memory does as well.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

#include <daemon/log.h>

#include "fake_xen.h"

#define PAGES 4
#define REF   (FAKE_FIRST_REF + 3)

static struct grants grants;
static struct grant_arena arena;
static struct grant_copy_batch batch;

static uint8_t *at(unsigned int page, unsigned int offset)
{
    return arena.base + page * PAGE_SIZE + offset;
}

static void take(uint32_t self, bool granted)
{
    assert_int_equal(grant_arena_take(&arena, grants.handle, self, PAGES), 0);
    assert_int_equal(fake_shared, granted ? PAGES : 0);
    assert_true(!arena.ref == !granted);
    for (unsigned int i = 0; i < PAGES * PAGE_SIZE; i++)
        assert_int_equal(arena.base[i], 0);
    assert_int_equal(grant_batch_init(&batch, 2, &arena), 0);
}

static void give_back(void)
{
    grant_arena_give_back(&arena);
    grant_arena_give_back(&arena);
    assert_null(arena.base);
    assert_null(arena.ref);
    assert_int_equal(fake_shared, 0);
    grant_batch_destroy(&batch);
}

/* One piece each way; by_grant: as the hypervisor is told. */
static void copies(unsigned int by_grant)
{
    memset(fake_page(REF), 'g', PAGE_SIZE);
    batch.used = 0;
    grant_batch_from_guest(&batch, 1, REF, 96, at(2, 100), 1000);
    grant_batch_run(&grants, &batch);
    assert_true(grant_batch_ok(&batch, 0));
    assert_int_equal(batch.seg[0].flags & GNTCOPY_dest_gref, by_grant & 2);
    assert_int_equal(*at(2, 99), 0);
    assert_memory_equal(at(2, 100), fake_page(REF), 1000);
    assert_int_equal(*at(2, 1100), 0);

    memset(at(3, 0), 'h', PAGE_SIZE);
    batch.used = 0;
    grant_batch_to_guest(&batch, 1, REF, 1, at(3, 7), PAGE_SIZE - 7);
    grant_batch_run(&grants, &batch);
    assert_true(grant_batch_ok(&batch, 0));
    assert_int_equal(batch.seg[0].flags & GNTCOPY_source_gref, by_grant & 1);
    assert_int_equal(fake_page(REF)[0], 'g');
    assert_memory_equal(fake_page(REF) + 1, at(3, 7), PAGE_SIZE - 7);
    assert_int_equal(fake_page(REF)[PAGE_SIZE - 6], 'g');
}

static void both_pages_of_a_copy_are_named_by_their_grants(void **state)
{
    take(FAKE_SELF, true);
    copies(GNTCOPY_source_gref | GNTCOPY_dest_gref);
    give_back();
}

static void memory_elsewhere_is_named_by_its_address(void **state)
{
    uint8_t elsewhere[16];

    take(FAKE_SELF, true);
    assert_null(grant_arena_ref(&arena, arena.base - 1));
    assert_non_null(grant_arena_ref(&arena, arena.base));
    assert_non_null(grant_arena_ref(&arena, at(PAGES - 1, 4095)));
    assert_null(grant_arena_ref(&arena, at(PAGES, 0)));
    memset(fake_page(REF), 'e', PAGE_SIZE);
    batch.used = 0;
    grant_batch_from_guest(&batch, 1, REF, 0, elsewhere, sizeof(elsewhere));
    grant_batch_run(&grants, &batch);
    assert_int_equal(batch.seg[0].flags, GNTCOPY_source_gref);
    assert_memory_equal(elsewhere, fake_page(REF), sizeof(elsewhere));
    give_back();
}

static void without_grants_it_is_plain_memory(void **state)
{
    take(FAKE_SELF + 1, false); /* which the driver of this test refuses */
    copies(0);
    give_back();
    grant_arena_close(&arena); /* no driver at all */
    take(FAKE_SELF, false);
    copies(0);
    give_back();
}

static void a_hypervisor_that_does_not_copy_so_is_found_out(void **state)
{
    static const int answers[] = {-1, GNTST_bad_gntref};

    for (unsigned int i = 0; i < 2; i++) {
        fake_refuses = answers[i];
        take(FAKE_SELF, false);
        fake_refuses = 0;
        give_back();
    }
}

static int setup(void **state)
{
    log_setup("test", LOG_LVL_ERROR);
    fake_guest_create();
    return grants_open(&grants, 1);
}

static int with_driver(void **state)
{
    arena.handle = xengntshr_open(NULL, 0);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(both_pages_of_a_copy_are_named_by_their_grants,
                               with_driver),
        cmocka_unit_test_setup(memory_elsewhere_is_named_by_its_address,
                               with_driver),
        cmocka_unit_test_setup(without_grants_it_is_plain_memory, with_driver),
        cmocka_unit_test_setup(a_hypervisor_that_does_not_copy_so_is_found_out,
                               with_driver),
    };

    return cmocka_run_group_tests_name("backend arena", tests, setup, NULL);
}
