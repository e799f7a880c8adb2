/* SPDX-License-Identifier: MIT */
/*
 * frontends/event_loop.c: an event that was served on the way to a wait ends
 * that wait. Ports and time are played here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <pv/event_loop.h>

/* Its skip() is another one. */
#include <cmocka.h>

#define PORT 3
#define WAIT (SECOND_NS / 2)

struct shared_info *shared_info;
static struct shared_info page;
static uint64_t now;
static unsigned int ran;
static uint64_t comes_at; /* the event, 0: never */

uint64_t system_time(void)
{
    return now;
}

void events_init(void)
{
}

void event_close(uint32_t port)
{
}

void shutdown(unsigned int reason)
{
    abort();
}

bool event_pending(uint32_t port)
{
    return page.evtchn_pending[port / 64] >> port % 64 & 1;
}

void event_clear(uint32_t port)
{
    page.evtchn_pending[port / 64] &= ~(1UL << port % 64);
}

/* As the hypervisor: at once if one of them is pending. */
void wait_events(evtchn_port_t *ports, unsigned int nr, uint64_t end)
{
    assert_int_equal(nr, 1);
    assert_int_equal(ports[0], PORT);
    if (event_pending(PORT))
        return;
    if (comes_at && comes_at < end) {
        now = comes_at;
        event_raise(PORT);
    } else {
        now = end;
    }
}

static void count(void *arg)
{
    ran++;
}

static int begin(void **state)
{
    shared_info = &page;
    now = 1000;
    ran = 0;
    comes_at = 0;
    event_listen(PORT, count, NULL);
    return 0;
}

static int end(void **state)
{
    event_end(PORT);
    event_clear(PORT);
    return 0;
}

static void an_event_ends_a_wait(void **state)
{
    uint64_t before = events_served();

    comes_at = 5000;
    assert_true(events_serve_since(before, WAIT));
    assert_int_equal(ran, 1);
    assert_int_equal(now, 5000);
    assert_int_equal(events_served(), before + 1);
}

/* As a frame that comes while another one waits for room. */
static void an_event_that_was_served_before_ends_it_too(void **state)
{
    uint64_t before = events_served();

    event_raise(PORT);
    assert_true(events_serve(0));
    assert_false(events_serve_since(before, WAIT));
    assert_int_equal(now, 1000);
    assert_int_equal(ran, 1);
}

static void an_event_of_before_does_not(void **state)
{
    uint64_t before;

    event_raise(PORT);
    assert_true(events_serve(0));
    before = events_served();
    assert_false(events_serve_since(before, WAIT));
    assert_int_equal(now, 1000 + WAIT);
}

static void without_an_event_it_ends_in_time(void **state)
{
    assert_false(events_serve(WAIT));
    assert_int_equal(now, 1000 + WAIT);
    assert_false(events_serve(0));
    assert_int_equal(now, 1000 + WAIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_ends_a_wait, begin, end),
        cmocka_unit_test_setup_teardown(
            an_event_that_was_served_before_ends_it_too, begin, end),
        cmocka_unit_test_setup_teardown(an_event_of_before_does_not, begin,
                                        end),
        cmocka_unit_test_setup_teardown(without_an_event_it_ends_in_time, begin,
                                        end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
