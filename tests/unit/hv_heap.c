/* SPDX-License-Identifier: MIT */
/*
 * The frame allocator and the object heap: frames handed out are aligned, low
 * enough, without another owner, and empty; claims and limits hold; everything
 * that comes back joins up again.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include "hv_world.h"
#include <hv/memory.h>
#include <asm/tlb.h>
#include <xen/memory.h>

#define TOTAL (WORLD_FRAMES - 8 - (HOLE_LAST + 1 - HOLE_FIRST))

static unsigned int below(unsigned int n)
{
    return world_rnd() % n;
}

static bool empty(const void *p)
{
    const uint64_t *w = p;

    for (unsigned int i = 0; i < PAGE_SIZE / 8; i++)
        if (w[i])
            return false;
    return true;
}

/* Up to the direct map's end, and none: what table_lock() would take. */
static void the_record_of_a_free_frame_is_no_table(void **state)
{
    for (uint64_t mfn = 0; mfn < 1ul << 31; mfn += 4099) {
        uint32_t link = free_link(mfn);

        assert_int_equal(free_link_mfn(link), mfn);
        assert_false(link & PGT_validated);
    }
    assert_int_equal(free_link_mfn(free_link(~0u >> 1)), ~0u >> 1);
    for (unsigned long mfn = 0; mfn < max_page; mfn++)
        if (frame_table[mfn].free_owner == DOMID_INVALID)
            assert_false(frame_table[mfn].type & PGT_validated);
}

/* Random sizes and limits; every frame carries its owner's mark meanwhile. */
static void a_frame_has_one_owner_and_the_address_it_was_asked_for(void **state)
{
    static struct {
        char *p;
        unsigned int order;
    } held[64];

    for (unsigned long n = 0; n < 100000; n++) {
        unsigned int i = below(64);

        if (held[i].p) {
            for (unsigned int j = 0; j < 1u << held[i].order; j++)
                assert_int_equal(held[i].p[j * PAGE_SIZE], (char)(i + 1));
            free_xenheap_pages(held[i].p, held[i].order);
            held[i].p = NULL;
            continue;
        }
        unsigned int order = below(4) ? below(3) : below(7);
        unsigned int bits = below(3) ? 0 : 12 + below(12);

        held[i].p = alloc_xenheap_pages(order, MEMF_address_bits(bits) |
                                                   MEMF_low_reserve);
        held[i].order = order;
        if (!held[i].p)
            continue;
        paddr_t ma = virt_to_maddr(held[i].p);

        assert_int_equal(ma & ((PAGE_SIZE << order) - 1), 0);
        if (bits)
            assert_int_equal((ma + (PAGE_SIZE << order) - 1) >> bits, 0);
        for (unsigned int j = 0; j < 1u << order; j++) {
            assert_true(empty(held[i].p + j * PAGE_SIZE));
            memset(held[i].p + j * PAGE_SIZE, i + 1, PAGE_SIZE);
        }
    }
    for (unsigned int i = 0; i < 64; i++)
        if (held[i].p)
            free_xenheap_pages(held[i].p, held[i].order);
    assert_int_equal(total_free_pages(), TOTAL);
    /* Frames 512..767 are whole again. */
    void *big = alloc_xenheap_pages(8, MEMF_low_reserve);

    assert_non_null(big);
    assert_null(alloc_xenheap_pages(10, MEMF_low_reserve));
    free_xenheap_pages(big, 8);
}

static void a_domain_gets_no_more_than_its_limit_and_claims_hold(void **state)
{
    struct domain *a = world_create_domain(1, 20);
    struct domain *b = world_create_domain(2, TOTAL);
    unsigned int n = 0;

    while (alloc_domheap_pages(a, 0, 0))
        n++;
    assert_int_equal(n, 20);
    assert_int_equal(a->tot_pages, 20);
    assert_null(alloc_domheap_pages(a, 0, 0));

    /* What b has claimed is not there for others, but for b. */
    assert_int_equal(domain_set_outstanding_pages(b, TOTAL), -ENOMEM);
    assert_int_equal(domain_set_outstanding_pages(b, TOTAL - 120), 0);
    assert_int_equal(domain_set_outstanding_pages(b, 5), -EINVAL);
    assert_int_equal(outstanding_claims(), TOTAL - 120);
    for (n = 0; alloc_xenheap_pages(0, MEMF_low_reserve | MEMF_no_scrub); n++)
        ;
    assert_int_equal(n, 100);
    for (n = 0; alloc_domheap_pages(b, 0, MEMF_low_reserve); n++)
        ;
    assert_int_equal(n, TOTAL - 120);
    assert_int_equal(outstanding_claims(), 0);

    a->is_dying = DOMDYING_dying;
    assert_null(alloc_domheap_pages(a, 0, MEMF_low_reserve));
    world_kill_domain(1);
    world_kill_domain(2);
    assert_null(world_domain[1]);
    assert_null(world_domain[2]);
    for (unsigned int f = 0; f < WORLD_FRAMES; f++)
        if (frame_table[f].owner == DOMID_IDLE && f >= 8)
            free_xenheap_page(mfn_to_virt(_mfn(f)));
    assert_int_equal(total_free_pages(), TOTAL);
}

/* Without the frames that are kept for special requests. */
static void a_claim_can_be_filled(void **state)
{
    struct domain *d = world_create_domain(1, TOTAL);
    unsigned int all = available_pages(), n = 0;

    assert_in_range(all, 1, TOTAL - 1);
    assert_int_equal(domain_set_outstanding_pages(d, all + 1), -ENOMEM);
    assert_int_equal(domain_set_outstanding_pages(d, all), 0);
    while (alloc_domheap_pages(d, 0, 0))
        n++;
    assert_int_equal(n, all);
    assert_int_equal(available_pages(), 0);
    world_kill_domain(1);
    assert_int_equal(total_free_pages(), TOTAL);
}

/* A lent frame outlives the loan while a domain maps it, and has no owner
 * then. */
static void a_lent_frame_outlives_the_loan_while_it_is_mapped(void **state)
{
    struct domain *d = world_create_domain(1, 20);
    void *p = alloc_xenheap_page();
    struct page_info *pg = virt_to_page(p);

    share_xen_page_with_guest(pg, d, false);
    assert_true(get_page(pg, d));
    assert_int_equal(get_page_type(pg, PGT_writable), 0);
    assert_int_equal(get_page_type(pg, PGT_l1_table), -EINVAL);
    free_xenheap_page(p);
    assert_false(get_page(pg, d));
    assert_int_equal(total_free_pages(), TOTAL - 1);
    put_page_and_type(pg);
    assert_int_equal(total_free_pages(), TOTAL);

    p = alloc_xenheap_page();
    pg = virt_to_page(p);
    share_xen_page_with_privileged(pg, true);
    assert_true(get_page(pg, dom_xen));
    assert_int_equal(get_page_type(pg, PGT_writable), -EINVAL);
    put_page(pg);
    free_xenheap_page(p);
    assert_int_equal(total_free_pages(), TOTAL);
    world_kill_domain(1);
}

#define OTHERS_PFN 0x77

static struct page_info *leaving;
static xen_pfn_t new_pfn = 5;

/* While the exchange reads where the frame goes, it is given back, and becomes
 * another domain's. */
static void give_it_away(uint64_t guest)
{
    struct page_info *pg;

    if (guest != (uint64_t)&new_pfn)
        return;
    world_at_copy = NULL;
    atomic_and(&leaving->count, ~PGC_allocated);
    put_page(leaving);
    do
        pg = alloc_domheap_pages(world_domain[1], 0, 0);
    while (pg && pg != leaving);
    assert_non_null(pg);
    set_gpfn_from_mfn(page_to_mfn(pg), OTHERS_PFN);
}

/* The frame fits, so the exchange is about its pfn only. */
static void an_exchange_leaves_the_pfn_of_a_frame_that_was_lost(void **state)
{
    xen_pfn_t mfn;
    struct xen_memory_exchange ex = {
        .in = {.nr_extents = 1, .domid = DOMID_SELF},
        .out = {.nr_extents = 1, .domid = DOMID_SELF}};

    world_create_domain(1, TOTAL);
    leaving = alloc_domheap_pages(world_domain[0], 0, 0);
    mfn = mfn_x(page_to_mfn(leaving));
    ex.in.extent_start.p = &mfn;
    ex.out.extent_start.p = &new_pfn;
    world_at_copy = give_it_away;
    world_call(__HYPERVISOR_memory_op, XENMEM_exchange, (uint64_t)&ex, 0, 0);
    assert_null(world_at_copy);
    assert_int_equal(get_gpfn_from_mfn(page_to_mfn(leaving)), OTHERS_PFN);
    world_kill_domain(1);
}

/* Each look says yes. */
static void
large_extents_come_and_go_however_often_they_are_interrupted(void **state)
{
    xen_pfn_t mfn[2], had = world_domain[0]->tot_pages;
    struct xen_memory_reservation r = {
        .extent_order = 7, .nr_extents = 2, .domid = DOMID_SELF};

    r.extent_start.p = mfn;
    world_preempt = 1000;
    for (unsigned int i = 0; i < 2; i++) { /* the second time they are dirty */
        world_domain[0]->max_pages = TOTAL;
        assert_int_equal(world_call(__HYPERVISOR_memory_op,
                                    XENMEM_increase_reservation, (uint64_t)&r,
                                    0, 0),
                         2);
        assert_int_equal(world_domain[0]->tot_pages, had + 256);
        assert_int_equal(world_call(__HYPERVISOR_memory_op,
                                    XENMEM_decrease_reservation, (uint64_t)&r,
                                    0, 0),
                         2);
        assert_int_equal(world_domain[0]->tot_pages, had);
    }
    world_preempt = 0;
    assert_int_equal(world_domain[0]->tot_pages, had);
}

/* Each look says yes. */
static void a_call_for_more_than_the_limit_ends(void **state)
{
    xen_pfn_t mfn = 0, had = world_domain[0]->tot_pages;
    struct xen_memory_reservation r = {
        .extent_order = 7, .nr_extents = 1, .domid = DOMID_SELF};

    r.extent_start.p = &mfn;
    world_domain[0]->max_pages = had + 100;
    world_preempt = 1000;
    assert_int_equal(world_call(__HYPERVISOR_memory_op,
                                XENMEM_increase_reservation, (uint64_t)&r, 0,
                                0),
                     0);
    world_preempt = 0;
    assert_int_equal(world_domain[0]->tot_pages, had);
    world_domain[0]->max_pages = TOTAL;
}

#define RUN 6 /* log2 */

static unsigned int continuations;

static void comes_to_an_end(void)
{
    assert_in_range(++continuations, 1, 1000);
}

static long exchange(xen_pfn_t *in, unsigned int in_order, xen_pfn_t *out,
                     unsigned int out_order)
{
    struct xen_memory_exchange ex = {
        .in = {.nr_extents = 1 << (RUN - in_order),
               .extent_order = in_order,
               .domid = DOMID_SELF},
        .out = {.nr_extents = 1 << (RUN - out_order),
                .extent_order = out_order,
                .domid = DOMID_SELF}};

    ex.in.extent_start.p = in;
    ex.out.extent_start.p = out;
    continuations = 0;
    world_at_continuation = comes_to_an_end;
    return world_call(__HYPERVISOR_memory_op, XENMEM_exchange, (uint64_t)&ex, 0,
                      0);
}

/* Each look says yes. */
static void
an_exchange_comes_to_its_end_however_often_it_is_interrupted(void **state)
{
    uint64_t had = world_domain[0]->tot_pages, before = total_free_pages();
    xen_pfn_t list[1 << RUN], run = 100, first;
    struct xen_memory_reservation r = {.nr_extents = 1 << RUN,
                                       .domid = DOMID_SELF};

    r.extent_start.p = list;
    world_domain[0]->max_pages = TOTAL;
    world_call(__HYPERVISOR_memory_op, XENMEM_increase_reservation,
               (uint64_t)&r, 0, 0);
    first = list[0];
    list[0] = list[1];
    world_preempt = 1000;
    assert_int_equal(exchange(list, 0, &run, RUN), -EINVAL); /* one is twice */
    list[0] = first;
    assert_int_equal(exchange(list, 0, &run, RUN), 0);
    assert_int_equal(run % (1 << RUN), 0);
    for (unsigned int i = 0; i < 1 << RUN; i++) {
        assert_int_equal(get_gpfn_from_mfn(_mfn(run + i)), 100 + i);
        assert_true(empty(mfn_to_virt(_mfn(run + i))));
        list[i] = 200 + i;
    }
    assert_int_equal(exchange(&run, RUN, list, 0), 0);
    for (unsigned int i = 0; i < 1 << RUN; i++)
        assert_int_equal(get_gpfn_from_mfn(_mfn(list[i])), 200 + i);
    assert_int_equal(world_domain[0]->tot_pages, had + (1 << RUN));
    world_call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
               (uint64_t)&r, 0, 0);
    world_preempt = 0;
    assert_int_equal(world_domain[0]->tot_pages, had);
    assert_int_equal(total_free_pages(), before);
}

static unsigned int looks_that_say_yes;

static void say(void)
{
    world_preempt = looks_that_say_yes ? 1000 : 0;
    world_at_check = looks_that_say_yes ? say : NULL;
    looks_that_say_yes--;
}

/* The first looks say yes, and none after them. */
static void interrupt_so_often(unsigned int looks)
{
    looks_that_say_yes = looks;
    world_at_check = say;
}

#define STRIDE 16 /* frames that are scrubbed between two looks */

/* The domain has a run at run, and all else is held, in single frames. How many
 * these are. */
static unsigned int take_all(xen_pfn_t *run, void *held[WORLD_FRAMES])
{
    struct xen_memory_reservation r = {
        .extent_order = RUN, .nr_extents = 1, .domid = DOMID_SELF};
    unsigned int n = 0;

    r.extent_start.p = run;
    world_domain[0]->max_pages = TOTAL;
    world_call(__HYPERVISOR_memory_op, XENMEM_increase_reservation,
               (uint64_t)&r, 0, 0);
    while ((held[n] = alloc_xenheap_pages(0, MEMF_low_reserve)))
        n++;
    return n;
}

/* All memory is dirty: it was used. */
static xen_pfn_t take_a_run(void)
{
    static void *held[WORLD_FRAMES];
    xen_pfn_t run = 100;
    unsigned int n = take_all(&run, held);

    while (n)
        free_xenheap_page(held[--n]);
    return run;
}

static void give_singles(xen_pfn_t *list)
{
    struct xen_memory_reservation r = {.nr_extents = 1 << RUN,
                                       .domid = DOMID_SELF};

    r.extent_start.p = list;
    world_call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
               (uint64_t)&r, 0, 0);
}

/* Another vcpu sets and clears an event: what one look has seen, the next one
 * does not see. */
static void an_exchange_looks_about_it_whatever_a_look_has_said(void **state)
{
    xen_pfn_t list[1 << RUN] = {0};

    for (unsigned int yes = 0; yes <= 3; yes++) {
        xen_pfn_t run = take_a_run();
        unsigned long before = world_checks;

        interrupt_so_often(yes);
        assert_int_equal(exchange(&run, RUN, list, 0), 0);
        assert_in_range(world_checks - before, (1 << RUN) / STRIDE, 100);
        give_singles(list);
    }
}

/* What was scrubbed before an interruption is clean, also where it has joined
 * frames that are not. */
static void an_exchange_scrubs_each_frame_once(void **state)
{
    static void *held[WORLD_FRAMES];
    xen_pfn_t list[1 << RUN] = {0}, run = take_a_run();
    unsigned int n = 0;
    unsigned long before;

    /* No run is free, but runs of half the size. */
    while ((held[n] = alloc_xenheap_pages(RUN - 1, MEMF_low_reserve)))
        n++;
    for (unsigned int i = 0; i < n; i++)
        if (mfn_x(virt_to_mfn(held[i])) >> (RUN - 1) & 1) {
            free_xenheap_pages(held[i], RUN - 1);
            held[i] = NULL;
        }
    before = world_checks;
    world_preempt = 1000;
    assert_int_equal(exchange(&run, RUN, list, 0), 0);
    world_preempt = 0;
    assert_int_equal(world_checks - before, (1 << RUN) / STRIDE);
    for (unsigned int i = 0; i < 1 << RUN; i++)
        assert_true(empty(mfn_to_virt(_mfn(list[i]))));
    give_singles(list);
    for (unsigned int i = 0; i < n; i++)
        free_xenheap_pages(held[i], RUN - 1);
}

/* How often a lock is taken for an exchange whose n-th frame cannot go. */
static unsigned long locks_of_a_refusal(xen_pfn_t *list, unsigned int n)
{
    xen_pfn_t run = 100, kept = list[n];
    unsigned long before;

    list[n] = max_page - 1; /* nobody's */
    before = world_locks;
    assert_int_equal(exchange(list, 0, &run, RUN), -EINVAL);
    list[n] = kept;
    return world_locks - before;
}

static void a_refused_exchange_gives_its_frames_back_in_pieces(void **state)
{
    xen_pfn_t list[1 << RUN] = {0}, run = take_a_run();

    assert_int_equal(exchange(&run, RUN, list, 0), 0);
    assert_int_equal(locks_of_a_refusal(list, (1 << RUN) - 1) -
                         locks_of_a_refusal(list, 0),
                     (1 << RUN) / STRIDE);
    give_singles(list);
}

/* No run is free: every second frame is another's. */
static void frames_that_lie_apart_are_exchanged_for_a_run(void **state)
{
    static void *held[WORLD_FRAMES];
    xen_pfn_t list[1 << RUN], run = 100;
    unsigned int n = take_all(&run, held);

    for (unsigned int i = 0; i < n; i++)
        if (mfn_x(virt_to_mfn(held[i])) % 2) {
            free_xenheap_page(held[i]);
            held[i] = NULL;
        }
    for (unsigned int i = 0; i < 1 << RUN; i++)
        list[i] = 300 + i;
    assert_int_equal(exchange(&run, RUN, list, 0), 0);
    for (unsigned int i = 0; i < 1 << RUN; i++) {
        assert_int_equal(list[i] % 2, 1);
        assert_int_equal(get_gpfn_from_mfn(_mfn(list[i])), 300 + i);
    }
    give_singles(list);
    for (unsigned int i = 0; i < n; i++)
        free_xenheap_page(held[i]);
}

static void objects_do_not_overlap_and_all_memory_comes_back(void **state)
{
    static struct {
        unsigned char *p;
        unsigned int size;
    } held[200];
    uint64_t before = total_free_pages();

    for (unsigned long n = 0; n < 100000; n++) {
        unsigned int i = below(200), size = 1 + below(below(10) ? 700 : 9000);

        if (held[i].p) {
            for (unsigned int j = 0; j < held[i].size; j++)
                assert_int_equal(held[i].p[j], (unsigned char)i);
            xfree(held[i].p);
            held[i].p = NULL;
            continue;
        }
        held[i].p = xzalloc_bytes(size);
        held[i].size = size;
        if (!held[i].p)
            continue;
        assert_int_equal((uint64_t)held[i].p & (size < 64 ? 15 : 63), 0);
        for (unsigned int j = 0; j < size; j++) {
            assert_int_equal(held[i].p[j], 0);
            held[i].p[j] = i;
        }
    }
    for (unsigned int i = 0; i < 200; i++)
        xfree(held[i].p);
    assert_int_equal(total_free_pages(), before);
    assert_null(xzalloc_array(uint64_t, ~0ul / 4));
}

/* Ages in all four quadrants of the clock, and next to their borders. */
static void the_later_of_two_flush_times_is_found_across_a_wrap(void **state)
{
    uint32_t at[5 * 4], n = 0;

    for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
        for (uint32_t d = 0; d < 5; d++)
            at[n++] = (quadrant << 30) + d - 2;
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            for (uint32_t k = 0; k < n; k++) {
                uint32_t now = at[i], a = at[j], b = at[k];

                assert_int_equal(stamp_later(now - a, now - b, now),
                                 now - MIN(a, b));
            }
}

/* A freed frame joins a buddy that has been free for long: its next allocation
 * flushes, however long that was. */
static void a_frame_freed_beside_an_old_buddy_is_flushed(void **state)
{
    static const uint64_t ages[] = {1,        1u << 30,         (1u << 31) - 1,
                                    1u << 31, (1u << 31) + 256, 3u << 30,
                                    ~0u - 256};

    for (unsigned int i = 0; i < ARRAY_SIZE(ages); i++) {
        unsigned long before;
        void *p;

        world_pass_time(ages[i]);
        p = alloc_xenheap_pages(0, MEMF_low_reserve);
        world_pass_time(1);
        free_xenheap_page(p);
        before = world_flushes;
        p = alloc_xenheap_pages(0, MEMF_low_reserve);
        assert_int_equal(world_flushes - before, WORLD_CPUS);
        free_xenheap_page(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_record_of_a_free_frame_is_no_table),
        cmocka_unit_test(
            a_frame_has_one_owner_and_the_address_it_was_asked_for),
        cmocka_unit_test(a_domain_gets_no_more_than_its_limit_and_claims_hold),
        cmocka_unit_test(a_claim_can_be_filled),
        cmocka_unit_test(a_lent_frame_outlives_the_loan_while_it_is_mapped),
        cmocka_unit_test(the_later_of_two_flush_times_is_found_across_a_wrap),
        cmocka_unit_test(a_frame_freed_beside_an_old_buddy_is_flushed),
        cmocka_unit_test(an_exchange_leaves_the_pfn_of_a_frame_that_was_lost),
        cmocka_unit_test(
            large_extents_come_and_go_however_often_they_are_interrupted),
        cmocka_unit_test(a_call_for_more_than_the_limit_ends),
        cmocka_unit_test(
            an_exchange_comes_to_its_end_however_often_it_is_interrupted),
        cmocka_unit_test(an_exchange_looks_about_it_whatever_a_look_has_said),
        cmocka_unit_test(an_exchange_scrubs_each_frame_once),
        cmocka_unit_test(a_refused_exchange_gives_its_frames_back_in_pieces),
        cmocka_unit_test(frames_that_lie_apart_are_exchanged_for_a_run),
        cmocka_unit_test(objects_do_not_overlap_and_all_memory_comes_back)};

    world_init();
    world_create_domain(0, 100);
    world_run(0, world_domain[0]->vcpu[0]);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
