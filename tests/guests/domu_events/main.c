/* SPDX-License-Identifier: MIT */
/*
 * Event channels between two domUs: who may bind what, how a send arrives, and
 * what is left at one end when the other closes or dies. run: ramdisk=1
 */
#include <pv/domu.h>

/* --- in a domU ------------------------------------------------------------ */

static long offer(uint64_t remote, uint64_t unused)
{
    struct evtchn_alloc_unbound a = {.dom = DOMID_SELF, .remote_dom = remote};
    long rc = evtchn_op(EVTCHNOP_alloc_unbound, &a);

    return rc ? rc : (long)a.port;
}

static long bind(uint64_t dom, uint64_t port)
{
    struct evtchn_bind_interdomain b = {.remote_dom = dom, .remote_port = port};
    long rc = evtchn_op(EVTCHNOP_bind_interdomain, &b);

    if (!rc)
        event_clear(b.local_port); /* a new port is pending once */
    return rc ? rc : (long)b.local_port;
}

static long send(uint64_t port, uint64_t unused)
{
    struct evtchn_send s = {.port = port};

    return evtchn_op(EVTCHNOP_send, &s);
}

static long close(uint64_t port, uint64_t unused)
{
    struct evtchn_close c = {.port = port};

    return evtchn_op(EVTCHNOP_close, &c);
}

/* Whether it was pending; not any more. */
static long take(uint64_t port, uint64_t unused)
{
    bool was = event_pending(port);

    event_clear(port);
    return was;
}

static long status(uint64_t port, uint64_t dom)
{
    struct evtchn_status s = {.dom = dom, .port = port};
    long rc = evtchn_op(EVTCHNOP_status, &s);

    return rc ? rc : (long)s.status;
}

static long remote_port(uint64_t port, uint64_t unused)
{
    struct evtchn_status s = {.dom = DOMID_SELF, .port = port};

    evtchn_op(EVTCHNOP_status, &s);
    return s.u.interdomain.port;
}

static long reset(uint64_t dom, uint64_t unused)
{
    struct evtchn_reset r = {.dom = dom};

    return evtchn_op(EVTCHNOP_reset, &r);
}

/* Stops for good when an event has been sent by it: 0 if that is refused. */
static long crash(uint64_t unused, uint64_t unused_too)
{
    shutdown(SHUTDOWN_crash);
}

/* --- in dom0 -------------------------------------------------------------- */

static struct domu *a, *b;
static long end_a, end_b;

static void binding(void)
{
    long for_b = domu_call(a, offer, b->id, 0);

    ok(for_b > 0, "a port can be offered to another domU");
    is(domu_call(a, status, for_b, DOMID_SELF), EVTCHNSTAT_unbound,
       "its state is unbound");
    is(domu_call(a, send, for_b, 0), 0, "a send to nobody is no error");
    {
        struct evtchn_bind_interdomain own = {.remote_dom = a->id,
                                              .remote_port = for_b};

        is(evtchn_op(EVTCHNOP_bind_interdomain, &own), -EINVAL,
           "a port that is offered to a domU is not dom0's to bind");
    }
    is(domu_call(b, bind, a->id, 9), -EINVAL,
       "a port that is not there cannot be bound");
    is(domu_call(b, bind, 99, for_b), -ESRCH,
       "nor one of a domain that is not there");
    end_a = for_b;
    end_b = domu_call(b, bind, a->id, for_b);
    ok(end_b > 0, "the domU that it is offered to binds it");
    is(domu_call(b, bind, a->id, for_b), -EINVAL, "once only");
    is(domu_call(a, status, end_a, DOMID_SELF), EVTCHNSTAT_interdomain,
       "then its state is interdomain");
    is(domu_call(a, remote_port, end_a, 0), end_b,
       "and tells the port at the other end");
    is(domu_call(a, status, end_b, b->id), -EPERM,
       "a domU cannot ask for another's port");
}

static void sending(void)
{
    domu_call(a, take, end_a, 0);
    is(domu_call(a, send, end_a, 0), 0, "an event can be sent");
    is(domu_call(b, take, end_b, 0), 1, "it is pending at the other end");
    is(domu_call(a, take, end_a, 0), 0, "and not at its own");
    is(domu_call(b, send, end_b, 0), 0, "and the other way");
    is(domu_call(a, take, end_a, 0), 1, "it arrives, too");
    is(domu_call(a, send, end_a + 500, 0), -EINVAL,
       "a send by a port that is not there is -EINVAL");
}

static void closing(void)
{
    is(domu_call(b, close, end_b, 0), 0, "one end can be closed");
    is(domu_call(b, send, end_b, 0), -EINVAL, "no event can be sent by it");
    is(domu_call(a, status, end_a, DOMID_SELF), EVTCHNSTAT_unbound,
       "the other end is unbound again");
    is(domu_call(a, send, end_a, 0), 0, "a send by it is no error");
    end_b = domu_call(b, bind, a->id, end_a);
    ok(end_b > 0, "the same domU can bind it again");
}

static void resetting(void)
{
    ok(domu_call(a, reset, b->id, 0) == -EPERM,
       "a domU cannot reset another's ports");
}

static void death(void)
{
    struct domu dead = *b;
    uint64_t limit = system_time() + 3000000000UL;

    is(domu_call(b, crash, 0, 0), DOMU_GONE, "one domU crashes");
    is(domu_flags(b) >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask,
       SHUTDOWN_crash, "as its reason says");
    is(domu_call(a, send, end_a, 0), 0,
       "an event can still be sent to a domain that has crashed");
    is(domu_call(a, status, end_a, DOMID_SELF), EVTCHNSTAT_interdomain,
       "the port is bound as before");
    domu_destroy(b);
    is(domu_call(a, status, end_a, DOMID_SELF), EVTCHNSTAT_unbound,
       "when it is destroyed the port is unbound");
    is(domu_call(a, send, end_a, 0), 0, "a send by it is no error");
    while (domu_flags(&dead) && system_time() < limit)
        HC2(sched_op, SCHEDOP_yield, 0);
    is(domu_flags(&dead), 0, "nothing keeps the dead domain");
    is(domu_call(a, bind, dead.id, 1), -ESRCH,
       "no port of a dead domain can be bound");
    is(domu_call(a, close, end_a, 0), 0, "the end that is left can be closed");
}

int main(void)
{
    a = domu_start(1);
    b = domu_start(1);
    binding();
    sending();
    closing();
    resetting();
    death();
    domu_destroy(a);
    return 0;
}
