/* SPDX-License-Identifier: MIT */
/*
 * Random hypercall programs against the memory core, checked after each step
 * by an independent recount of all references, by the rules of the interface
 * and by a model of the TLBs (hv_world.c), and from time to time by the
 * hypervisor's own auditor.
 *
 *   mm_model [seed [steps]]
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include "mm_programs.h"

static uint64_t first_seed = 1;
static unsigned long steps = 30000;

/* --- tests ---------------------------------------------------------------- */

static void fresh_world(uint64_t seed)
{
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++)
        world_domain[i] = NULL;
    world_seed(seed);
    world_init();
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++)
        program_populate(world_create_domain(i, 160), i ? 90 : 120);
    world_run(0, world_domain[0]->vcpu[0]);
}

static void end_world(void)
{
    uint64_t reserve = 0;

    world_preempt = world_abandon = world_fail_copy = 0;
    world_run(0, world_domain[0]->vcpu[0]);
    /* What others map of a domain keeps it; the last one frees everything. */
    for (unsigned int i = WORLD_DOMAINS; i--;)
        if (world_domain[i] && !world_domain[i]->is_dying)
            world_kill_domain(i);
    world_note_tlbs();
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++)
        assert_null(world_domain[i]);
    for (unsigned int f = 0; f < WORLD_FRAMES; f++)
        reserve += frame_table[f].owner == DOMID_INVALID;
    assert_int_equal(reserve, total_free_pages());
    assert_int_equal(reserve, WORLD_FRAMES - 8 - (HOLE_LAST + 1 - HOLE_FIRST));
    assert_int_equal(outstanding_claims(), 0);
}

static void run(uint64_t seed, unsigned long n)
{
    unsigned long used[8] = {0};

    fresh_world(seed);
    for (unsigned long i = 0; i < n; i++) {
        program_step();
        if (world_verify()) {
            print_message("# seed %lu step %lu\n", seed, i);
            fail();
        }
        world_note_tlbs();
        for (unsigned int f = 0; !(i & 63) && f < WORLD_FRAMES; f++)
            if (frame_table[f].owner < WORLD_DOMAINS &&
                (frame_table[f].type & PGT_count_mask))
                used[frame_table[f].type >> PGT_type_shift]++;
    }
    if (audit_frames(true))
        fail();
    end_world();
    /* The programs must have got somewhere. */
    for (unsigned int level = 1; n >= 10000 && level <= 4; level++)
        assert_true(used[level] > n / 64);
    assert_true(n < 10000 || used[7] > n / 64);
}

static void test_undisturbed(void **state)
{
    world_preempt = 0;
    run(first_seed, steps);
}

static void test_preempted(void **state)
{
    world_preempt = 300;
    run(first_seed + 1, steps);
    world_preempt = 950;
    run(first_seed + 2, steps / 2);
}

static void test_abandoned(void **state)
{
    world_preempt = 500;
    world_abandon = 300;
    run(first_seed + 3, steps);
}

/* The n-th copy fails, n = 1, 2, ... over and over. */
static void test_failing_copies(void **state)
{
    unsigned int n = 0;

    fresh_world(first_seed + 4);
    world_preempt = 100;
    for (unsigned long i = 0; i < steps / 2; i++) {
        world_fail_copy = n++ % 12;
        program_step();
        world_fail_copy = 0;
        if (world_verify()) {
            print_message("# step %lu\n", i);
            fail();
        }
        world_note_tlbs();
    }
    end_world();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_undisturbed),
        cmocka_unit_test(test_preempted),
        cmocka_unit_test(test_abandoned),
        cmocka_unit_test(test_failing_copies),
    };

    if (argc > 1)
        first_seed = strtoul(argv[1], NULL, 0);
    if (argc > 2)
        steps = strtoul(argv[2], NULL, 0);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
