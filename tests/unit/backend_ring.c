/* SPDX-License-Identifier: MIT */
/*
 * Ring arithmetic of the backends against a frontend that writes anything into
 * the indices: what is reported is either a number of requests that the ring
 * can hold, or -EPROTO.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../backends/common/ring.h"

#define ENTRY 16

/* The page is allocated to its exact size, so that ASan sees any step out. */
struct fixture {
    uint32_t *page; /* req_prod, req_event, rsp_prod, rsp_event */
    struct back_ring r;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->page = calloc(1, 4096);
    *state = f;
    return back_ring_attach(&f->r, f->page, 4096, ENTRY);
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    free(f->page);
    free(f);
    return 0;
}

static void a_ring_holds_the_power_of_two_of_entries_that_fits(void **state)
{
    uint8_t *page = calloc(16, 4096);
    struct back_ring r;

    assert_int_equal(back_ring_attach(&r, page, 4096, 112), 0);
    assert_int_equal(r.entries, 32); /* blkif */
    assert_int_equal(back_ring_attach(&r, page, 16 * 4096, 112), 0);
    assert_int_equal(r.entries, 512);
    assert_int_equal(back_ring_attach(&r, page, 4096, 12), 0);
    assert_int_equal(r.entries, 256); /* netif, transmit */
    assert_int_equal(back_ring_attach(&r, page, 4096, 8), 0);
    assert_int_equal(r.entries, 256 * 1);
    assert_int_equal(back_ring_attach(&r, page, 64, 12), -EINVAL);
    assert_int_equal(back_ring_attach(&r, page, 4096, 0), -EINVAL);
    free(page);
}

static void a_ring_with_impossible_indices_is_not_attached(void **state)
{
    struct fixture *f = *state;
    struct back_ring r;

    f->page[2] = 1000; /* responses */
    f->page[0] = 1003; /* requests */
    assert_int_equal(back_ring_attach(&r, f->page, 4096, ENTRY), 0);
    assert_int_equal(back_ring_pending(&r), 3);
    f->page[0] = 999;
    assert_int_equal(back_ring_attach(&r, f->page, 4096, ENTRY), -EPROTO);
    f->page[0] = 1000 + f->r.entries + 1;
    assert_int_equal(back_ring_attach(&r, f->page, 4096, ENTRY), -EPROTO);
}

static void more_requests_than_entries_are_refused(void **state)
{
    struct fixture *f = *state;
    uint32_t n = f->r.entries;

    f->page[0] = n;
    assert_int_equal(back_ring_pending(&f->r), n);
    f->page[0] = n + 1;
    assert_int_equal(back_ring_pending(&f->r), -EPROTO);
    f->page[0] = UINT32_MAX;
    assert_int_equal(back_ring_pending(&f->r), -EPROTO);
}

/* Slots of requests taken but not answered cannot hold new requests. */
static void slots_of_unanswered_requests_hold_no_new_ones(void **state)
{
    struct fixture *f = *state;
    uint8_t request[ENTRY];

    f->page[0] = f->r.entries;
    for (int i = 0; i < 5; i++)
        back_ring_take(&f->r, request, sizeof(request));
    assert_int_equal(back_ring_unanswered(&f->r), 5);
    f->page[0] = f->r.entries + 1;
    assert_int_equal(back_ring_pending(&f->r), -EPROTO);
    back_ring_respond(&f->r, request, sizeof(request));
    assert_int_equal(back_ring_pending(&f->r), f->r.entries - 4);
}

static void a_ring_goes_on_when_its_indices_wrap(void **state)
{
    struct fixture *f = *state;
    uint8_t request[ENTRY] = {0}, sent[ENTRY];

    f->page[0] = f->page[2] = UINT32_MAX - 2;
    assert_int_equal(back_ring_attach(&f->r, f->page, 4096, ENTRY), 0);
    for (unsigned int i = 0; i < 10; i++) {
        uint32_t at = f->page[0] & (f->r.entries - 1);

        memset(sent, i + 1, sizeof(sent));
        memcpy((uint8_t *)f->page + 64 + at * ENTRY, sent, ENTRY);
        f->page[0]++;
        assert_int_equal(back_ring_pending(&f->r), 1);
        back_ring_take(&f->r, request, ENTRY);
        assert_memory_equal(request, sent, ENTRY);
        back_ring_respond(&f->r, request, ENTRY);
        back_ring_push(&f->r);
        assert_int_equal(f->page[2], f->page[0]);
    }
}

static void push_tells_whether_to_notify(void **state)
{
    struct fixture *f = *state;
    uint8_t request[ENTRY] = {0};

    f->page[0] = 4;
    f->page[3] = 2; /* the frontend wants an event at response 2 */
    for (int i = 0; i < 4; i++)
        back_ring_take(&f->r, request, ENTRY);
    back_ring_respond(&f->r, request, ENTRY);
    assert_false(back_ring_push(&f->r));
    back_ring_respond(&f->r, request, ENTRY);
    assert_true(back_ring_push(&f->r));
    back_ring_respond(&f->r, request, ENTRY);
    assert_false(back_ring_push(&f->r));
}

static void final_check_asks_for_an_event(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(back_ring_final_check(&f->r), 0);
    assert_int_equal(f->page[1], f->r.req_cons + 1);
    f->page[0] = 2;
    assert_int_equal(back_ring_final_check(&f->r), 2);
}

/* Any indices at any moment, and honest use of what is reported. */
static void any_indices_are_refused_or_bounded(void **state)
{
    struct fixture *f = *state;
    uint8_t request[ENTRY];
    unsigned int served = 0, refused = 0;

    srand(1);
    for (int round = 0; round < 200000; round++) {
        int n;

        f->page[0] = rand() % 3 ? f->r.req_cons + rand() % 300
                                : (uint32_t)rand() * 2654435761u;
        f->page[2] = rand();
        f->page[3] = rand();
        n = back_ring_pending(&f->r);
        if (n < 0) {
            refused++;
            continue;
        }
        assert_true((uint32_t)n <= f->r.entries - back_ring_unanswered(&f->r));
        n = n ? rand() % n : 0;
        while (n--)
            back_ring_take(&f->r, request, ENTRY);
        while (back_ring_unanswered(&f->r) && rand() % 4) {
            back_ring_respond(&f->r, request, ENTRY);
            served++;
        }
        back_ring_push(&f->r);
        assert_int_equal(f->page[2], f->r.rsp_prod);
    }
    assert_true(served > 10000 && refused > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_holds_the_power_of_two_of_entries_that_fits),
        cmocka_unit_test_setup_teardown(
            a_ring_with_impossible_indices_is_not_attached, setup, teardown),
        cmocka_unit_test_setup_teardown(more_requests_than_entries_are_refused,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            slots_of_unanswered_requests_hold_no_new_ones, setup, teardown),
        cmocka_unit_test_setup_teardown(a_ring_goes_on_when_its_indices_wrap,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(push_tells_whether_to_notify, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(final_check_asks_for_an_event, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(any_indices_are_refused_or_bounded,
                                        setup, teardown),
    };

    return cmocka_run_group_tests_name("backend ring", tests, NULL, NULL);
}
