/* SPDX-License-Identifier: MIT */
/*
 * A store that goes and comes back. It is the real daemon's core in a thread;
 * between it and the client under test is a relay that cuts the connection at
 * the request that a test chooses, and can be away, or be mute.
 */
#ifndef TESTS_UNIT_RELAY_WORLD_H
#define TESTS_UNIT_RELAY_WORLD_H

#include "store_test.h"

#include <stdatomic.h>

#include <daemon/clock.h>
#include <daemon/event_loop.h>
#include <xenstore.h>

#include "../../backends/common/store_client.h"

int relay_world_begin(void **state);
int relay_world_end(void **state);
#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, relay_world_begin, relay_world_end)

/* --- the store --- */

extern struct xs_handle *direct; /* the test's own, not relayed */
void start_store(void);
void stop_store(void);
void put(const char *path, const char *value);
bool node_is(const char *path, const char *value);

/* --- the relay --- */

extern char relay_path[64];
extern atomic_bool mute, away; /* accepts and says nothing; accepts nobody */
extern atomic_int requests;    /* counted from cut() on */
/* The connection ends with this request, 0: with none; 'after': when the store
 * has done it, unanswered. */
void cut(int at, bool after);
void start_relay(void);
void stop_relay(void);

/* --- turning the client's loop --- */

extern struct event_loop loop;
extern struct store_client *hurry; /* it connects again without waiting */
/* False: the loop has ended for another reason than the test. */
bool turn(void);

#define wait_until(condition)                                                  \
    do {                                                                       \
        uint64_t end = now_ms() + 10000;                                       \
        while (!(condition)) {                                                 \
            assert_true(turn());                                               \
            if (now_ms() > end)                                                \
                fail_msg("not in time: %s", #condition);                       \
        }                                                                      \
    } while (0)

/* So many turns, of 2 ms each. */
void let_pass(unsigned int turns);
/* And not by a failure. */
void loop_ends(void);

#endif
