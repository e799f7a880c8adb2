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
#include "interleave.h"
#include "interleave_tlb.h"
#include <asm/pv.h>
#include <asm/tlb.h>
#include <xen/memory.h>

/* --- two domains ---------------------------------------------------------- */

/* A guest's tables, one of each level; the first entry of each leads to the
 * next one, and that of the last to a page. All entries that there can be in
 * the L2 table lead to the same L1 table: that is enough for a break. */
struct tree {
    struct page_info *level[5]; /* [0]: the page */
};
#define WIDE 5
static struct tree used;  /* by the guest's vcpus: their root */
static struct tree spare; /* complete, but only pages until it is used */
static struct tree dom0s;
#define FREE_SLOT 511
static struct domain *guest, *dom0;

static pte_t *table(const struct page_info *pg)
{
    return page_to_virt(pg);
}

static struct page_info *page(struct domain *d)
{
    struct page_info *pg = alloc_domheap_pages(d, 0, 0);

    assert_non_null(pg);
    memset(page_to_virt(pg), 0, PAGE_SIZE);
    return pg;
}

static pte_t leads_to(const struct page_info *pg)
{
    return pte_make(page_to_mfn(pg), PTE_PRESENT | PTE_RW | PTE_USER);
}

static void grow(struct tree *t, struct domain *d)
{
    for (unsigned int level = 0; level <= 4; level++) {
        t->level[level] = page(d);
        for (unsigned int i = 0; level && i < (level == 2 ? WIDE : 1); i++)
            table(t->level[level])[model_slots[i]] =
                leads_to(t->level[level - 1]);
    }
}

static void run_on(unsigned int cpu, struct domain *d)
{
    world_run(cpu, d->vcpu[cpu]);
}

static void begin(void)
{
    world_init();
    world_quiet(true);
    dom0 = world_create_domain(0, 100);
    guest = world_create_domain(1, 100);
    grow(&dom0s, dom0);
    grow(&used, guest);
    grow(&spare, guest);
    for (unsigned int c = 0; c < WORLD_CPUS; c++) {
        run_on(c, dom0);
        assert_int_equal(new_guest_root(current, page_to_mfn(dom0s.level[4])),
                         0);
        run_on(c, guest);
        assert_int_equal(new_guest_root(current, page_to_mfn(used.level[4])),
                         0);
    }
}

/* --- transitions ---------------------------------------------------------- */

static unsigned long number(const struct page_info *pg)
{
    return mfn_x(page_to_mfn(pg));
}

static long ext(unsigned int cmd, const struct page_info *pg, domid_t id)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = number(pg)};

    return world_call(__HYPERVISOR_mmuext_op, (uint64_t)&op, 1, 0, id);
}

static long update(const struct page_info *pg, unsigned int slot, pte_t e,
                   uint32_t foreign)
{
    struct mmu_update req = {number(pg) << PAGE_SHIFT | slot * sizeof(pte_t),
                             e};

    return world_call(__HYPERVISOR_mmu_update, (uint64_t)&req, 1, 0, foreign);
}

static void pin_l1(void)
{
    ext(MMUEXT_PIN_L1_TABLE, spare.level[1], DOMID_SELF);
}

static void pin_l4(void)
{
    ext(MMUEXT_PIN_L4_TABLE, spare.level[4], DOMID_SELF);
}

static void unpin_l1(void)
{
    ext(MMUEXT_UNPIN_TABLE, spare.level[1], DOMID_SELF);
}

static void unpin_l4(void)
{
    ext(MMUEXT_UNPIN_TABLE, spare.level[4], DOMID_SELF);
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

static void load_root(void)
{
    ext(MMUEXT_NEW_BASEPTR, spare.level[4], DOMID_SELF);
}

static void leave_root(void)
{
    ext(MMUEXT_NEW_BASEPTR, used.level[4], DOMID_SELF);
}

static void write_entry(void)
{
    update(spare.level[1], FREE_SLOT, leads_to(spare.level[0]), DOMID_SELF);
}

static void clear_page(void)
{
    ext(MMUEXT_CLEAR_PAGE, spare.level[1], DOMID_SELF);
}

static void use_as_descriptors(void)
{
    if (!get_page_and_type(spare.level[1], guest, PGT_descriptor))
        put_page_and_type(spare.level[1]);
}

static void give_back(void)
{
    xen_pfn_t mfn = number(spare.level[1]);
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
    xen_pfn_t in = number(spare.level[1]), out = 5;
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
    update(dom0s.level[1], FREE_SLOT, leads_to(spare.level[1]), guest->id);
}

static void unmap_foreign(void)
{
    update(dom0s.level[1], FREE_SLOT, 0, DOMID_SELF);
}

static void pin_foreign(void)
{
    ext(MMUEXT_PIN_L4_TABLE, spare.level[4], guest->id);
}

static void unpin_foreign(void)
{
    ext(MMUEXT_UNPIN_TABLE, spare.level[4], guest->id);
}

static void unlink_foreign(void)
{
    update(spare.level[3], 0, 0, (guest->id + 1u) << 16 | guest->id);
}

static void destroy(void)
{
    world_kill_domain(guest->id);
}

static const struct transition {
    const char *name;
    void (*fn)(void);
    enum { BY_GUEST, BY_DOM0 } by;
} transitions[] = {
    {"pin_l1", pin_l1, BY_GUEST},
    {"pin_l4", pin_l4, BY_GUEST},
    {"unpin_l1", unpin_l1, BY_GUEST},
    {"unpin_l4", unpin_l4, BY_GUEST},
    {"map", map, BY_GUEST},
    {"map_read_only", map_read_only, BY_GUEST},
    {"unmap", unmap, BY_GUEST},
    {"map_and_unmap", map_and_unmap, BY_GUEST},
    {"pin_and_unpin", pin_and_unpin, BY_GUEST},
    {"link_l1", link_l1, BY_GUEST},
    {"unlink_l1", unlink_l1, BY_GUEST},
    {"load_root", load_root, BY_GUEST},
    {"leave_root", leave_root, BY_GUEST},
    {"write_entry", write_entry, BY_GUEST},
    {"clear_page", clear_page, BY_GUEST},
    {"use_as_descriptors", use_as_descriptors, BY_GUEST},
    {"give_back", give_back, BY_GUEST},
    {"get_more", get_more, BY_GUEST},
    {"exchange", exchange, BY_GUEST},
    {"dom0_gets_more", get_more, BY_DOM0},
    {"map_foreign", map_foreign, BY_DOM0},
    {"unmap_foreign", unmap_foreign, BY_DOM0},
    {"pin_foreign", pin_foreign, BY_DOM0},
    {"unpin_foreign", unpin_foreign, BY_DOM0},
    {"unlink_foreign", unlink_foreign, BY_DOM0},
    {"destroy", destroy, BY_DOM0},
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

static const struct state {
    const char *name;
    void (*fn)(void);
    bool breaks; /* there is none without */
} states[] = {
    {"unused", nothing, false},   {"mapped", map, false},
    {"pinned", pin_l1, false},    {"tree", pin_l4, false},
    {"loaded", load_root, false}, {"begun", begun, true},
    {"listed", listed, true},
};

/* --- pairs ---------------------------------------------------------------- */

static const struct transition *now[2];

static void work(void)
{
    unsigned int cpu = interleave_cpu();
    struct domain *d = now[cpu]->by == BY_DOM0 ? dom0 : guest;

    test_cpu.current_vcpu = d->vcpu[cpu];
    now[cpu]->fn();
}

/* Of a domain that has been destroyed, only what others map is left. */
static bool is_left(const struct page_info *pg)
{
    return pg->owner == guest->id && ((pg->type & (PGT_pinned | PGT_partial)) ||
                                      (pg->count & PGC_allocated));
}

static bool right(void)
{
    if (guest->is_dying)
        for (unsigned int f = 0; f < WORLD_FRAMES; f++)
            if (is_left(frame_table + f)) {
                print_message("# frame %u of a destroyed domain is left\n", f);
                return false;
            }
    return world_verify() == 0;
}

static bool both(const struct state *s, const struct transition *a,
                 const struct transition *b)
{
    const struct contest c = {.work = {work, work}, .right = right};
    size_t mark = interleave_mark();
    unsigned long before = interleave_figures.schedules;
    bool good;

    now[0] = a;
    now[1] = b;
    run_on(0, guest);
    s->fn();
    for (unsigned int i = 0; i < 2; i++)
        run_on(i, now[i]->by == BY_DOM0 ? dom0 : guest);
    test_cpu.cpu = WORLD_CPUS - 1; /* which runs the guest */
    test_cpu.current_vcpu = guest->vcpu[WORLD_CPUS - 1];
    model_begin();
    good = interleave(&c);
    interleave_back_to(mark);
    if (!good)
        print_message("# %s, then %s beside %s\n", s->name, a->name, b->name);
    if (getenv("VERBOSE"))
        print_message("# %s: %s %s %lu\n", s->name, a->name, b->name,
                      interleave_figures.schedules - before);
    return good;
}

/* A domain's vcpus are paused when it dies. */
static bool can_meet(const struct transition *a, const struct transition *b)
{
    return (a->fn != destroy || b->by == BY_DOM0) &&
           (b->fn != destroy || a->by == BY_DOM0) &&
           (a->fn != destroy || b->fn != destroy);
}

static const char *word;

static bool is_chosen(const struct state *s, const struct transition *a,
                      const struct transition *b)
{
    return !word || strstr(s->name, word) || strstr(a->name, word) ||
           strstr(b->name, word);
}

static void all_pairs(void)
{
    unsigned int bad = 0;

    for (const struct state *s = states; s < states + ARRAY_SIZE(states); s++)
        for (unsigned int i = 0; i < ARRAY_SIZE(transitions); i++)
            for (unsigned int j = i; j < ARRAY_SIZE(transitions); j++)
                if ((world_preempt || !s->breaks) &&
                    can_meet(&transitions[i], &transitions[j]) &&
                    is_chosen(s, &transitions[i], &transitions[j]))
                    bad += !both(s, &transitions[i], &transitions[j]);
    assert_int_equal(bad, 0);
}

static void no_order_of_two_transitions_breaks_a_frame(void **state)
{
    begin();
    world_preempt = 0;
    all_pairs();
}

static void no_order_of_two_transitions_with_breaks_does(void **state)
{
    world_preempt = 1000;
    all_pairs();
    world_preempt = 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_order_of_two_transitions_breaks_a_frame),
        cmocka_unit_test(no_order_of_two_transitions_with_breaks_does),
    };
    int rc;

    if (argc > 1)
        word = argv[1];
    interleave_begin();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    interleave_end();
    return rc;
}
