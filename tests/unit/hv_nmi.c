/* SPDX-License-Identifier: MIT */
/*
 * NMIs between the vcpus of a guest: who is disturbed, and how often. The CPU
 * where a vcpu ran last is another domain's when it does not run.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <hv/softirq.h>
#include "../../xen-lite/arch/x86/pv/nmi.c"

/* --- what nmi.c finds around it ------------------------------------------- */

__thread struct cpu_info test_cpu;
static unsigned int raised, raised_on, woken, entered;

void cpu_raise_softirq(unsigned int cpu, enum softirq nr)
{
    raised++;
    raised_on = cpu;
}

void vcpu_unblock(struct vcpu *v)
{
    woken++;
}

void pv_update_fast_paths(struct vcpu *v)
{
}

void pv_inject_trap(struct vcpu *v, unsigned int vector, uint32_t error_code)
{
    entered++;
}

/* --- the tests ------------------------------------------------------------ */

static struct vcpu v;
static struct trap_info table[256];

static int begin(void **state)
{
    v = (struct vcpu){.processor = 3, .arch.trap_ctxt = table};
    table[X86_TRAP_NMI].address = 0x1000;
    raised = woken = entered = 0;
    test_cpu.current_vcpu = &v;
    return 0;
}

static void one_that_does_not_run_is_woken_and_no_cpu_disturbed(void **state)
{
    for (int i = 0; i < 1000; i++)
        assert_int_equal(arch_send_guest_nmi(&v), 0);
    assert_true(v.arch.nmi_pending);
    assert_true(woken > 0);
    assert_int_equal(raised, 0);
}

/* It has gone to sleep with one before: in its handler, or just then. */
static void one_that_sleeps_is_woken_by_the_next(void **state)
{
    v.is_running = true;
    arch_send_guest_nmi(&v);
    assert_true(arch_nmi_needs_delivery(&v)); /* so it does not sleep */
    v.arch.flags |= TF_NMI_BLOCKED;
    assert_false(arch_nmi_needs_delivery(&v)); /* so it may */
    v.is_running = false;
    woken = 0;
    arch_send_guest_nmi(&v);
    assert_int_equal(woken, 1);
}

static void the_cpu_of_one_that_runs_is_told_once(void **state)
{
    v.is_running = true;
    for (int i = 0; i < 1000; i++)
        arch_send_guest_nmi(&v);
    assert_int_equal(raised, 1);
    assert_int_equal(raised_on, 3);
    pv_deliver_nmi(NULL);
    assert_int_equal(entered, 1);
    assert_false(v.arch.nmi_pending);
    arch_send_guest_nmi(&v);
    assert_int_equal(raised, 2);
}

static void without_a_handler_there_is_none(void **state)
{
    v.is_running = true;
    table[X86_TRAP_NMI].address = 0;
    arch_send_guest_nmi(&v);
    assert_false(v.arch.nmi_pending);
    assert_int_equal(raised + woken, 0);

    /* Or not any more. */
    v.arch.nmi_pending = true;
    pv_deliver_nmi(NULL);
    assert_false(v.arch.nmi_pending);
    assert_int_equal(entered, 0);
}

#define TEST(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_that_does_not_run_is_woken_and_no_cpu_disturbed),
        TEST(one_that_sleeps_is_woken_by_the_next),
        TEST(the_cpu_of_one_that_runs_is_told_once),
        TEST(without_a_handler_there_is_none),
    };

    return cmocka_run_group_tests_name("NMIs", tests, NULL, NULL);
}
