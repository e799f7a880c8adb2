/* SPDX-License-Identifier: MIT */
/*
 * Frames of all kinds reach the host and the guest, which gives receive buffers
 * late, and few or many at a time; the guest is woken, and wakes us, by the
 * ring's own rules alone. Multicast frames are those that it has asked for.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "net_world.h"

static void
a_guests_frames_reach_the_host_and_each_slot_is_answered(void **state)
{
    for (int i = 0; i < 4000; i++) {
        uint32_t old = tx_prod;

        for (int k = rand() % 6; k; k--)
            send_frame();
        tx_ring[0] = tx_prod;
        if (tx_prod - tx_ring[1] < tx_prod - old)
            q.tx_port.event(&q.tx_port);
        turn();
    }
    while (q.tx_work.queued)
        turn();
    assert_int_equal(tx_cons, tx_prod);
    assert_int_equal(to_host.head, to_host.tail);
    assert_int_equal(errors, expected_errors);
    assert_int_equal(null_answers, expected_nulls);
    assert_int_equal(record.head.counts.from_guest.operations, to_host.head);
    assert_true(written > 5000 && joined > 300 && errors > 100);
}

static void the_hosts_frames_reach_the_guest_whole_and_in_order(void **state)
{
    for (int i = 0; i < 10000; i++) {
        for (int k = rand() % 4; k; k--)
            arrive_at_random();
        offer_buffers(rand() % 3 ? rand() % 12 : rand() % 100);
        turn();
    }
    for (int i = 0; in_tap.head != in_tap.tail || q.held; i++) {
        assert_true(i < 1000);
        offer_buffers(40);
        turn();
    }
    assert_int_equal(to_guest.head, to_guest.tail);
    assert_int_equal(record.head.counts.to_guest.operations, delivered);
    assert_true(delivered > 3000);
}

static void memory_without_grants_serves_as_well(void **state)
{
    struct grant_arena granted = arena;

    arena = (struct grant_arena){0};
    assert_int_equal(
        grant_arena_take(&arena, grants.handle, FAKE_SELF, NET_ARENA_PAGES), 0);
    a_guests_frames_reach_the_host_and_each_slot_is_answered(NULL);
    the_hosts_frames_reach_the_guest_whole_and_in_order(NULL);
    grant_arena_give_back(&arena);
    arena = granted;
}

/* --- a slot changes once it is taken --- */

void __real_back_ring_take(struct back_ring *r, void *request, size_t len);
void __wrap_back_ring_take(struct back_ring *r, void *request, size_t len);
void __real_back_ring_give_back(struct back_ring *r, uint32_t n);
void __wrap_back_ring_give_back(struct back_ring *r, uint32_t n);

static int scribble; /* over what has been taken, with this byte; 0: not */
static uint8_t taken[2][NET_RING_SIZE][16]; /* as it was: of tx, of rx */

static uint8_t *slot_of(const struct back_ring *r, uint32_t index)
{
    return r->shared + 64 + (size_t)(index & (r->entries - 1)) * r->entry_size;
}

void __wrap_back_ring_take(struct back_ring *r, void *request, size_t len)
{
    uint32_t index = r->req_cons;

    __real_back_ring_take(r, request, len);
    if (!scribble)
        return;
    memcpy(taken[r == &q.rx][index % NET_RING_SIZE], request, len);
    memset(slot_of(r, index), scribble, r->entry_size);
}

/* They are read anew: by then they are as the guest wants them. */
void __wrap_back_ring_give_back(struct back_ring *r, uint32_t n)
{
    for (uint32_t i = r->req_cons - n; scribble && i != r->req_cons; i++)
        memcpy(slot_of(r, i), taken[r == &q.rx][i % NET_RING_SIZE],
               r->entry_size);
    __real_back_ring_give_back(r, n);
}

static void what_a_guest_changes_in_a_taken_slot_is_not_seen(void **state)
{
    static const int bytes[] = {0xff, 0x01, 0x80};

    for (size_t i = 0; i < sizeof(bytes) / sizeof(*bytes); i++) {
        scribble = bytes[i];
        a_guests_frames_reach_the_host_and_each_slot_is_answered(NULL);
        the_hosts_frames_reach_the_guest_whole_and_in_order(NULL);
    }
    scribble = 0;
}

/* --- multicast --- */

/* A frame to this address; true: the guest got it. */
static bool is_given(const uint8_t *address)
{
    struct frame *f = push(&in_tap);
    unsigned int before = delivered;

    make_frame(f, 100, 0);
    memcpy(f->data, address, 6);
    give_buffers(2);
    turn();
    to_guest.tail = to_guest.head; /* those that were not wanted */
    return delivered > before;
}

static void a_guest_gets_the_multicast_frames_that_it_asked_for(void **state)
{
    static const uint8_t group[] = {1, 0, 0x5e, 0, 0, 1},
                         own[] = {2, 0, 0, 0, 0, 1},
                         all[] = {255, 255, 255, 255, 255, 255};
    uint8_t other[] = {0x33, 0x33, 0, 0, 0, 0};

    assert_true(is_given(group));
    wishes.filter = true;
    assert_false(is_given(group));
    assert_true(is_given(own) && is_given(all));
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group);
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, group);
    assert_true(is_given(group) && !is_given(other));
    net_queue_disconnect(&q); /* killed */
    close(q.tap_fd);
    start_backend(true);
    assert_true(is_given(group));
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, group);
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_DEL, other);
    assert_false(is_given(group));
    for (; other[5] < NET_MULTICAST_MAX; other[5]++)
        ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, other);
    assert_int_equal(errors, 0);
    ask_for(XEN_NETIF_EXTRA_TYPE_MCAST_ADD, other); /* one too many */
    assert_int_equal(errors, 1);
    assert_false(is_given(other));
    other[5]--;
    assert_true(is_given(other));
    assert_int_equal(null_answers, expected_nulls);
    assert_int_equal(written, 0);
    assert_int_equal(record.head.counts.from_guest.operations, 0);
    record.multicast.count = UINT32_MAX; /* by a guest that took it over */
    assert_false(is_given(other));
    record.multicast.count = 0;
    wishes.filter = false;
}

/* --- the tap goes --- */

static unsigned int turns;

static int count_turns(struct event_loop *l)
{
    turns++;
    return -1;
}

static void end_of_time(struct event_timer *t)
{
    event_loop_stop(&loop, 0);
}

/* Its descriptor says so for ever, whatever is asked of it. */
static void a_device_that_somebody_removes_is_told_once(void **state)
{
    struct event_timer end = {.fire = end_of_time};
    int ends[2];

    reconnect_queue();
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    event_source_remove(&loop, &q.tap);
    q.tap.fd = ends[1];
    assert_int_equal(event_source_add(&loop, &q.tap, EPOLLIN), 0);
    lost = turns = 0;
    loop.between = count_turns;
    event_timer_set(&loop, &end, 50);
    event_loop_run(&loop);
    loop.between = NULL;
    close(ends[1]);
    assert_int_equal(lost, 1);
    assert_in_range(turns, 1, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_guests_frames_reach_the_host_and_each_slot_is_answered),
        TEST(the_hosts_frames_reach_the_guest_whole_and_in_order),
        TEST(memory_without_grants_serves_as_well),
        TEST(what_a_guest_changes_in_a_taken_slot_is_not_seen),
        TEST(a_guest_gets_the_multicast_frames_that_it_asked_for),
        TEST(a_device_that_somebody_removes_is_told_once),
    };

    return cmocka_run_group_tests_name("net_queue", tests, net_world_begin,
                                       NULL);
}
