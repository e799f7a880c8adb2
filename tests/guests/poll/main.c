/* SPDX-License-Identifier: MIT */
/* SCHEDOP_poll between two vcpus, without a time limit: no event may be lost,
 * or this test does not end. run: smp=2 timeout=60 */
#include <pv/pv.h>

static evtchn_port_t to[2], unused;
static volatile bool last, finished;

/* As a kernel waits for a lock: the port is masked, and looked at again. */
static void await(unsigned int self, bool several)
{
    evtchn_port_t ports[2] = {unused, to[self]};
    struct sched_poll poll = {.nr_ports = several ? 2 : 1};

    set_xen_guest_handle(poll.ports, several ? ports : &ports[1]);
    while (!event_pending(to[self]))
        HC2(sched_op, SCHEDOP_poll, &poll);
    event_clear(to[self]);
}

static void second(void)
{
    bool done;
    unsigned int i = 0;

    do {
        await(1, i++ & 8);
        done = last; /* before the answer: after it, last is the next round's */
        event_send(to[0]);
    } while (!done);
    finished = true;
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

static void closed_port(void)
{
    evtchn_port_t port = event_new_ipi(0), none = 0;
    struct evtchn_close c = {.port = port};
    struct sched_poll poll = {.nr_ports = 1, .timeout = 1};

    set_xen_guest_handle(poll.ports, &port);
    is(HC2(sched_op, SCHEDOP_poll, &poll), 0, "a poll of a port ends in time");
    evtchn_op(EVTCHNOP_close, &c);
    is(HC2(sched_op, SCHEDOP_poll, &poll), -EINVAL,
       "a poll of a port that is closed is -EINVAL");
    port = 4000;
    is(HC2(sched_op, SCHEDOP_poll, &poll), -EINVAL,
       "a poll of a port that never was open is -EINVAL");
    set_xen_guest_handle(poll.ports, &none);
    is(HC2(sched_op, SCHEDOP_poll, &poll), -EINVAL,
       "a poll of port 0 is -EINVAL");
}

int main(void)
{
    unsigned int rounds = 0;
    uint64_t end;

    closed_port();
    unused = event_new_ipi(0);
    to[0] = event_new_ipi(0);
    to[1] = event_new_ipi(1);
    ok(to[1], "each vcpu gets a port");
    is(start_vcpu(1, second), 0, "the second vcpu starts");
    end = system_time() + 2000000000UL;
    do {
        last = system_time() >= end;
        event_send(to[1]);
        await(0, rounds & 4);
        rounds++;
    } while (!last);
    while (!finished)
        HC2(sched_op, SCHEDOP_yield, 0);
    ok(rounds > 10, "%u events go there and back while both vcpus poll",
       rounds);
    return 0;
}
