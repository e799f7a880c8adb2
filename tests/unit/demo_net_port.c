/* SPDX-License-Identifier: MIT */
/*
 * frontends/demo-net/port.c, which this file includes, with an interface and a
 * lwIP that are played here (lwip_shim/): no frame is slept over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include "../../frontends/demo-net/port.c"

/* Its skip() is another one. */
#include <cmocka.h>

#define WAIT (SECOND_NS / 2)
#define LATE 1000 /* ms until lwIP has something to do */

static uint64_t now, served;
static unsigned int waiting; /* frames in the ring */
static unsigned int no_room; /* times that a frame cannot be sent */
static bool comes_meanwhile; /* a frame, when another one waits for room */
static bool timer_sends;     /* something, when it is due */
static unsigned int taken;   /* frames, by lwIP */

uint64_t system_time(void)
{
    return now;
}

void shutdown(unsigned int reason)
{
    abort();
}

/* --- the interface -------------------------------------------------------- */

long netfront_open(struct netfront *n, unsigned int id)
{
    return 0;
}

long netfront_close(struct netfront *n)
{
    return 0;
}

long netfront_send(struct netfront *n, const void *frame, size_t len,
                   const struct net_offload *o)
{
    if (!no_room)
        return 0;
    no_room--;
    return -EAGAIN;
}

long netfront_receive(struct netfront *n, void *frame, size_t size,
                      struct net_offload *o)
{
    *o = (struct net_offload){0};
    if (!waiting)
        return 0;
    waiting--;
    memset(frame, 0, 60);
    return 60;
}

/* Of a frame, or of the backend's that has sent one. */
static bool event(void)
{
    if (!comes_meanwhile)
        return false;
    comes_meanwhile = false;
    waiting++;
    served++;
    return true;
}

bool events_serve(uint64_t ns)
{
    if (event())
        return true;
    now += ns;
    return false;
}

uint64_t events_served(void)
{
    return served;
}

bool events_serve_since(uint64_t before, uint64_t ns)
{
    return served == before && events_serve(ns);
}

/* --- lwIP ----------------------------------------------------------------- */

static struct pbuf packet;

static void send_something(void)
{
    packet.len = 60;
    assert_int_equal(send_frame(&netif, &packet), ERR_OK);
}

void sys_check_timeouts(void)
{
    if (timer_sends)
        send_something();
    timer_sends = false;
}

u32_t sys_timeouts_sleeptime(void)
{
    return LATE;
}

void sys_timeout(u32_t ms, void (*fn)(void *arg), void *arg)
{
}

void lwip_init(void)
{
}

struct pbuf *pbuf_alloc(int layer, u16_t len, int type)
{
    packet.len = len;
    return &packet;
}

u8_t pbuf_free(struct pbuf *p)
{
    return 1;
}

err_t pbuf_take(struct pbuf *p, const void *from, u16_t len)
{
    memcpy(p->bytes, from, len);
    return ERR_OK;
}

u16_t pbuf_copy_partial(const struct pbuf *p, void *to, u16_t len, u16_t at)
{
    memcpy(to, p->bytes, p->len);
    return p->len;
}

struct netif *netif_add(struct netif *n, const struct ip4_addr *ip,
                        const struct ip4_addr *mask,
                        const struct ip4_addr *gateway, void *state,
                        err_t (*init)(struct netif *n),
                        err_t (*input)(struct pbuf *p, struct netif *n))
{
    n->input = input;
    return init(n) ? NULL : n;
}

err_t ethernet_input(struct pbuf *p, struct netif *n)
{
    taken++;
    return ERR_OK;
}

err_t etharp_output(struct netif *n, struct pbuf *p, const struct ip4_addr *to)
{
    return ERR_OK;
}

err_t dhcp_start(struct netif *n)
{
    return ERR_OK;
}

void dhcp_release_and_stop(struct netif *n)
{
}

static int begin(void **state)
{
    const struct address a = {.ip = 0x0a000001, .mask = 0xffffff00};

    now = SECOND_NS;
    served = waiting = no_room = taken = 0;
    comes_meanwhile = timer_sends = false;
    memset(&netif, 0, sizeof(netif));
    assert_int_equal(net_open(&a), 0);
    return 0;
}

/* --- frames --------------------------------------------------------------- */

static void a_frame_that_is_there_is_taken(void **state)
{
    waiting = 3;
    assert_true(net_serve(WAIT));
    assert_int_equal(taken, 3);
}

static void it_waits_when_there_is_nothing(void **state)
{
    assert_true(net_serve(WAIT));
    assert_int_equal(now, SECOND_NS + WAIT);
}

/* Its event ends the wait for room, after the look at what has come. */
static void a_frame_that_comes_while_a_timer_sends_is_taken_at_once(void **s)
{
    timer_sends = comes_meanwhile = true;
    no_room = 1;
    assert_true(net_serve(WAIT));
    assert_int_equal(taken, 0);
    assert_int_equal(now, SECOND_NS);
    assert_true(net_serve(WAIT));
    assert_int_equal(taken, 1);
}

/* As does what waits for another one of those that listen. */
static void an_event_of_before_is_not_waited_for_twice(void **state)
{
    comes_meanwhile = true;
    no_room = 1;
    send_something();
    assert_true(net_serve(WAIT));
    assert_int_equal(taken, 1);
    assert_int_equal(now, SECOND_NS + WAIT);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_frame_that_is_there_is_taken),
        TEST(it_waits_when_there_is_nothing),
        TEST(a_frame_that_comes_while_a_timer_sends_is_taken_at_once),
        TEST(an_event_of_before_is_not_waited_for_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
