/* SPDX-License-Identifier: MIT */
/*
 * Event channels of a backend: a guest that sends events about nothing is
 * listened to more and more rarely, one that has work at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <cmocka.h>

#include <xentoollog.h>

#include <daemon/log.h>

#include "../../backends/common/ports.h"

static struct event_loop loop;
static struct ports ports;
static struct port port;
static int fd;
static bool work, is_pending;
static unsigned int events, unmasked;

xenevtchn_handle *xenevtchn_open(xentoollog_logger *logger, unsigned int flags)
{
    return (xenevtchn_handle *)&fd;
}

int xenevtchn_close(xenevtchn_handle *h)
{
    return 0;
}

int xenevtchn_fd(xenevtchn_handle *h)
{
    return fd;
}

int xenevtchn_pending(xenevtchn_handle *h)
{
    if (!is_pending)
        return -1;
    is_pending = false;
    return 7;
}

int xenevtchn_bind_interdomain(xenevtchn_handle *h, uint32_t domid,
                               evtchn_port_t remote)
{
    return 7;
}

int xenevtchn_restrict(xenevtchn_handle *h, domid_t domid)
{
    return 0;
}

int xenevtchn_unbind(xenevtchn_handle *h, evtchn_port_t p)
{
    return 0;
}

int xenevtchn_notify(xenevtchn_handle *h, evtchn_port_t p)
{
    return 0;
}

int xenevtchn_unmask(xenevtchn_handle *h, evtchn_port_t p)
{
    unmasked++;
    return 0;
}

static void on_event(struct port *p)
{
    events++;
    if (work)
        port_used(p);
    port_done(p);
}

/* True: the next one may come at once. */
static bool an_event(bool about_something)
{
    unsigned int before = unmasked;

    work = about_something;
    is_pending = true;
    ports.source.ready(&ports.source, 0);
    return unmasked != before;
}

static void time_passes(void)
{
    unsigned int before = unmasked;

    assert_true(port.opens.armed);
    event_timer_cancel(&loop, &port.opens);
    port.opens.fire(&port.opens);
    assert_int_equal(unmasked, before + 1);
}

static void events_about_nothing_come_rarely(void **state)
{
    for (int i = 1; i < PORT_IDLE; i++)
        assert_true(an_event(false));
    for (int i = 0; i < 20; i++) {
        assert_false(an_event(false));
        time_passes();
    }
    /* Work is found: from then on it is as at first. */
    assert_true(an_event(true));
    for (int i = 1; i < PORT_IDLE; i++)
        assert_true(an_event(false));
    assert_false(an_event(false));
}

static void work_never_waits(void **state)
{
    for (int i = 0; i < 1000; i++)
        assert_true(an_event(i % PORT_IDLE == 0));
}

static void a_port_that_is_unbound_opens_no_more(void **state)
{
    while (an_event(false))
        ;
    assert_true(port.opens.armed);
    port_unbind(&port);
    assert_false(port.opens.armed);
}

static int bind_port(void **state)
{
    fd = eventfd(0, EFD_NONBLOCK);
    log_setup("test", LOG_LVL_ERROR);
    return fd < 0 || event_loop_init(&loop) || ports_open(&ports, &loop) ||
           port_bind(&ports, &port, 1, 3, on_event);
}

static int unbind_port(void **state)
{
    port_unbind(&port);
    ports_close(&ports);
    close(fd);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_about_nothing_come_rarely,
                                        bind_port, unbind_port),
        cmocka_unit_test_setup_teardown(work_never_waits, bind_port,
                                        unbind_port),
        cmocka_unit_test_setup_teardown(a_port_that_is_unbound_opens_no_more,
                                        bind_port, unbind_port),
    };

    return cmocka_run_group_tests_name("backend ports", tests, NULL, NULL);
}
