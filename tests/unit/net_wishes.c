/* SPDX-License-Identifier: MIT */
/*
 * What a frontend wants of its interface, over the death of its backend: the
 * successor goes on with what was agreed last, and with nothing that a record
 * full of nonsense could say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../../backends/net/wishes.h"

static struct net_record record;
static struct net_wishes wishes;

static void begin(bool resume)
{
    memset(&wishes, 0x55, sizeof(wishes)); /* another process */
    net_wishes_begin(&wishes, &record, resume);
}

static void are(bool filter, uint32_t headroom)
{
    assert_int_equal(wishes.filter, filter);
    assert_int_equal(wishes.headroom, headroom);
}

static void connection_begins_without_any(void **state)
{
    memset(&record, 0x55, sizeof(record));
    begin(false);
    are(false, 0);
    assert_int_equal(wishes.multicast->count, 0);
    assert_false(net_hash_is_on(wishes.hash));
    begin(true);
    are(false, 0);
}

static void successor_goes_on_with_what_was_agreed(void **state)
{
    begin(false);
    net_wishes_set(&wishes, true, 256);
    wishes.multicast->count = 3;
    wishes.hash->size = 64;
    begin(true);
    are(true, 256);
    assert_int_equal(wishes.multicast->count, 3);
    assert_int_equal(wishes.hash->size, 64);
    net_wishes_set(&wishes, false, 0);
    begin(true);
    are(false, 0);
}

static void headroom_is_cut(void **state)
{
    begin(false);
    net_wishes_set(&wishes, false, UINT64_MAX);
    are(false, NET_MAX_HEADROOM);
    memset(&record.in_force, 0xff, sizeof(record.in_force));
    begin(true);
    are(true, NET_MAX_HEADROOM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connection_begins_without_any),
        cmocka_unit_test(successor_goes_on_with_what_was_agreed),
        cmocka_unit_test(headroom_is_cut),
    };

    return cmocka_run_group_tests_name("net wishes", tests, NULL, NULL);
}
