/* SPDX-License-Identifier: MIT */
/*
 * What the kernel says of an interface: its MTU is found in a message among
 * other attributes, and in no message that is damaged. In a network of the
 * test's own, if the host gives it one: changes of this interface are seen,
 * others are not, and no question is answered by the socket.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include <daemon/log.h>

#include "../../backends/net/link.h"

static uint32_t message[64]; /* aligned */

static unsigned int make_message(uint16_t type, uint16_t attribute,
                                 uint32_t mtu)
{
    static const uint32_t name = 0x666976; /* "vif" */
    struct nlmsghdr *h = (struct nlmsghdr *)message;
    struct rtattr *a = IFLA_RTA(NLMSG_DATA(h));

    memset(message, 0, sizeof(message));
    h->nlmsg_type = type;
    *a = (struct rtattr){RTA_LENGTH(4), IFLA_IFNAME};
    memcpy(RTA_DATA(a), &name, 4);
    a = (struct rtattr *)((char *)a + RTA_SPACE(4));
    *a = (struct rtattr){RTA_LENGTH(4), attribute};
    memcpy(RTA_DATA(a), &mtu, 4);
    h->nlmsg_len = (char *)a + RTA_LENGTH(4) - (char *)message;
    return h->nlmsg_len;
}

static void the_mtu_is_found_among_others(void **state)
{
    unsigned int n = make_message(RTM_NEWLINK, IFLA_MTU, 9000);

    assert_int_equal(link_number_in(message, n, IFLA_MTU), 9000);
    for (unsigned int i = 0; i < n; i++)
        assert_int_equal(link_number_in(message, i, IFLA_MTU), 0);
    n = make_message(RTM_DELLINK, IFLA_MTU, 9000);
    assert_int_equal(link_number_in(message, n, IFLA_MTU), 0);
    n = make_message(RTM_NEWLINK, IFLA_TXQLEN, 9000);
    assert_int_equal(link_number_in(message, n, IFLA_MTU), 0);
}

static void any_message_is_read_within_its_bounds(void **state)
{
    srand(6);
    for (int i = 0; i < 300000; i++) {
        unsigned int n = make_message(RTM_NEWLINK, IFLA_MTU, 9000);
        uint32_t *copy = malloc(n);

        for (int k = rand() % 6; k; k--)
            ((uint8_t *)message)[rand() % n] = rand() % 2 ? rand() % 8 : rand();
        memcpy(copy, message, n);
        link_number_in(copy, n, IFLA_MTU);
        free(copy);
    }
}

/* --- in a network of its own --- */

static struct event_loop loop;
static struct link l;
static unsigned int changes;

static void on_change(struct link *link)
{
    changes++;
}

static void run(const char *command)
{
    assert_int_equal(system(command), 0);
}

static void look(void)
{
    l.source.ready(&l.source, 0);
}

static void asks_and_hears_nothing(void)
{
    struct {
        struct nlmsghdr h;
        struct ifinfomsg i;
    } q = {{sizeof(q), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {0}};
    char answer[8192];

    assert_int_equal(send(l.source.fd, &q, sizeof(q), 0), sizeof(q));
    assert_int_equal(recv(l.source.fd, answer, sizeof(answer), MSG_DONTWAIT),
                     -1);
    assert_int_equal(errno, EAGAIN);
}

static void changes_of_one_interface_are_seen(void **state)
{
    if (unshare(CLONE_NEWNET) ||
        system("ip tuntap add dev vif1.0 mode tap 2>/dev/null"))
        skip();
    run("ip tuntap add dev vif2.0 mode tap");
    link_open(&l, &loop, "vif1.0");
    l.changed = on_change;
    assert_true(l.source.fd >= 0);
    assert_int_equal(l.mtu, 1500);
    asks_and_hears_nothing();
    run("ip link set vif2.0 mtu 4000");
    look();
    assert_int_equal(changes, 0);
    run("ip link set vif1.0 mtu 9000");
    look();
    assert_int_equal(changes, 1);
    assert_int_equal(l.mtu, 9000);
    run("ip link set vif1.0 up");
    while (recv(l.source.fd, message, sizeof(message), MSG_PEEK) >= 0)
        look();
    assert_int_equal(changes, 1);
    run("ip link add xenbr0 type bridge && ip link set vif1.0 master xenbr0");
    while (recv(l.source.fd, message, sizeof(message), MSG_PEEK) >= 0)
        look();
    assert_int_equal(l.bridge, if_nametoindex("xenbr0"));
    assert_int_equal(changes, 2);
    link_close(&l);
    link_close(&l);
    link_open(&l, &loop, "vif1.0");
    run("ip link set vif1.0 nomaster");
    while (recv(l.source.fd, message, sizeof(message), MSG_PEEK) >= 0)
        look();
    assert_int_equal(l.bridge, 0);
    link_close(&l);
    link_open(&l, &loop, "vif9.0");
    assert_true(l.source.fd < 0);
}

static int setup(void **state)
{
    log_setup("test", LOG_LVL_ERROR);
    return event_loop_init(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mtu_is_found_among_others),
        cmocka_unit_test(any_message_is_read_within_its_bounds),
        cmocka_unit_test(changes_of_one_interface_are_seen),
    };

    return cmocka_run_group_tests_name("net link", tests, setup, NULL);
}
