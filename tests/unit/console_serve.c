/* SPDX-License-Identifier: MIT */
/*
 * A guest's console that cannot be served at first, because its ring cannot be
 * mapped or its port not bound, is served when it can: nobody tells again.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <xen/xen.h>
#include <xen/io/console.h>
#include <xentoollog.h>
#include <xenforeignmemory.h>

#include "../../backends/console/console.h"

static struct event_loop loop;
static struct store_client store;
static struct keep keep;
static const struct console_options options = {.log_dir = "/nowhere"};
static const struct console_services services = {&loop, &store, NULL, &keep,
                                                 &options};
static struct xencons_interface page;
static bool maps, binds;
static unsigned int notified;

/* --- what is played ------------------------------------------------------- */

static const char *node(const char *path)
{
    if (strstr(path, "/console/port"))
        return "9";
    return strstr(path, "/console/type") ? "xenconsoled" : NULL;
}

void *xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
              unsigned int *len)
{
    return node(path) ? strdup(node(path)) : NULL;
}

bool xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
              const void *data, unsigned int len)
{
    return true;
}

bool store_lost(const struct store_client *c)
{
    return false;
}

/* Not reached: the store names no frame. */
xenforeignmemory_handle *xenforeignmemory_open(xentoollog_logger *logger,
                                               unsigned int flags)
{
    return NULL;
}

int xenforeignmemory_close(xenforeignmemory_handle *h)
{
    return 0;
}

void *xenforeignmemory_map(xenforeignmemory_handle *h, uint32_t domid, int prot,
                           size_t n, const xen_pfn_t *frame, int *err)
{
    return NULL;
}

int grants_open(struct grants *g, uint32_t domid)
{
    return 0;
}

void grants_close(struct grants *g)
{
}

void *grants_map(struct grants *g, const uint32_t *refs, unsigned int n)
{
    errno = ENOMEM;
    return maps ? &page : NULL;
}

void grants_unmap(struct grants *g, void *addr, unsigned int n)
{
}

int port_bind(struct ports *ps, struct port *p, uint32_t domid,
              evtchn_port_t remote, void (*event)(struct port *p))
{
    if (!binds)
        return -ENOMEM;
    p->local = remote;
    p->event = event;
    return 0;
}

void port_unbind(struct port *p)
{
    p->local = 0;
}

void port_notify(struct port *p)
{
    notified++;
}

void port_done(struct port *p)
{
}

void keep_put(struct keep *k, const char *name, const int *fds, int n)
{
}

void keep_drop(struct keep *k, const char *name)
{
}

/* --- the test ------------------------------------------------------------- */

static void a_second_passes(struct console *c)
{
    assert_true(c->retry.armed);
    event_timer_cancel(&loop, &c->retry);
    c->retry.fire(&c->retry);
}

static void what_fails_once_is_tried_again(void **state)
{
    struct console *c = console_new(&services, 5, 77);

    assert_non_null(c);
    assert_false(c->port.local);
    maps = true;
    a_second_passes(c);
    assert_false(c->port.local || c->ring); /* nothing by halves */
    binds = true;
    memcpy(page.out, "hello", 5);
    page.out_prod = 5;
    a_second_passes(c);
    assert_int_equal(c->port.local, 9);
    assert_int_equal(page.out_cons, 5);
    assert_true(notified > 0);
    assert_false(c->retry.armed);
    console_refresh(c); /* what is served stays as it is */
    assert_int_equal(page.out_cons, 5);
    console_free(c);
}

static void a_console_that_ends_is_not_tried_again(void **state)
{
    struct console *c;

    maps = binds = false;
    c = console_new(&services, 5, 77);
    assert_true(c->retry.armed);
    console_domain_gone(c);
    assert_false(c->retry.armed);
    console_free(c);
}

static int setup(void **state)
{
    log_setup("test", LOG_LVL_ERROR);
    return event_loop_init(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fails_once_is_tried_again),
        cmocka_unit_test(a_console_that_ends_is_not_tried_again),
    };

    return cmocka_run_group_tests_name("console serve", tests, setup, NULL);
}
