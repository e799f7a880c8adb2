/* SPDX-License-Identifier: MIT */
/*
 * A guest sends no more than its rate allows, packet by packet, and pays its
 * debts; meanwhile it receives.
 */
#include "net_world.h"

static void refilled(struct net_credit *c)
{
    event_work_queue(&loop, &q.tx_work);
}

static void interval(void)
{
    assert_true(credit.refill.armed);
    event_timer_cancel(&loop, &credit.refill);
    credit.refill.fire(&credit.refill);
    turn();
}

/* Debts are paid, also those from before a reconnection. */
static void a_rate_is_kept_also_across_a_reconnection(void **state)
{
    credit.refilled = refilled;
    net_credit_limit(&credit, 3000, 50000);
    for (int i = 0; i < 3; i++) {
        send_some();
        assert_int_equal(tx_cons, tx_prod);
        credit.left = -4000;
        send_some();
        assert_int_not_equal(tx_cons, tx_prod);
        if (i) {
            reconnect_queue();
            net_credit_limit(&credit, 3000, 50000);
            send_some();
            assert_int_not_equal(tx_cons, tx_prod);
        }
        interval();
        assert_int_equal(credit.left, -1000);
        assert_int_not_equal(tx_cons, tx_prod);
        interval();
        assert_int_equal(tx_cons, tx_prod);
        while (credit.refill.armed)
            interval();
        assert_int_equal(credit.left, 3000);
    }
}

/* A burst is not a debt of minutes, and who waits for credit still receives,
 * also by the port that both directions share. */
static void a_rate_counts_each_packet(void **state)
{
    unsigned int intervals = 0;

    disconnect_queue(NULL);
    shared_port = true;
    credit = (struct net_credit){.loop = &loop, .refilled = refilled};
    net_credit_limit(&credit, 2500, 50000);
    connect_queue(NULL);
    send_small(100);
    q.tx_port.event(&q.tx_port);
    turn();
    assert_int_equal(tx_cons, 3);
    assert_in_range(credit.left, (uint64_t)-1000, (uint64_t)-1);
    arrive(20000, 1448);
    turn();
    assert_true(q.held && !q.tx_masked);
    give_buffers(10);
    q.tx_port.event(&q.tx_port);
    turn();
    assert_int_equal(delivered, 1);
    for (; tx_cons != tx_prod; intervals++)
        interval();
    assert_in_range(intervals, 37, 40); /* 97500 bytes by 2500 */
    shared_port = false;
    credit = (struct net_credit){.loop = &loop};
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rate_is_kept_also_across_a_reconnection),
        TEST(a_rate_counts_each_packet),
    };

    return cmocka_run_group_tests_name("net_rate", tests, net_world_begin,
                                       NULL);
}
