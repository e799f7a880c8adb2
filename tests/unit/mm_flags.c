/* SPDX-License-Identifier: MIT */
/*
 * All pairs of flags of an entry, at every level: replacing an entry gives the
 * same entry, the same counts and the same answer as removing the old one and
 * writing the new one into an empty slot. So no short cut can let anything in
 * that the full path refuses, or lose a count. And what is accepted obeys the
 * rules of its level.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>
#include "hv_world.h"

static const pte_t flag_bits[] = {
    PTE_PRESENT, PTE_RW,           PTE_USER,
    PTE_PWT,     PTE_PCD,          PTE_PSE,
    PTE_GLOBAL,  PTE_NX,           PTE_ACCESSED | PTE_DIRTY,
    1ul << 9,    PTE_GUEST_KERNEL, 1ul << 45};
#define NR_FLAGS (1u << ARRAY_SIZE(flag_bits))

static struct domain *d;
static struct page_info *table, *child[2];

static pte_t flags_of(unsigned int n)
{
    pte_t e = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(flag_bits); i++)
        if (n >> i & 1)
            e |= flag_bits[i];
    return e;
}

static pte_t slot0(void)
{
    return *(pte_t *)page_to_virt(table);
}

static int write0(unsigned int level, pte_t e)
{
    pte_t old;
    int rc;

    if (level > 1)
        return upper_write(table, level, 0, e, WRITE_NORMAL, d);
    assert_int_equal(table_lock(table), 1);
    rc = l1_write(table, 0, e, WRITE_NORMAL, &old, d, d);
    table_unlock(table);
    return rc;
}

struct state {
    int rc;
    pte_t e;
    uint32_t type[2], count[2];
};

static struct state snapshot(int rc)
{
    struct state s = {.rc = rc, .e = slot0()};

    for (unsigned int i = 0; i < 2; i++) {
        /* Stamps and what they are of do not belong to the comparison. */
        s.type[i] = child[i]->type & ~(PGT_was_table | PGT_foreign);
        s.count[i] = child[i]->count & ~PGC_noncoherent;
    }
    return s;
}

static void check_accepted(unsigned int level, pte_t e)
{
    if (!(e & PTE_PRESENT))
        return;
    assert_true(e & PTE_USER);
    assert_int_equal((e & PTE_FRAME) >> boot_cpu.phys_bits, 0);
    if (level > 1)
        assert_int_equal(e & (PTE_PSE | PTE_PWT | PTE_PCD | PTE_GLOBAL), 0);
    else
        assert_int_equal(!(e & PTE_GLOBAL), !!(e & PTE_GUEST_KERNEL));
}

static void compare(unsigned int level, pte_t old, pte_t new)
{
    struct state cut, full;

    assert_int_equal(write0(level, old), 0);
    cut = snapshot(write0(level, new));
    if (cut.rc)
        assert_int_equal(cut.e, entry_adjust(old, level));
    assert_int_equal(write0(level, 0), 0);
    full = snapshot(write0(level, new));
    assert_int_equal(cut.rc, full.rc);
    if (!full.rc) {
        check_accepted(level, full.e);
        assert_memory_equal(&cut, &full, sizeof(cut));
    }
    assert_int_equal(write0(level, 0), 0);
}

static bool accepted(unsigned int level, pte_t e)
{
    bool ok = !write0(level, e);

    assert_int_equal(write0(level, 0), 0);
    return ok;
}

static void all_pairs(unsigned int level)
{
    static unsigned int ok[NR_FLAGS];
    unsigned int nr_ok = 0;

    assert_int_equal(get_page_and_type(table, d, table_type(level)), 0);
    for (unsigned int n = 0; n < NR_FLAGS; n++)
        if (accepted(level, pte_make(page_to_mfn(child[0]), flags_of(n))))
            ok[nr_ok++] = n;
    for (unsigned int o = 0; o < nr_ok; o++)
        for (unsigned int n = 0; n < NR_FLAGS; n++) {
            pte_t old = flags_of(ok[o]), new = flags_of(n);

            compare(level, pte_make(page_to_mfn(child[0]), old),
                    pte_make(page_to_mfn(child[0]), new));
            if (!(n & 7) || !(o & 7))
                compare(level, pte_make(page_to_mfn(child[0]), old),
                        pte_make(page_to_mfn(child[1]), new));
        }
    put_page_and_type(table);
    assert_int_equal(world_verify(), 0);
    print_message("# level %u: %u of %u flag sets accepted\n", level, nr_ok,
                  NR_FLAGS);
    /* Not present: anything. Else: what the level allows, and no more. */
    assert_int_equal(nr_ok, level == 1 ? NR_FLAGS / 2 + NR_FLAGS / 4
                                       : NR_FLAGS / 2 + NR_FLAGS / 64);
}

static void an_l1_entry_has_only_flags_that_a_guest_may_set(void **state)
{
    all_pairs(1);
}

static void
an_entry_of_an_upper_level_has_only_flags_that_a_guest_may_set(void **state)
{
    for (unsigned int level = 2; level <= 4; level++)
        all_pairs(level);
}

/* Our slots of a root cannot be written, whatever the entry. */
static void the_hypervisors_slots_of_a_root_cannot_be_written(void **state)
{
    assert_int_equal(get_page_and_type(table, d, PGT_l4_table), 0);
    for (unsigned int slot = 0; slot < PT_ENTRIES; slot++)
        assert_int_equal(upper_write(table, 4, slot, 0, WRITE_NORMAL, d),
                         slot >= 256 && slot <= 271 ? -EINVAL : 0);
    put_page_and_type(table);
}

/* A table of its own level, or of none: never. */
static void a_table_is_not_mapped_by_one_of_its_own_level(void **state)
{
    pte_t *t = page_to_virt(table);
    pte_t self = pte_make(page_to_mfn(table), PTE_PRESENT | PTE_USER);

    for (unsigned int level = 2; level <= 4; level++) {
        memset(t, 0, PAGE_SIZE);
        t[0] = self;
        assert_int_equal(get_page_and_type(table, d, table_type(level)),
                         -EINVAL);
        t[0] = 0;
        assert_int_equal(get_page_and_type(table, d, table_type(level)), 0);
        assert_int_equal(write0(level, self), -EINVAL);
        put_page_and_type(table);
    }
    assert_int_equal(world_verify(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_l1_entry_has_only_flags_that_a_guest_may_set),
        cmocka_unit_test(
            an_entry_of_an_upper_level_has_only_flags_that_a_guest_may_set),
        cmocka_unit_test(the_hypervisors_slots_of_a_root_cannot_be_written),
        cmocka_unit_test(a_table_is_not_mapped_by_one_of_its_own_level)};

    world_init();
    d = world_create_domain(0, 100);
    world_run(0, d->vcpu[0]);
    table = alloc_domheap_pages(d, 0, 0);
    child[0] = alloc_domheap_pages(d, 0, 0);
    child[1] = alloc_domheap_pages(d, 0, 0);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
