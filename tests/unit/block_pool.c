/* SPDX-License-Identifier: MIT */
/*
 * Memory for requests in flight: no two have the same, a few use what is pinned
 * alone, and what many have used is given back when they are over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "../../backends/block/pool.h"

static struct block_pool pool;

static bool is_pinned(const uint8_t *at, size_t len)
{
    return at + len <= pool.base + POOL_PINNED_BYTES;
}

static void a_few_requests_use_what_is_pinned(void **state)
{
    for (int i = 0; i < 10000; i++) {
        size_t a = 1 + rand() % (POOL_PINNED_BYTES / 2);
        size_t b = 1 + rand() % (POOL_PINNED_BYTES / 2);
        uint8_t *x = block_pool_get(&pool, a), *y = block_pool_get(&pool, b);

        assert_true(is_pinned(x, a) && is_pinned(y, b));
        assert_true(x + a <= y || y + b <= x);
        block_pool_put(&pool, x, a);
        block_pool_put(&pool, y, b);
    }
    assert_false(pool.grown);
    block_pool_put(&pool, NULL, 4096);
}

/* Each marks its pages, and finds its marks. */
static void no_two_requests_have_the_same_memory(void **state)
{
    struct {
        uint8_t *at;
        size_t len;
    } live[64] = {{0}};
    unsigned int refused = 0;

    for (int i = 0; i < 20000; i++) {
        unsigned int k = rand() % 64;

        if (live[k].at) {
            for (size_t p = 0; p < live[k].len; p += PAGE_SIZE)
                assert_int_equal(live[k].at[p], k);
            block_pool_put(&pool, live[k].at, live[k].len);
            live[k].at = NULL;
            continue;
        }
        live[k].len = 1 + rand() % (rand() % 8 ? 65536 : 1 << 20);
        live[k].at = block_pool_get(&pool, live[k].len);
        refused += !live[k].at;
        for (size_t p = 0; live[k].at && p < live[k].len; p += PAGE_SIZE)
            live[k].at[p] = k;
    }
    assert_in_range(refused, 1, 10000);
    for (unsigned int k = 0; k < 64; k++)
        block_pool_put(&pool, live[k].at, live[k].len);
    assert_non_null(block_pool_get(&pool, POOL_BYTES));
    assert_null(block_pool_get(&pool, 1));
    block_pool_put(&pool, pool.base, POOL_BYTES);
    assert_null(block_pool_get(&pool, POOL_BYTES + 1));
}

static unsigned int resident(void)
{
    unsigned char there[POOL_PAGES];
    unsigned int n = 0;

    assert_int_equal(mincore(pool.base, POOL_BYTES, there), 0);
    for (unsigned int i = 0; i < POOL_PAGES; i++)
        n += there[i] & 1;
    return n;
}

static void what_many_have_used_is_given_back(void **state)
{
    uint8_t *all = block_pool_get(&pool, POOL_BYTES), *last;

    memset(all, 'x', POOL_BYTES);
    block_pool_put(&pool, all, POOL_BYTES);
    last = block_pool_get(&pool, POOL_PINNED_BYTES);
    last = block_pool_get(&pool, 1); /* the first behind */
    block_pool_shrink(&pool);        /* which is in use */
    assert_true(pool.grown);
    assert_int_equal(resident(), POOL_PAGES);
    block_pool_put(&pool, last, 1);
    block_pool_shrink(&pool);
    assert_false(pool.grown);
    assert_int_equal(resident(), POOL_PINNED_PAGES);
    assert_int_equal(pool.base[POOL_PINNED_BYTES - 1], 'x');
    block_pool_put(&pool, pool.base, POOL_PINNED_BYTES);
}

static int setup(void **state)
{
    srand(3);
    return block_pool_init(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_requests_use_what_is_pinned),
        cmocka_unit_test(no_two_requests_have_the_same_memory),
        cmocka_unit_test(what_many_have_used_is_given_back),
    };

    return cmocka_run_group_tests_name("block pool", tests, setup, NULL);
}
