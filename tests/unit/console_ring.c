/* SPDX-License-Identifier: MIT */
/*
 * The console daemon's ring, against a guest that writes any indices.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../backends/console/ring.h"

static void guest_prints(struct xencons_interface *r, const char *s)
{
    for (; *s; s++)
        r->out[MASK_XENCONS_IDX(r->out_prod++, r->out)] = *s;
}

static ssize_t take(struct xencons_interface *r, char *to)
{
    uint32_t first;
    ssize_t n = console_ring_peek(r, to, &first);

    if (n > 0)
        console_ring_taken(r, first + n);
    return n;
}

static void a_guests_output_is_taken_in_order(void **state)
{
    struct xencons_interface *r = calloc(1, sizeof(*r));
    char text[CONSOLE_OUT_SIZE];

    r->out_prod = r->out_cons = UINT32_MAX - 3; /* wraps in the text */
    guest_prints(r, "hello, world");
    assert_int_equal(take(r, text), 12);
    assert_memory_equal(text, "hello, world", 12);
    assert_int_equal(take(r, text), 0);
    r->out_prod = r->out_cons + sizeof(r->out);
    assert_int_equal(take(r, text), sizeof(r->out));
    r->out_prod = r->out_cons + sizeof(r->out) + 1;
    assert_int_equal(take(r, text), -EPROTO);
    r->out_prod = r->out_cons - 1;
    assert_int_equal(take(r, text), -EPROTO);
    free(r);
}

static void input_fits_into_the_room_of_the_ring(void **state)
{
    struct xencons_interface *r = calloc(1, sizeof(*r));

    assert_int_equal(console_ring_room(r), sizeof(r->in));
    r->in_prod = r->in_cons = UINT32_MAX;
    console_ring_put(r, "ls\n", 3);
    assert_int_equal(r->in_prod, 2);
    assert_int_equal(r->in[MASK_XENCONS_IDX(UINT32_MAX, r->in)], 'l');
    assert_int_equal(r->in[0], 's');
    assert_int_equal(console_ring_room(r), sizeof(r->in) - 3);
    r->in_prod = r->in_cons + sizeof(r->in);
    assert_int_equal(console_ring_room(r), 0);
    r->in_prod++;
    assert_int_equal(console_ring_room(r), -EPROTO);
    free(r);
}

static void any_indices_are_refused_or_bounded(void **state)
{
    struct xencons_interface *r = calloc(1, sizeof(*r));
    char *text = malloc(CONSOLE_OUT_SIZE);
    unsigned int taken = 0;

    srand(6);
    for (int i = 0; i < 100000; i++) {
        r->out_prod = rand() % 2 ? r->out_cons + rand() % 3000
                                 : (uint32_t)rand() * 2654435761u;
        r->in_cons = rand();
        r->in_prod = rand() % 2 ? r->in_cons + rand() % 1500 : (uint32_t)rand();
        if (take(r, text) > 0)
            taken++;
        if (console_ring_room(r) >= 3)
            console_ring_put(r, "abc", 3);
    }
    assert_true(taken > 1000);
    free(text);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guests_output_is_taken_in_order),
        cmocka_unit_test(input_fits_into_the_room_of_the_ring),
        cmocka_unit_test(any_indices_are_refused_or_bounded),
    };

    return cmocka_run_group_tests_name("console ring", tests, NULL, NULL);
}
