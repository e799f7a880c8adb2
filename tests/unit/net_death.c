/* SPDX-License-Identifier: MIT */
/*
 * A backend that is killed, at any instruction that leaves a trace, has a
 * successor: frames may be lost or come twice, but none is damaged, and still
 * every slot is answered once. What the record says may be anything.
 */
#include <stdlib.h>

#include "each_store.h"
#include "net_world.h"

static struct watched watched[] = {{&record, sizeof(record)},
                                   {NULL, 0}, /* the rings, from begin() on */
                                   {NULL, 0},
                                   {NULL, 0}};

static void traffic(void)
{
    for (int k = rand() % 6; k; k--)
        send_frame();
    tx_ring[0] = tx_prod;
    for (int k = rand() % 4; k; k--)
        arrive_at_random();
    give_buffers(rand() % 20);
    event_work_queue(&loop, &q.tx_work);
    event_work_queue(&loop, &q.rx_work);
}

/* Whatever the killed process had done with them. */
static void all_slots_are_answered_once(void)
{
    take_answers();
    while (q.tx_work.queued)
        turn();
    for (unsigned int i = 0; i < ARRAY_SIZE(tx_owed); i++)
        assert_false(tx_owed[i]);
    assert_int_equal(tx_cons, tx_prod);
    assert_int_equal(null_answers, expected_nulls);
}

static void successor(void)
{
    event_loop_init(&loop);
    lossy = true;
    assert_int_equal(start_backend(true), 0);
    all_slots_are_answered_once();
    for (int i = 0; i < 5; i++) {
        traffic();
        turn();
    }
    all_slots_are_answered_once();
    while (in_tap.head != in_tap.tail || q.held) {
        give_buffers(40);
        event_work_queue(&loop, &q.rx_work);
        turn();
    }
}

static void a_killed_backend_owes_nobody_an_answer(void **state)
{
    unsigned int deaths = 0;

    net_credit_limit(&credit, 0, 0);
    max_frame = 1514;
    for (int i = 0; i < 12; i++) {
        traffic();
        deaths += after_each_store(watched, 1, backend_turn, successor);
        take_answers();
    }
    max_frame = 65536;
    assert_in_range(deaths, 50, 4000);
}

/* Of a process that its guest has taken over. */
static void no_record_is_too_strange(void **state)
{
    unsigned int served = 0, refused = 0;

    lies = true;
    for (int i = 0; i < 10000; i++) {
        reconnect_queue();
        for (int k = rand() % 10; k; k--)
            send_frame();
        tx_ring[0] = tx_prod;
        give_buffers(rand() % 300);
        disconnect_queue(NULL);
        record.queue[0].tx.count = rand() % (rand() % 2 ? 8 : 400);
        record.queue[0].tx.index = rand() % 4 ? 0 : rand() % 16 - 8;
        record.queue[0].rx.count = rand() % (rand() % 2 ? 8 : 400);
        record.queue[0].rx.index = rand() % 4 ? 0 : rand() % 4 - 2;
        if (rand() % 4 == 0)
            record.queue[0].tx.count = record.queue[0].rx.index = -rand();
        if (start_backend(true)) {
            refused++;
            start_backend(false);
            continue;
        }
        served++;
        backend_turn();
    }
    lies = false;
    assert_true(refused > 1000 && served > 1000);
}

static int begin(void **state)
{
    int rc = net_world_begin(state);

    watched[1] = (struct watched){tx_ring, 4096};
    watched[2] = (struct watched){rx_ring, 4096};
    return rc;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(a_killed_backend_owes_nobody_an_answer),
        TEST(no_record_is_too_strange),
    };

    step_prepare(argv);
    return cmocka_run_group_tests_name("net_death", tests, begin, NULL);
}
