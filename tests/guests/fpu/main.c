/* SPDX-License-Identifier: MIT */
/* SSE state survives hypercalls, traps, events and being descheduled, also for
 * another vcpu that has its own. run: smp=2 */
#include <pv/domu.h>

static volatile unsigned int ticks;
static void tick(uint32_t port)
{
    ticks++;
    asm volatile("pxor %%xmm5, %%xmm5" ::
                     : "memory"); /* as a kernel would not */
}
static void on_ud2(struct trap_frame *f)
{
    f->rip += 2;
}

static uint64_t get_xmm6(void)
{
    uint64_t v;

    asm volatile("movq %%xmm6, %0" : "=r"(v));
    return v;
}

static volatile unsigned int turns, wrong_on_1;
static volatile bool finished;

/* vcpu 1 has its own, and gives the CPU away all the time. It loads it before
 * each turn of vcpu 0, whose own would not be seen to be missing otherwise. */
static void second(void)
{
    while (!finished) {
        asm volatile("movq %0, %%xmm6" ::"r"(0x1111UL));
        turns++;
        HC2(sched_op, SCHEDOP_yield, 0);
        wrong_on_1 += get_xmm6() != 0x1111;
    }
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

static void test_two_vcpus(void)
{
    uint64_t end = system_time() + 5000000000UL;
    unsigned int wrong = 0;

    ok(!bind_vcpu(0, 0, 0) && !bind_vcpu(0, 1, 0), "two vcpus have one CPU");
    is(start_vcpu(1, second), 0, "the second one starts");
    asm volatile("movq %0, %%xmm6" ::"r"(0x2222UL));
    while (turns < 20 && system_time() < end) {
        HC2(sched_op, SCHEDOP_yield, 0);
        wrong += get_xmm6() != 0x2222;
    }
    finished = true;
    ok(turns >= 20, "they take turns");
    is(wrong + wrong_on_1, 0, "xmm6 is each vcpu's own");
}

int main(void)
{
    struct evtchn_bind_virq virq = {.virq = VIRQ_TIMER};
    struct vcpu_set_singleshot_timer t = {0};
    uint32_t mxcsr = 0x1f80 & ~(1u << 7), got;

    asm volatile("movq %0, %%xmm6\n\tldmxcsr %1" ::"r"(0x123456789abcdef0UL),
                 "m"(mxcsr));
    HC2(xen_version, XENVER_version, 0);
    is(get_xmm6(), 0x123456789abcdef0L, "xmm6 survives a hypercall");
    set_trap_handler(6, on_ud2);
    asm volatile("ud2");
    is(get_xmm6(), 0x123456789abcdef0L, "xmm6 survives a trap");
    evtchn_op(EVTCHNOP_bind_virq, &virq);
    bind_handler(virq.port, tick);
    t.timeout_abs_ns = system_time() + 20000000;
    HC3(vcpu_op, VCPUOP_set_singleshot_timer, 0, &t);
    HC2(sched_op, SCHEDOP_block, 0);
    events_disable();
    ok(ticks > 0, "the vcpu blocks until an event");
    is(get_xmm6(), 0x123456789abcdef0L, "xmm6 survives being off the CPU");
    asm volatile("stmxcsr %0" : "=m"(got));
    is(got, mxcsr, "mxcsr survives being off the CPU");
    HC2(sched_op, SCHEDOP_yield, 0);
    is(get_xmm6(), 0x123456789abcdef0L, "xmm6 survives a yield");
    is(HC1(fpu_taskswitch, 1), 0, "fpu_taskswitch(1) returns 0");
    is(HC1(fpu_taskswitch, 0), 0, "fpu_taskswitch(0) returns 0");
    is(get_xmm6(), 0x123456789abcdef0L, "xmm6 survives fpu_taskswitch");
    test_two_vcpus();
    return 0;
}
