/* SPDX-License-Identifier: MIT */
/*
 * Any two transitions of the memory core at once, in every order of their steps
 * (interleave.h): whatever came of the frame that both are about, all counts
 * are right, and no CPU could ever write to a page table.
 *
 *   interleave_mm [WORD]     pairs of which a name, or the state, has it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "interleave_pairs.h"
#include <xen/memory.h>

/* Domain 0 builds domains, domain 1 is a guest. */
#define GUEST (world_domain[1])
#define used  (root_tree[1])

/* --- transitions ---------------------------------------------------------- */

static void pin_l1(void)
{
    mmuext(MMUEXT_PIN_L1_TABLE, spare.level[1], DOMID_SELF);
}

static void pin_l4(void)
{
    mmuext(MMUEXT_PIN_L4_TABLE, spare.level[4], DOMID_SELF);
}

static void unpin_l1(void)
{
    mmuext(MMUEXT_UNPIN_TABLE, spare.level[1], DOMID_SELF);
}

static void unpin_l4(void)
{
    mmuext(MMUEXT_UNPIN_TABLE, spare.level[4], DOMID_SELF);
}

static void map(void)
{
    update(used.level[1], FREE_SLOT, leads_to(spare.level[1]), DOMID_SELF);
}

static void map_read_only(void)
{
    update(used.level[1], FREE_SLOT, leads_to(spare.level[1]) & ~PTE_RW,
           DOMID_SELF);
}

static void unmap(void)
{
    update(used.level[1], FREE_SLOT, 0, DOMID_SELF);
}

static void map_and_unmap(void)
{
    map();
    unmap();
}

static void pin_and_unpin(void)
{
    pin_l1();
    unpin_l1();
}

static void link_l1(void)
{
    update(used.level[2], FREE_SLOT, leads_to(spare.level[1]), DOMID_SELF);
}

static void unlink_l1(void)
{
    update(used.level[2], FREE_SLOT, 0, DOMID_SELF);
}

static void link_and_unlink(void)
{
    link_l1();
    unlink_l1();
}

/* One page as tables of two levels, one after the other: without an entry at
 * first, for that would cause a flush of its own. */
static void link_empty_l1(void)
{
    update(used.level[2], FREE_SLOT, leads_to(spare.level[0]), DOMID_SELF);
    update(used.level[2], FREE_SLOT, 0, DOMID_SELF);
}

static void fill_empty_l2(void)
{
    mmuext(MMUEXT_PIN_L2_TABLE, spare.level[0], DOMID_SELF);
    update(spare.level[0], FREE_SLOT, leads_to(used.level[1]), DOMID_SELF);
}

static void load_root(void)
{
    mmuext(MMUEXT_NEW_BASEPTR, spare.level[4], DOMID_SELF);
}

static void leave_root(void)
{
    mmuext(MMUEXT_NEW_BASEPTR, used.level[4], DOMID_SELF);
}

static void write_entry(void)
{
    update(spare.level[1], FREE_SLOT, leads_to(spare.level[0]), DOMID_SELF);
}

static void clear_page(void)
{
    mmuext(MMUEXT_CLEAR_PAGE, spare.level[1], DOMID_SELF);
}

static void use_as_descriptors(void)
{
    if (!get_page_and_type(spare.level[1], GUEST, PGT_descriptor))
        put_page_and_type(spare.level[1]);
}

static void give_back(void)
{
    xen_pfn_t mfn = frame_number(spare.level[1]);
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, &mfn);
    world_call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
               (uint64_t)&r, 0, 0);
}

static void get_more(void)
{
    xen_pfn_t pfn = 5;
    struct xen_memory_reservation r = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, &pfn);
    world_call(__HYPERVISOR_memory_op, XENMEM_populate_physmap, (uint64_t)&r, 0,
               0);
}

static void exchange(void)
{
    xen_pfn_t in = frame_number(spare.level[1]), out = 5;
    struct xen_memory_exchange x = {
        .in = {.nr_extents = 1, .domid = DOMID_SELF},
        .out = {.nr_extents = 1,
                .domid = DOMID_SELF,
                .mem_flags = XENMEMF_address_bits(21)}};

    set_xen_guest_handle(x.in.extent_start, &in);
    set_xen_guest_handle(x.out.extent_start, &out);
    world_call(__HYPERVISOR_memory_op, XENMEM_exchange, (uint64_t)&x, 0, 0);
}

static void map_foreign(void)
{
    update(root_tree[0].level[1], FREE_SLOT, leads_to(spare.level[1]), 1);
}

static void unmap_foreign(void)
{
    update(root_tree[0].level[1], FREE_SLOT, 0, DOMID_SELF);
}

static void pin_foreign(void)
{
    mmuext(MMUEXT_PIN_L4_TABLE, spare.level[4], 1);
}

static void unpin_foreign(void)
{
    mmuext(MMUEXT_UNPIN_TABLE, spare.level[4], 1);
}

static void unlink_foreign(void)
{
    update(spare.level[3], 0, 0, (2u) << 16 | 1);
}

static void destroy(void)
{
    world_kill_domain(1);
}

static const struct transition transitions[] = {
    {"pin_l1", pin_l1, 1, 0},
    {"pin_l4", pin_l4, 1, 0},
    {"unpin_l1", unpin_l1, 1, 0},
    {"unpin_l4", unpin_l4, 1, 0},
    {"map", map, 1, 0},
    {"map_read_only", map_read_only, 1, 0},
    {"unmap", unmap, 1, 0},
    {"map_and_unmap", map_and_unmap, 1, 0},
    {"pin_and_unpin", pin_and_unpin, 1, 0},
    {"link_l1", link_l1, 1, 0},
    {"unlink_l1", unlink_l1, 1, 0},
    {"link_and_unlink", link_and_unlink, 1, 0},
    {"link_empty_l1", link_empty_l1, 1, 0},
    {"fill_empty_l2", fill_empty_l2, 1, 0},
    {"load_root", load_root, 1, 0},
    {"leave_root", leave_root, 1, 0},
    {"write_entry", write_entry, 1, 0},
    {"clear_page", clear_page, 1, 0},
    {"use_as_descriptors", use_as_descriptors, 1, 0},
    {"give_back", give_back, 1, 0},
    {"get_more", get_more, 1, 0},
    {"exchange", exchange, 1, 0},
    {"dom0_gets_more", get_more, 0, 0},
    {"map_foreign", map_foreign, 0, 0},
    {"unmap_foreign", unmap_foreign, 0, 0},
    {"pin_foreign", pin_foreign, 0, 0},
    {"unpin_foreign", unpin_foreign, 0, 0},
    {"unlink_foreign", unlink_foreign, 0, 0},
    {"destroy", destroy, 0, 1},
};

/* --- what was before ------------------------------------------------------ */

static void nothing(void)
{
}

/* Calls that were interrupted and not continued. */
static void begun(void)
{
    world_abandon = 1000;
    pin_l4();
    world_abandon = 0;
}

static void listed(void)
{
    unsigned int preempt = world_preempt;

    world_preempt = 0;
    pin_l4();
    world_preempt = preempt;
    world_abandon = 1000;
    unpin_l4();
    world_abandon = 0;
}

static const struct state states[] = {
    {"unused", nothing, false},   {"mapped", map, false},
    {"pinned", pin_l1, false},    {"tree", pin_l4, false},
    {"loaded", load_root, false}, {"begun", begun, true},
    {"listed", listed, true},
};

/* --- pairs ---------------------------------------------------------------- */

/* Of a domain that has been destroyed, only what others map is left. */
static bool is_left(const struct page_info *pg)
{
    return pg->owner == 1 && ((pg->type & (PGT_pinned | PGT_partial)) ||
                              (pg->count & PGC_allocated));
}

static bool right(void)
{
    if (!GUEST || GUEST->is_dying)
        for (unsigned int f = 0; f < WORLD_FRAMES; f++)
            if (is_left(frame_table + f)) {
                print_message("# frame %u of a destroyed domain is left\n", f);
                return false;
            }
    return world_verify() == 0;
}

static const struct pairs pairs = {
    .states = states,
    .nr_states = ARRAY_SIZE(states),
    .transitions = transitions,
    .nr_transitions = ARRAY_SIZE(transitions),
    .right = right,
    .third = 1,
};

static void no_order_of_two_transitions_breaks_a_frame(void **state)
{
    world_preempt = 0;
    assert_int_equal(pairs_run(&pairs), 0);
}

static void no_order_of_two_transitions_with_breaks_does(void **state)
{
    world_preempt = 1000;
    assert_int_equal(pairs_run(&pairs), 0);
    world_preempt = 0;
}

static void no_order_with_breaks_of_one_of_them_does(void **state)
{
    world_preempt = 1000;
    world_preempt_cpus = 1;
    assert_int_equal(pairs_run(&pairs), 0);
    world_preempt_cpus = ~0u;
    world_preempt = 0;
}

static int two_domains(void **state)
{
    pairs_begin(2);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_order_of_two_transitions_breaks_a_frame),
        cmocka_unit_test(no_order_of_two_transitions_with_breaks_does),
        cmocka_unit_test(no_order_with_breaks_of_one_of_them_does),
    };

    return pairs_main(argc, argv, tests, ARRAY_SIZE(tests), two_domains);
}
