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
#include <string.h>
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

static void frames_have_the_models_types_without_preemption(void **state)
{
    world_preempt = 0;
    run(first_seed, steps);
}

static void frames_have_the_models_types_with_preemption(void **state)
{
    world_preempt = 300;
    run(first_seed + 1, steps);
    world_preempt = 950;
    run(first_seed + 2, steps / 2);
}

static void frames_have_the_models_types_when_calls_are_abandoned(void **state)
{
    world_preempt = 500;
    world_abandon = 300;
    run(first_seed + 3, steps);
}

/* The n-th copy fails, n = 1, 2, ... over and over. */
static void frames_have_the_models_types_when_copies_fail(void **state)
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

/* --- interrupted tables --------------------------------------------------- */

#define MANY 600 /* there is no bound: all that fit into this world */

static struct page_info *page_of(struct domain *d)
{
    struct page_info *pg = alloc_domheap_pages(d, 0, 0);

    assert_non_null(pg);
    memset(page_to_virt(pg), 0, PAGE_SIZE);
    return pg;
}

/* An undo of it takes more than one turn. */
static struct page_info *wide_root(struct domain *d, struct page_info *l3)
{
    struct page_info *pg = page_of(d);
    pte_t *t = page_to_virt(pg);

    for (unsigned int i = 0; i < NR_WORLD_SLOTS; i++)
        if (!is_hv_slot(4, world_slots[i]))
            t[world_slots[i]] =
                pte_make(page_to_mfn(l3), PTE_PRESENT | PTE_RW | PTE_USER);
    return pg;
}

static unsigned int nr_partial(struct page_info **pg, unsigned int n)
{
    unsigned int partial = 0;

    while (n--)
        partial += !!(pg[n]->type & PGT_partial);
    return partial;
}

static struct vcpu *many_roots(struct page_info **root)
{
    struct domain *d;
    struct page_info *l3;

    for (unsigned int i = 0; i < WORLD_DOMAINS; i++)
        world_domain[i] = NULL;
    world_seed(first_seed);
    world_init();
    d = world_create_domain(0, MANY + 8);
    world_run(0, d->vcpu[0]);
    world_preempt = 0;
    l3 = page_of(d);
    for (unsigned int i = 0; i < MANY; i++) {
        root[i] = wide_root(d, l3);
        assert_int_equal(take_root(d->vcpu[0], page_to_mfn(root[i])), 0);
    }
    return d->vcpu[0];
}

static void test_drop_is_bounded(void **state)
{
    struct page_info *root[MANY];
    struct vcpu *v = many_roots(root);

    world_preempt = 1000;
    for (unsigned int i = 0; i < MANY; i++)
        put_page_and_type(root[i]);
    assert_int_equal(nr_partial(root, MANY), MANY);
    world_preempt = 0;
    assert_int_equal(world_verify(), 0);
    assert_int_equal(audit_frames(true), 0);
    assert_int_equal(mm_finish_pending(v->domain), 0);
    assert_int_equal(nr_partial(root, MANY), 0);
    assert_int_equal(world_verify(), 0);
    assert_int_equal(audit_frames(true), 0);
    end_world();
}

/* Two vcpus: one drops a root while the other needs it again, and can neither
 * wait for the rest of the undo nor go on with it. */
static void test_listed_comes_again(void **state)
{
    struct page_info *root[MANY];
    struct vcpu *v = many_roots(root);

    world_preempt = 1000;
    put_page_and_type(root[0]);
    put_page_and_type(root[1]);
    world_preempt = 0;
    for (unsigned int i = 0; i < 2; i++) {
        assert_int_equal(get_page_and_type(root[i], v->domain, PGT_l4_table),
                         -ERESTART);
        assert_int_equal(get_page_and_type(root[i], v->domain, PGT_writable),
                         -EINVAL);
        assert_int_equal(finish_undo(root[i]), 0);
        put_page_type(root[2 + i]); /* others come and go */
        put_page(root[2 + i]);
    }
    assert_int_equal(nr_partial(root, 2), 2);
    assert_int_equal(take_root(v, page_to_mfn(root[0])), 0);
    assert_int_equal(nr_partial(root, 2), 0);
    for (unsigned int i = 0; i < MANY; i++)
        if (!i || i > 3)
            put_page_and_type(root[i]);
    assert_int_equal(world_verify(), 0);
    end_world();
}

/* The auditor finds a table that is neither undone nor remembered. */
static void test_auditor_sees_lost_undo(void **state)
{
    struct page_info *root[MANY];
    struct domain *d = many_roots(root)->domain;
    uint32_t list;

    for (unsigned int i = 0; i < MANY; i++) {
        world_preempt = i ? 0 : 1000;
        put_page_and_type(root[i]);
    }
    assert_int_equal(audit_frames(false), 0);
    list = d->arch.undo_list;
    d->arch.undo_list = 0;
    assert_int_not_equal(audit_frames(false), 0);
    d->arch.undo_list = list;
    end_world();
}

static void test_take_drains(void **state)
{
    struct page_info *root[MANY];
    struct vcpu *v = many_roots(root);

    world_preempt = 1000;
    for (unsigned int i = 1; i <= 20; i++)
        put_page_and_type(root[i]);
    assert_int_equal(nr_partial(root, MANY), 20);
    assert_int_equal(take_root(v, page_to_mfn(root[0])), -ERESTART);
    world_preempt = 0;
    assert_int_equal(take_root(v, page_to_mfn(root[0])), 0);
    assert_int_equal(nr_partial(root, MANY), 0);
    for (unsigned int i = 0; i < MANY; i++)
        if (!i || i > 20)
            put_page_and_type(root[i]);
    put_page_and_type(root[0]);
    assert_int_equal(world_verify(), 0);
    end_world();
}

/* A guest's call has dropped a root, and is not over: another CPU has taken the
 * rest of the work from the list and is in the middle of it. */
static void call_goes_on(void)
{
    struct vcpu *v = world_domain[0]->vcpu[0];

    world_run(0, v);
    world_preempt = 1000;
    assert_int_equal(mm_finish_pending(v->domain), -ERESTART);
    world_preempt = 0;
    world_run(1, world_domain[0]->vcpu[1]);
}

static void test_undo_elsewhere(void **state)
{
    struct page_info *root[MANY];
    struct domain *d = many_roots(root)->domain;

    world_preempt = 1000;
    put_page_and_type(root[0]);
    assert_int_equal(nr_partial(root, 1), 1);
    world_preempt = 0;
    world_run(1, d->vcpu[1]);
    world_at_check = call_goes_on;
    assert_int_equal(mm_finish_pending(d), 0);
    assert_null(world_at_check);
    assert_int_equal(nr_partial(root, 1), 0);
    assert_int_equal(mm_finish_pending(d), 0);
    world_run(0, d->vcpu[0]);
    for (unsigned int i = 1; i < MANY; i++)
        put_page_and_type(root[i]);
    assert_int_equal(world_verify(), 0);
    end_world();
}

/* --- lists of requests ---------------------------------------------------- */

/* Each call is interrupted after one request. */
static void test_done_counts_all(void **state)
{
    struct mmu_update update[5];
    struct mmuext_op op[5];
    struct page_info *pg;
    uint32_t done = 0;

    world_init();
    pg = page_of(world_create_domain(0, 8));
    world_run(0, world_domain[0]->vcpu[0]);
    for (unsigned int i = 0; i < 5; i++) {
        update[i].ptr =
            (mfn_x(page_to_mfn(pg)) << PAGE_SHIFT) + i * sizeof(pte_t);
        update[i].val = 0;
        op[i].cmd = MMUEXT_CLEAR_PAGE;
        op[i].arg1.mfn = mfn_x(page_to_mfn(pg));
    }
    op[4].cmd = ~0u;
    world_preempt = 1000;
    assert_int_equal(world_call(__HYPERVISOR_mmu_update, (uintptr_t)update, 5,
                                (uintptr_t)&done, DOMID_SELF),
                     0);
    assert_int_equal(done, 5);
    assert_int_equal(world_call(__HYPERVISOR_mmuext_op, (uintptr_t)op, 5,
                                (uintptr_t)&done, DOMID_SELF),
                     -ENOSYS);
    assert_int_equal(done, 4);
    end_world();
}

static unsigned int checks;

static void it_ends(void)
{
    assert_in_range(++checks, 0, 10000);
    world_at_check = it_ends;
}

/* Interrupted at every step: the kernel's root must not be undone for the sake
 * of the other, or the next attempt begins where the last one did. */
static void a_pair_of_roots_with_a_bad_one_ends(void **state)
{
    struct page_info *root[MANY];
    struct vcpu *v = many_roots(root);
    mfn_t kernel = page_to_mfn(root[0]);
    struct mmuext_op op[2] = {
        {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = mfn_x(kernel)},
        {.cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = 1UL << 40}};
    uint32_t done = 0;

    put_page_and_type(root[0]);
    world_preempt = 1000;
    checks = 0;
    it_ends();
    assert_int_equal(world_call(__HYPERVISOR_mmuext_op, (uintptr_t)op, 2,
                                (uintptr_t)&done, DOMID_SELF),
                     -EINVAL);
    world_at_check = NULL;
    world_preempt = 0;
    assert_int_equal(done, 1);
    assert_int_equal(mfn_x(v->arch.guest_root), mfn_x(kernel));
    for (unsigned int i = 1; i < MANY; i++)
        put_page_and_type(root[i]);
    assert_int_equal(world_verify(), 0);
    end_world();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_have_the_models_types_without_preemption),
        cmocka_unit_test(frames_have_the_models_types_with_preemption),
        cmocka_unit_test(frames_have_the_models_types_when_calls_are_abandoned),
        cmocka_unit_test(frames_have_the_models_types_when_copies_fail),
        {"Dropping a table never finishes the undos that were interrupted, and "
         "none is forgotten",
         test_drop_is_bounded, NULL, NULL, NULL},
        {"A table whose undo is listed is undone before it is taken again",
         test_listed_comes_again, NULL, NULL, NULL},
        {"The auditor sees an undo that is not in its owner's list",
         test_auditor_sees_lost_undo, NULL, NULL, NULL},
        {"Taking a root finishes what was interrupted first", test_take_drains,
         NULL, NULL, NULL},
        {"An undo that another CPU works on is not over", test_undo_elsewhere,
         NULL, NULL, NULL},
        {"A list that is interrupted counts its requests from the first one",
         test_done_counts_all, NULL, NULL, NULL},
        cmocka_unit_test(a_pair_of_roots_with_a_bad_one_ends),
    };

    if (argc > 1)
        first_seed = strtoul(argv[1], NULL, 0);
    if (argc > 2)
        steps = strtoul(argv[2], NULL, 0);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
