/* SPDX-License-Identifier: MIT */
/*
 * The console daemon's pure parts: the ring against a guest that writes any
 * indices, and the backlog against a plain model of it.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../backends/console/backlog.h"
#include "../../backends/console/ring.h"

static void guest_prints(struct xencons_interface *r, const char *s)
{
    for (; *s; s++)
        r->out[MASK_XENCONS_IDX(r->out_prod++, r->out)] = *s;
}

static void a_guests_output_is_taken_in_order(void **state)
{
    struct xencons_interface *r = calloc(1, sizeof(*r));
    char text[CONSOLE_OUT_SIZE];

    r->out_prod = r->out_cons = UINT32_MAX - 3; /* wraps in the text */
    guest_prints(r, "hello, world");
    assert_int_equal(console_ring_take(r, text), 12);
    assert_memory_equal(text, "hello, world", 12);
    assert_int_equal(console_ring_take(r, text), 0);
    r->out_prod = r->out_cons + sizeof(r->out);
    assert_int_equal(console_ring_take(r, text), sizeof(r->out));
    r->out_prod = r->out_cons + sizeof(r->out) + 1;
    assert_int_equal(console_ring_take(r, text), -EPROTO);
    r->out_prod = r->out_cons - 1;
    assert_int_equal(console_ring_take(r, text), -EPROTO);
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
        if (console_ring_take(r, text) > 0)
            taken++;
        if (console_ring_room(r) >= 3)
            console_ring_put(r, "abc", 3);
    }
    assert_true(taken > 1000);
    free(text);
    free(r);
}

/* Against a flat array that is cut at the front or refused at the back. */
static void a_backlog_keeps_the_newest_text_in_order(void **state)
{
    static char model[200000], in[9000];
    size_t used = 0;
    unsigned char next = 0;

    srand(7);
    for (int keep = 0; keep < 2; keep++) {
        const size_t limit = 20000;
        struct backlog b;

        backlog_init(&b, limit, keep);
        used = 0;
        for (int i = 0; i < 3000; i++) {
            size_t n = rand() % (i % 50 ? 700 : sizeof(in)), len;
            const char *p;

            for (size_t k = 0; k < n; k++)
                in[k] = next++;
            backlog_add(&b, in, n);
            if (keep && n > limit - used)
                n = limit - used;
            memcpy(model + used, in, n);
            used += n;
            if (used > limit) {
                memmove(model, model + used - limit, limit);
                used = limit;
            }
            assert_int_equal(b.used, used);
            p = backlog_peek(&b, &len);
            assert_true(len <= used && (len || !used));
            assert_memory_equal(p, model, len);
            n = len ? rand() % len : 0;
            backlog_consume(&b, n);
            memmove(model, model + n, used - n);
            used -= n;
        }
        backlog_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guests_output_is_taken_in_order),
        cmocka_unit_test(input_fits_into_the_room_of_the_ring),
        cmocka_unit_test(any_indices_are_refused_or_bounded),
        cmocka_unit_test(a_backlog_keeps_the_newest_text_in_order),
    };

    return cmocka_run_group_tests_name("console ring", tests, NULL, NULL);
}
