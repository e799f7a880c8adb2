/* SPDX-License-Identifier: MIT */
/*
 * A guest that gives no receive buffers loses frames, and in the end its
 * carrier, but holds nothing up; what waits for it comes as soon as it gives
 * some, whether it says so or is busy sending.
 */
#include "net_world.h"

/* One slot short of what the next frame needs, for ever. */
static void frames_for_a_guest_that_stalls_are_dropped(void **state)
{
    arrive(20000, 1448);
    give_buffers(5);
    turn();
    assert_true(q.held && q.tap_paused && q.stall.armed);
    /* Memory is shared with the other direction, not the frame's. */
    send_some();
    for (int i = 0; i < 40; i++)
        arrive(1000, 0);
    q.stall.fire(&q.stall);
    assert_int_equal(in_tap.head, in_tap.tail); /* thrown away */
    assert_true(q.held && q.stalled);
    /* The guest comes back: what was held is old by now. */
    offer_buffers(20);
    turn();
    assert_int_equal(delivered, 0);
    to_guest.tail = to_guest.head;
    assert_true(!q.held && !q.stalled && !q.tap_paused && !q.stall.armed);
    arrive(1000, 0);
    turn();
    assert_int_equal(delivered, 1);
}

static void a_guest_that_stays_stalled_loses_its_carrier(void **state)
{
    for (int round = 0; round < 2; round++) {
        arrive(20000, 1448);
        turn();
        for (int s = NET_STALL_MS / 1000; s < NET_CARRIER_MS / 1000; s++) {
            q.stall.fire(&q.stall);
            assert_int_equal(deaf, 0);
        }
        q.stall.fire(&q.stall);
        q.stall.fire(&q.stall);
        assert_int_equal(deaf, 1);
        give_buffers(4); /* not enough */
        q.rx_port.event(&q.rx_port);
        assert_int_equal(deaf, 1);
        give_buffers(4);
        q.rx_port.event(&q.rx_port);
        assert_int_equal(deaf, 0);
        to_guest.tail = to_guest.head;
        arrive(1000, 0);
        turn();
        assert_int_equal(delivered, 1 + round);
        rx_cons = rx_prod = 0;
        reconnect_queue();
        delivered = 1;
    }
}

/* As mini-os: it gives buffers and sends no event. */
static void a_guest_that_says_nothing_is_looked_at_again(void **state)
{
    rx_notify = false;
    reconnect_queue();
    for (unsigned int i = 1; i <= 3; i++) {
        arrive(20000, 1448);
        give_buffers(3);
        turn();
        assert_true(q.held && q.stall.armed);
        q.stall.fire(&q.stall); /* not yet: nothing is lost */
        assert_true(q.held && q.stall.armed && !q.stalled);
        give_buffers(3);
        turn();
        assert_true(q.held);
        q.stall.fire(&q.stall);
        take_answers();
        assert_int_equal(delivered, i);
        assert_false(q.held || q.stall.armed || q.tap_paused);
    }
    rx_notify = true;
}

/* A guest that sends without a pause, by the one port that it has, gets what
 * waits for it as soon as it gives buffers: the port stays masked meanwhile. */
static void a_guest_that_sends_without_a_pause_receives(void **state)
{
    shared_port = true;
    reconnect_queue();
    arrive(20000, 1448);
    turn();
    assert_true(q.held);
    sends_meanwhile = true;
    send_small(1);
    q.tx_port.event(&q.tx_port);
    for (int i = 0; i < 10; i++) {
        assert_true(q.tx_work.queued && q.tx_masked);
        if (i == 5)
            give_buffers(10); /* with an event that waits behind the mask */
        turn();
    }
    sends_meanwhile = false;
    turn();
    assert_int_equal(delivered, 1);
    shared_port = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(frames_for_a_guest_that_stalls_are_dropped),
        TEST(a_guest_that_stays_stalled_loses_its_carrier),
        TEST(a_guest_that_says_nothing_is_looked_at_again),
        TEST(a_guest_that_sends_without_a_pause_receives),
    };

    return cmocka_run_group_tests_name("net_stall", tests, net_world_begin,
                                       NULL);
}
