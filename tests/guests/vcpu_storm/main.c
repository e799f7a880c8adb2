/* SPDX-License-Identifier: MIT */
/*
 * A domU brings a vcpu up and down as fast as it can, on the CPU where another
 * domU works: that one goes on, and the vcpu is as usable afterwards as before.
 * How much of its work the other one keeps is a remark, since a test judges no
 * time; tests/bench/run-hostile measures it. run: smp=2 ramdisk=1 timeout=60
 */
#include <pv/domu.h>

#define TIME 400000000UL /* ns */

/* --- in the domU that storms ---------------------------------------------- */

static volatile unsigned long came;

static void comes(void)
{
    for (;;) {
        came++;
        HC3(vcpu_op, VCPUOP_down, 1, 0);
    }
}

/* The number of rounds; below 0: a call failed. */
static long storm(uint64_t ns, uint64_t unused)
{
    uint64_t end = system_time() + ns;
    long rounds = 0, rc = start_vcpu(1, comes);

    while (!rc && system_time() < end) {
        rc = HC3(vcpu_op, VCPUOP_up, 1, 0);
        rc = rc ? rc : HC3(vcpu_op, VCPUOP_down, 1, 0);
        rounds++;
    }
    return rc ? rc : rounds;
}

static long is_up(uint64_t unused, uint64_t unused_too)
{
    return HC3(vcpu_op, VCPUOP_is_up, 1, 0);
}

/* Once more, alone: true if it runs then. */
static long comes_again(uint64_t unused, uint64_t unused_too)
{
    uint64_t end = system_time() + 5000000000UL;
    unsigned long before = came;
    long rc = HC3(vcpu_op, VCPUOP_up, 1, 0);

    while (!rc && came == before && system_time() < end)
        HC2(sched_op, SCHEDOP_yield, 0);
    return rc ? rc : came != before;
}

/* --- in the domU that works ----------------------------------------------- */

/* How often it gets round in that time. */
static long work(uint64_t ns, uint64_t unused)
{
    uint64_t end = system_time() + ns;
    long done = 0;

    while (system_time() < end)
        done++;
    return done;
}

/* --- in dom0 -------------------------------------------------------------- */

int main(void)
{
    struct domu *hostile = domu_start(2), *honest = domu_start(1);
    long quiet, beside, rounds = 0;

    is(bind_vcpu(0, 0, 0) | bind_vcpu(hostile->id, 0, 0), 0,
       "who storms has one CPU");
    is(bind_vcpu(hostile->id, 1, 1) | bind_vcpu(honest->id, 0, 1), 0,
       "who works has the other, and so has the vcpu that comes and goes");
    domu_ask(hostile, work, 3 * TIME, 0);
    quiet = domu_call(honest, work, TIME, 0);
    while (!domu_answered(hostile, &rounds))
        HC2(sched_op, SCHEDOP_yield, 0);
    domu_ask(hostile, storm, 3 * TIME, 0);
    beside = domu_call(honest, work, TIME, 0);
    while (!domu_answered(hostile, &rounds))
        HC2(sched_op, SCHEDOP_yield, 0);
    ok(rounds > 0, "a vcpu comes and goes for some time");
    ok(beside > 0, "the other domU goes on meanwhile");
    diag("%ld times up and down; the other one keeps %ld %% of its work",
         rounds, quiet > 0 ? 100 * beside / quiet : 0);
    is(domu_call(hostile, is_up, 0, 0), 0, "the vcpu is down in the end");
    is(domu_call(hostile, comes_again, 0, 0), 1, "it runs when it is wanted");
    domu_destroy(hostile);
    domu_destroy(honest);
    return 0;
}
