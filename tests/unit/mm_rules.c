/* SPDX-License-Identifier: MIT */
/*
 * Rules of the memory core that random programs (mm_model) seldom come by:
 * which domain may name what, counts at their end, cache types, and the breaks
 * that long work takes.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "hv_world.h"
#include <asm/pv.h>
#include <xen/memory.h>

#define UNCACHED (PTE_PRESENT | PTE_PCD)

/* One with devices, and one without. */
static struct domain *d, *plain;

static struct page_info *frame_of(struct domain *o)
{
    return alloc_domheap_pages(o, 0, 0);
}

static pte_t entry_of(const struct page_info *pg, pte_t flags)
{
    return pte_make(page_to_mfn(pg), flags);
}

static long update(const struct page_info *table, pte_t e, uint32_t foreign)
{
    struct mmu_update req = {mfn_x(page_to_mfn(table)) << PAGE_SHIFT, e};

    return world_call(__HYPERVISOR_mmu_update, (uint64_t)&req, 1, 0, foreign);
}

/* --- counts --------------------------------------------------------------- */

static void a_count_that_is_full_takes_no_more(void **state)
{
    struct page_info *pg = frame_of(d);
    const uint32_t full = PGT_writable | PGT_validated | PGT_count_mask;
    uint32_t count = pg->count;

    pg->type = full;
    assert_int_equal(get_page_type(pg, PGT_writable), -EINVAL);
    assert_false(get_writable_again(pg));
    assert_int_equal(pg->type, full);
    pg->type = PGT_none;
    pg->count = PGC_allocated | PGC_count_mask;
    assert_false(get_page(pg, d));
    /* The hypervisor's own marks have room behind the guests' uses. */
    pg->count = PGC_allocated | COUNT_LIMIT;
    assert_false(get_page(pg, d));
    pg->count = count;
    assert_true(get_page(pg, d));
    put_page(pg);
}

static struct page_info *given_up;
static bool taken_again;

static void another_cpu_wants_it(void)
{
    taken_again = get_page(given_up, d);
}

/* The last reference is gone, and the record still names the owner. */
static void a_frame_that_is_being_freed_is_not_referenced(void **state)
{
    given_up = frame_of(d);
    atomic_and(&given_up->count, ~PGC_allocated);
    taken_again = false;
    world_at_clock = another_cpu_wants_it;
    put_page(given_up);
    assert_null(world_at_clock);
    assert_false(taken_again);
}

/* --- cache types ---------------------------------------------------------- */

static void only_who_has_devices_gives_ram_a_cache_type(void **state)
{
    struct page_info *own = frame_of(d), *pg = frame_of(plain);
    pte_t e = entry_of(pg, UNCACHED);

    assert_int_equal(entry_take(&e, 1, plain, plain), -EINVAL);
    e = entry_of(own, UNCACHED);
    assert_int_equal(entry_take(&e, 1, d, d), 0);
    assert_int_equal(entry_put(e, 1), 0);
    assert_int_equal(world_verify(), 0);
}

static void what_was_written_past_the_caches_is_written_back(void **state)
{
    struct page_info *pg = frame_of(d);
    pte_t e = entry_of(pg, UNCACHED | PTE_RW);
    unsigned long before = world_cache_flushes;

    assert_int_equal(entry_take(&e, 1, d, d), 0);
    assert_int_equal(entry_put(e, 1), 0);
    assert_int_equal(world_cache_flushes, before);
    assert_int_equal(get_page_and_type(pg, d, PGT_l1_table), 0);
    assert_int_equal(world_cache_flushes, before + 1);
    put_page_and_type(pg);
    atomic_and(&pg->count, ~PGC_allocated);
    put_page(pg);
    assert_int_equal(world_cache_flushes, before + 2);
}

/* Also if it was mapped before, and only its type changes. */
static void a_cache_type_is_noted_whichever_way_it_comes(void **state)
{
    struct page_info *table = frame_of(d), *pg = frame_of(d);

    memset(page_to_virt(table), 0, PAGE_SIZE);
    assert_int_equal(get_page_and_type(table, d, PGT_l1_table), 0);
    assert_int_equal(
        update(table, entry_of(pg, PTE_PRESENT | PTE_RW), DOMID_SELF), 0);
    assert_false(pg->count & PGC_noncoherent);
    assert_int_equal(update(table, entry_of(pg, UNCACHED | PTE_RW), DOMID_SELF),
                     0);
    assert_true(pg->count & PGC_noncoherent);
    assert_int_equal(update(table, 0, DOMID_SELF), 0);
    put_page_and_type(table);
}

/* --- what is done under a table's lock -------------------------------------
 */

static struct page_info *parent;
static unsigned int looked, seen_locked;

static void is_parent_locked(void)
{
    looked++;
    seen_locked += !!(parent->type & PGT_locked);
    world_at_check = is_parent_locked;
}

static unsigned long locked_while(pte_t e)
{
    looked = seen_locked = 0;
    world_at_check = is_parent_locked;
    assert_int_equal(update(parent, e, DOMID_SELF), 0);
    world_at_check = NULL;
    assert_true(looked > 8);
    return seen_locked;
}

/* Who waits for a lock looks at nothing else. */
static void a_tree_comes_and_goes_while_its_table_is_not_locked(void **state)
{
    struct page_info *l2 = frame_of(d), *l1 = frame_of(d);
    pte_t *t = page_to_virt(l2);

    parent = frame_of(d);
    memset(page_to_virt(parent), 0, PAGE_SIZE);
    memset(page_to_virt(l1), 0, PAGE_SIZE);
    memset(t, 0, PAGE_SIZE);
    for (unsigned int i = 0; i < 16; i++)
        t[i] = entry_of(l1, PTE_PRESENT | PTE_RW | PTE_USER);
    assert_int_equal(get_page_and_type(parent, d, PGT_l3_table), 0);
    assert_int_equal(
        locked_while(entry_of(l2, PTE_PRESENT | PTE_RW | PTE_USER)), 0);
    assert_int_equal(l2->type & PGT_type_mask, PGT_l2_table);
    assert_int_equal(locked_while(0), 0);
    assert_int_equal(l2->type & PGT_type_mask, PGT_none);
    put_page_and_type(parent);
    assert_int_equal(world_verify(), 0);
}

static void parent_becomes_another_table(void)
{
    put_page_type(parent);
    assert_int_equal(get_page_type(parent, PGT_l2_table), 0);
}

/* By another CPU, after the new entry was judged by what it was. */
static void an_entry_is_stored_into_a_table_of_its_level_alone(void **state)
{
    struct page_info *l2 = frame_of(d), *l1 = frame_of(d);

    parent = frame_of(d);
    memset(page_to_virt(parent), 0, PAGE_SIZE);
    memset(page_to_virt(l2), 0, PAGE_SIZE);
    memset(page_to_virt(l1), 0, PAGE_SIZE);
    *(pte_t *)page_to_virt(l2) = entry_of(l1, PTE_PRESENT | PTE_USER);
    assert_int_equal(get_page_and_type(parent, d, PGT_l3_table), 0);
    world_at_check = parent_becomes_another_table;
    update(parent, entry_of(l2, PTE_PRESENT | PTE_RW | PTE_USER), DOMID_SELF);
    assert_null(world_at_check);
    assert_int_equal(parent->type & PGT_type_mask, PGT_l2_table);
    assert_int_equal(l2->type & PGT_type_mask, PGT_l1_table);
    assert_int_equal(update(parent, 0, DOMID_SELF), 0);
    put_page_and_type(parent);
    assert_int_equal(world_verify(), 0);
}

/* --- who may name what ---------------------------------------------------- */

static long pin(const struct page_info *pg, unsigned int cmd, domid_t id)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = mfn_x(page_to_mfn(pg))};

    return world_call(__HYPERVISOR_mmuext_op, (uint64_t)&op, 1, 0, id);
}

static void a_plain_domain_reaches_no_other(void **state)
{
    struct page_info *theirs = frame_of(d), *own = frame_of(plain);
    pte_t e = entry_of(theirs, PTE_PRESENT);

    assert_int_equal(get_page_and_type(own, plain, PGT_l1_table), 0);
    world_run(0, plain->vcpu[0]);
    assert_int_equal(update(own, e, d->id), -EPERM);
    assert_int_equal(update(own, e, DOMID_XEN), -EPERM);
    assert_int_equal(update(own, e, DOMID_SELF), -EBUSY);
    assert_int_equal(update(theirs, e, (d->id + 1u) << 16 | DOMID_SELF),
                     -EPERM);
    assert_int_equal(update(theirs, 0, DOMID_SELF), -EINVAL);
    assert_int_equal(pin(theirs, MMUEXT_PIN_L1_TABLE, d->id), -EPERM);
    world_run(0, d->vcpu[0]);
    put_page_and_type(own);
    /* Who may build domains reaches theirs. */
    assert_int_equal(pin(own, MMUEXT_PIN_L1_TABLE, plain->id), 0);
    assert_int_equal(update(own, entry_of(own, PTE_PRESENT),
                            (plain->id + 1u) << 16 | plain->id),
                     0);
    assert_int_equal(world_verify(), 0);
}

static void device_memory_is_for_who_has_devices(void **state)
{
    pte_t e = pte_make(_mfn(HOLE_FIRST), PTE_PRESENT | PTE_RW);

    assert_int_equal(entry_take(&e, 1, plain, dom_io), -EPERM);
    assert_int_equal(entry_take(&e, 1, plain, plain), -EPERM);
    assert_int_equal(entry_take(&e, 1, d, dom_io), 0);
    assert_int_equal(entry_put(e, 1), 0);
}

static void a_dying_domains_frames_are_not_mapped(void **state)
{
    struct domain *dying = world_create_domain(2, 20);
    pte_t e = entry_of(frame_of(dying), PTE_PRESENT);

    dying->is_dying = DOMDYING_dying;
    assert_int_equal(entry_take(&e, 1, d, dying), -EINVAL);
    world_kill_domain(2);
}

static void an_update_stores_where_its_domain_could_write(void **state)
{
    struct page_info *pg = frame_of(d);

    memset(page_to_virt(pg), 0, PAGE_SIZE);
    assert_int_equal(update(pg, 0x1230, DOMID_SELF), 0);
    assert_int_equal(*(pte_t *)page_to_virt(pg), 0x1230);
    *(pte_t *)page_to_virt(pg) = 0;
    assert_int_equal(get_page_and_type(pg, d, PGT_descriptor), 0);
    assert_int_equal(update(pg, 0x1230, DOMID_SELF), -EINVAL);
    assert_int_equal(*(pte_t *)page_to_virt(pg), 0);
    put_page_and_type(pg);
}

static struct page_info *written;

/* Another vcpu makes the table one of another level, while the instruction that
 * writes to it is read. */
static void its_level_changes(uint64_t unused)
{
    world_at_copy = NULL;
    put_page_and_type(written);
    assert_int_equal(get_page_and_type(written, d, PGT_l2_table), 0);
}

static void a_trapped_write_finds_the_table_as_it_is_by_then(void **state)
{
    static uint8_t store[] = {0x48, 0x89, 0x01}; /* mov %rax, (%rcx) */
    static uint8_t code[16];
    struct page_info *tables[4];
    struct cpu_regs regs = {.rip = (uint64_t)code, .rcx = 0x1000};

    memcpy(code, store, sizeof(store));
    written = frame_of(d);
    memset(page_to_virt(written), 0, PAGE_SIZE);
    for (unsigned int i = 0; i < 4; i++) {
        pte_t e = i ? entry_of(tables[i - 1], PTE_PRESENT | PTE_USER)
                    : entry_of(written, PTE_PRESENT | PTE_USER);

        tables[i] = frame_of(d);
        memset(page_to_virt(tables[i]), 0, PAGE_SIZE);
        ((pte_t *)page_to_virt(tables[i]))[i ? 0 : 1] = e;
    }
    regs.rax = entry_of(frame_of(d), PTE_PRESENT | PTE_RW | PTE_USER);
    assert_int_equal(get_page_and_type(tables[3], d, PGT_l4_table), 0);
    assert_int_equal(get_page_and_type(written, d, PGT_l1_table), 0);
    d->vcpu[0]->arch.guest_root = page_to_mfn(tables[3]);
    assert_true(ptwr_do_page_fault(d->vcpu[0], 0x1000, &regs));
    assert_int_not_equal(*(pte_t *)page_to_virt(written), 0);
    assert_int_equal(update(written, 0, DOMID_SELF), 0);
    regs.rip = (uint64_t)code;
    world_at_copy = its_level_changes;
    assert_false(ptwr_do_page_fault(d->vcpu[0], 0x1000, &regs));
    assert_null(world_at_copy);
    assert_int_equal(*(pte_t *)page_to_virt(written), 0);
    d->vcpu[0]->arch.guest_root = INVALID_MFN;
    put_page_and_type(written);
    put_page_and_type(tables[3]);
    assert_int_equal(world_verify(), 0);
}

static long decrease(unsigned long *frames, unsigned int n, unsigned int order)
{
    struct xen_memory_reservation r = {
        .nr_extents = n, .extent_order = order, .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, frames);
    return world_call(__HYPERVISOR_memory_op, XENMEM_decrease_reservation,
                      (uint64_t)&r, 0, 0);
}

static void a_lent_frame_cannot_be_given_back(void **state)
{
    void *page = alloc_xenheap_page();
    struct page_info *pg = virt_to_page(page);
    unsigned long frame = mfn_x(page_to_mfn(pg));

    share_xen_page_with_guest(pg, d, false);
    decrease(&frame, 1, 0);
    assert_int_equal(pg->count, PGC_allocated | PGC_xenheap | 1);
    assert_int_equal(pg->owner, d->id);
    free_xenheap_page(page);
}

static void an_extent_is_no_larger_than_its_domain_may_have(void **state)
{
    struct page_info *own = frame_of(d), *pg = frame_of(plain);
    unsigned long frame = mfn_x(page_to_mfn(pg));

    world_run(0, plain->vcpu[0]);
    assert_int_equal(decrease(&frame, 1, 10), 0);
    world_run(0, d->vcpu[0]);
    assert_int_equal(pg->count, PGC_allocated | 1);
    frame = mfn_x(page_to_mfn(own));
    assert_int_equal(decrease(&frame, 1, 13), 0);
    assert_int_equal(own->count, PGC_allocated | 1);
}

/* A continued call could not say how many extents it has done. */
static void more_extents_than_can_be_counted_are_none(void **state)
{
    struct xen_memory_reservation r = {.nr_extents = 1ul << 58,
                                       .domid = DOMID_SELF};
    uint64_t before = d->tot_pages;

    assert_int_equal(world_call(__HYPERVISOR_memory_op,
                                XENMEM_increase_reservation, (uint64_t)&r, 0,
                                0),
                     0);
    assert_int_equal(d->tot_pages, before);
}

static void free_frame(struct page_info *pg)
{
    atomic_and(&pg->count, ~PGC_allocated);
    put_page(pg);
}

/* A frame is clean when it was given to a domain that may have no more; then
 * its neighbour comes back, which is not. */
static void a_chunk_is_scrubbed_of_which_half_is_clean(void **state)
{
    struct page_info *a = alloc_domheap_pages(d, 1, 0), *again;
    struct page_info *neighbour = alloc_domheap_pages(d, 1, 0);
    uint64_t limit = d->max_pages;

    memset(page_to_virt(a), 0x5a, 2 * PAGE_SIZE);
    free_frame(a);
    d->max_pages = d->tot_pages;
    assert_null(alloc_domheap_pages(d, 0, 0));
    assert_int_equal(*(uint8_t *)page_to_virt(a), 0);
    d->max_pages = limit;
    free_frame(a + 1);
    again = alloc_domheap_pages(d, 1, 0);
    assert_ptr_equal(again, a);
    for (unsigned int i = 0; i < 2 * PAGE_SIZE; i++)
        assert_int_equal(((uint8_t *)page_to_virt(a))[i], 0);
    for (unsigned int i = 0; i < 2; i++) {
        free_frame(a + i);
        free_frame(neighbour + i);
    }
}

/* --- marks ---------------------------------------------------------------- */

static struct domain *owner;
static struct page_info *contested;

/* The frame's owner ends a use of it, makes it a table for a moment, and so
 * takes the mark away that other domains map it. */
static void owner_uses_it_as_a_table(void)
{
    world_while_waiting = NULL;
    atomic_and(&contested->type, ~PGT_locked);
    assert_int_equal(get_page_and_type(contested, owner, PGT_l1_table), 0);
    put_page_and_type(contested);
}

/* A frame that another domain has mapped writable is marked, whatever its owner
 * did while the mapping was made. */
static void a_frame_that_another_domain_maps_writable_is_marked(void **state)
{
    pte_t e;

    owner = world_create_domain(2, 10);
    contested = alloc_domheap_pages(owner, 0, 0);
    e = pte_make(page_to_mfn(contested), PTE_PRESENT | PTE_RW);
    atomic_or(&contested->type, PGT_locked);
    world_while_waiting = owner_uses_it_as_a_table;
    assert_int_equal(entry_take(&e, 1, d, owner), 0);
    assert_null(world_while_waiting);
    assert_true(contested->type & PGT_foreign);
    assert_int_equal(entry_put(e, 1), 0);
    world_kill_domain(2);
}

/* --- flushes -------------------------------------------------------------- */

static void who_mapped_anothers_frame_is_flushed_too(void **state)
{
    struct page_info *pg = frame_of(plain);
    pte_t e = entry_of(pg, PTE_PRESENT | PTE_RW);
    unsigned long before;

    assert_int_equal(entry_take(&e, 1, d, plain), 0);
    assert_int_equal(entry_put(e, 1), 0);
    assert_int_equal(plain->arch.dirty_cpumask, 0);
    before = world_flushes;
    assert_int_equal(get_page_and_type(pg, plain, PGT_l1_table), 0);
    assert_true(world_flushes > before);
    put_page_and_type(pg);
}

static mfn_t root_frame(void)
{
    struct page_info *pg = frame_of(d);

    memset(page_to_virt(pg), 0, PAGE_SIZE);
    return page_to_mfn(pg);
}

/* Nothing but the vcpu holds them. */
static void a_cpu_leaves_a_root_before_it_is_dropped(void **state)
{
    struct mmuext_op op[2] = {{.cmd = MMUEXT_NEW_BASEPTR},
                              {.cmd = MMUEXT_NEW_USER_BASEPTR}};
    unsigned long before;

    world_run(0, d->vcpu[0]);
    before = world_roots_lost;
    for (unsigned int i = 0; i < 6; i++) {
        op[0].arg1.mfn = mfn_x(root_frame());
        op[1].arg1.mfn = mfn_x(root_frame());
        assert_int_equal(world_call(__HYPERVISOR_mmuext_op, (uint64_t)op,
                                    1 + i % 2, 0, DOMID_SELF),
                         0);
        assert_int_equal(mfn_x(d->vcpu[0]->arch.guest_root), op[0].arg1.mfn);
        assert_int_equal(world_roots_lost, before);
    }
    while (vcpu_destroy_pagetables(d->vcpu[0]))
        ;
}

static void idle_cpus_leave_a_root_before_it_is_undone(void **state)
{
    static struct vcpu idle = {.is_running = true};
    struct page_info *root = frame_of(d);
    unsigned long before;

    memset(page_to_virt(root), 0, PAGE_SIZE);
    assert_int_equal(get_page_and_type(root, d, PGT_l4_table), 0);
    assert_int_not_equal(((pte_t *)page_to_virt(root))[ROOT_SLOT_LAST], 0);
    before = world_root_flushes;
    idle_vcpu[1] = &idle;
    d->arch.dirty_cpumask |= 2;
    put_page_and_type(root);
    assert_int_equal(world_root_flushes, before + 1);
    idle_vcpu[1] = NULL;
    /* The hypervisor's entries are gone as well: the guest may read it now. */
    for (unsigned int i = ROOT_SLOT_FIRST; i <= ROOT_SLOT_LAST; i++)
        assert_int_equal(((pte_t *)page_to_virt(root))[i], 0);
}

/* --- breaks --------------------------------------------------------------- */

/* An L2 table whose 512 entries lead to one L1 table. */
static struct page_info *full_l2(struct domain *o)
{
    struct page_info *l1 = frame_of(o), *l2 = frame_of(o);
    pte_t *t = page_to_virt(l2);

    memset(page_to_virt(l1), 0, PAGE_SIZE);
    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        t[i] = entry_of(l1, PTE_PRESENT | PTE_USER);
    return l2;
}

static void a_large_table_lets_others_in_on_its_way(void **state)
{
    struct page_info *l2 = full_l2(d);
    unsigned long before = world_checks;

    assert_int_equal(get_page_and_type(l2, d, PGT_l2_table), 0);
    assert_true(world_checks - before >= PT_ENTRIES / 12);
    before = world_checks;
    put_page_and_type(l2);
    assert_true(world_checks - before >= PT_ENTRIES / 12);
}

static void a_list_of_frames_lets_others_in_after_each(void **state)
{
    unsigned long frames[20], before = world_checks;

    for (unsigned int i = 0; i < 20; i++)
        frames[i] = mfn_x(page_to_mfn(frame_of(d)));
    assert_int_equal(decrease(frames, 20, 0), 20);
    assert_true(world_checks - before >= 19);
}

/* What was interrupted is finished before more is begun, or it would pile up.
 */
static void an_interrupted_undo_comes_before_a_new_use(void **state)
{
    struct page_info *l2 = full_l2(d), *root = frame_of(d);

    memset(page_to_virt(root), 0, PAGE_SIZE);
    assert_int_equal(get_page_and_type(l2, d, PGT_l2_table), 0);
    world_preempt = 1000;
    put_page_and_type(l2);
    assert_int_equal(d->arch.nr_pending_undo, 1);
    assert_int_equal(take_root(d->vcpu[1], page_to_mfn(root)), -ERESTART);
    world_preempt = 0;
    assert_int_equal(take_root(d->vcpu[1], page_to_mfn(root)), 0);
    assert_int_equal(d->arch.nr_pending_undo, 0);
    put_page_and_type(root);
    assert_int_equal(world_verify(), 0);
}

/* The walk over its frames may have passed by already, and would not finish
 * what is interrupted now. */
static void
a_pin_of_a_dying_domains_table_leaves_nothing_to_finish(void **state)
{
    struct domain *dying = world_create_domain(2, 20);
    struct page_info *l2 = full_l2(dying);

    dying->is_dying = DOMDYING_dying;
    world_preempt = 300;
    assert_int_equal(pin(l2, MMUEXT_PIN_L2_TABLE, 2), -EINVAL);
    world_preempt = 0;
    assert_int_equal(dying->arch.nr_pending_undo, 0);
    assert_true(world_kill_domain(2));
}

/* A tree whose undo was interrupted in its lowest table; another CPU, which had
 * found nothing to finish, takes the table between for a use of its own. */
static void a_table_in_an_interrupted_undo_is_validated_anew(void **state)
{
    struct page_info *top = frame_of(d), *middle = frame_of(d),
                     *l2 = full_l2(d);

    memset(page_to_virt(top), 0, PAGE_SIZE);
    memset(page_to_virt(middle), 0, PAGE_SIZE);
    *(pte_t *)page_to_virt(middle) = entry_of(l2, PTE_PRESENT | PTE_USER);
    *(pte_t *)page_to_virt(top) = entry_of(middle, PTE_PRESENT | PTE_USER);
    assert_int_equal(get_page_and_type(top, d, PGT_l4_table), 0);
    world_preempt = 1000;
    put_page_and_type(top);
    world_preempt = 0;
    assert_int_equal(middle->resume, RESUME_CHILD);
    assert_int_equal(get_page_and_type(middle, d, PGT_l3_table), 0);
    assert_int_equal(mm_finish_pending(d), 0);
    put_page_and_type(middle);
    assert_int_equal(world_verify(), 0);
}

/* Tables of a domain that is destroyed are much work: after each other work is
 * looked for. */
static void the_end_of_a_domain_lets_others_in_after_each_table(void **state)
{
    struct domain *dying = world_create_domain(2, 20);
    unsigned long before;

    for (unsigned int i = 0; i < 20; i++) {
        struct page_info *pg = alloc_domheap_pages(dying, 0, 0);

        assert_int_equal(get_page_and_type(pg, dying, PGT_l1_table), 0);
        atomic_or(&pg->type, PGT_pinned);
    }
    before = world_checks;
    assert_true(world_kill_domain(2));
    assert_true(world_checks - before >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_that_is_full_takes_no_more),
        cmocka_unit_test(a_frame_that_is_being_freed_is_not_referenced),
        cmocka_unit_test(only_who_has_devices_gives_ram_a_cache_type),
        cmocka_unit_test(a_cache_type_is_noted_whichever_way_it_comes),
        cmocka_unit_test(what_was_written_past_the_caches_is_written_back),
        cmocka_unit_test(a_tree_comes_and_goes_while_its_table_is_not_locked),
        cmocka_unit_test(an_entry_is_stored_into_a_table_of_its_level_alone),
        cmocka_unit_test(a_plain_domain_reaches_no_other),
        cmocka_unit_test(device_memory_is_for_who_has_devices),
        cmocka_unit_test(a_dying_domains_frames_are_not_mapped),
        cmocka_unit_test(an_update_stores_where_its_domain_could_write),
        cmocka_unit_test(a_trapped_write_finds_the_table_as_it_is_by_then),
        cmocka_unit_test(a_frame_that_another_domain_maps_writable_is_marked),
        cmocka_unit_test(who_mapped_anothers_frame_is_flushed_too),
        cmocka_unit_test(a_cpu_leaves_a_root_before_it_is_dropped),
        cmocka_unit_test(idle_cpus_leave_a_root_before_it_is_undone),
        cmocka_unit_test(a_lent_frame_cannot_be_given_back),
        cmocka_unit_test(a_list_of_frames_lets_others_in_after_each),
        cmocka_unit_test(an_extent_is_no_larger_than_its_domain_may_have),
        cmocka_unit_test(more_extents_than_can_be_counted_are_none),
        cmocka_unit_test(a_chunk_is_scrubbed_of_which_half_is_clean),
        cmocka_unit_test(a_large_table_lets_others_in_on_its_way),
        cmocka_unit_test(an_interrupted_undo_comes_before_a_new_use),
        cmocka_unit_test(
            a_pin_of_a_dying_domains_table_leaves_nothing_to_finish),
        cmocka_unit_test(a_table_in_an_interrupted_undo_is_validated_anew),
        cmocka_unit_test(the_end_of_a_domain_lets_others_in_after_each_table)};

    world_init();
    d = world_create_domain(0, 100);
    plain = world_create_domain(1, 100);
    world_run(0, d->vcpu[0]);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
