/* SPDX-License-Identifier: MIT */
/*
 * The virtual TLB (pv/mm/vtlb.c, which this file includes) when its pool is
 * used up: it flushes, and what another vcpu has taken away before that flush
 * is not there afterwards.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>
/* The world has its own, for everything else. */
#define vtlb_user_cr3 cr3_of_user
#include "hv_world.h"
#include <asm/processor.h>
#include <asm/log_dirty.h>
#include <asm/tlb.h>

static unsigned long played_cr3;
static unsigned int flushes;
static void (*before_flush)(void);
static void played_flush(uint64_t va, unsigned int flags);
#undef READ_CR
#define READ_CR(n)             played_cr##n
#define invlpg(va)             ((void)(va))
#define flush_local(va, flags) played_flush(va, flags)
#include "../../xen-lite/arch/x86/pv/mm/vtlb.c"

#define REGION (512ul * PAGE_SIZE)

bool frame_is_dirty(mfn_t mfn)
{
    return true;
}

static void played_flush(uint64_t va, unsigned int flags)
{
    flushes++;
    if (before_flush)
        before_flush();
    vtlb_flush();
}

/* --- the guest's tables: all regions have the same last level --------------
 */

static struct log_dirty the_log;
static struct vtlb trees[NR_CPUS];
static pte_t *last;

static pte_t *new_table(struct domain *d)
{
    pte_t *table = page_to_virt(alloc_domheap_pages(d, 0, 0));

    memset(table, 0, PAGE_SIZE);
    return table;
}

static pte_t entry_of(const void *table)
{
    return pte_make(virt_to_mfn(table),
                    PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED | PTE_DIRTY);
}

static struct domain *start(void)
{
    struct domain *d = world_create_domain(1, 100);
    struct vcpu *v = d->vcpu[0];
    pte_t *root = new_table(d), *third = new_table(d), *second = new_table(d);

    last = new_table(d);
    root[0] = entry_of(third);
    third[0] = entry_of(second);
    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        second[i] = entry_of(last);
    last[0] = entry_of(new_table(d));
    last[1] = entry_of(new_table(d));
    world_run(0, v);
    v->arch.guest_root = virt_to_mfn(root);
    the_log.vtlb = trees;
    d->arch.log = &the_log;
    assert_int_equal(vtlb_create(&trees[0], d), 0);
    vtlb_enter(v);
    vtlb_root_loaded(d);
    played_cr3 = v->arch.cr3_kernel;
    flushes = 0;
    return d;
}

static void end(struct domain *d)
{
    vtlb_root_loaded(NULL);
    vtlb_destroy(&trees[0]);
    d->arch.log = NULL;
    d->vcpu[0]->arch.guest_root = INVALID_MFN;
    world_kill_domain(1);
}

static bool write_to(unsigned int region)
{
    uint32_t error_code = PFEC_write;

    return vtlb_fault(region * REGION, &error_code);
}

static pte_t cached(uint64_t va)
{
    const pte_t *leaf = leaf_of(&trees[0], page_of(&trees[0], 0), va, false);

    return leaf ? *leaf : 0;
}

/* --- the tests ------------------------------------------------------------ */

static void test_pool(void **state)
{
    struct domain *d = start();

    for (unsigned int i = 0; i < PT_ENTRIES; i++) {
        assert_true(write_to(i));
        assert_true(mfn_eq(pte_mfn(cached(i * REGION)), pte_mfn(last[0])));
        assert_true(cached(i * REGION) & PTE_RW);
    }
    assert_true(flushes >= PT_ENTRIES / POOL_PAGES);
    end(d);
}

static void other_vcpu_takes_away(void)
{
    last[0] = last[1] = 0;
}

static void test_flush_on_the_way(void **state)
{
    struct domain *d = start();
    unsigned int i = 0;

    before_flush = other_vcpu_takes_away;
    while (!flushes && i < PT_ENTRIES)
        write_to(i++);
    before_flush = NULL;
    assert_int_equal(flushes, 1);
    assert_int_equal(cached((i - 1) * REGION), 0);
    assert_int_equal(cached((i - 1) * REGION + PAGE_SIZE), 0);
    end(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool),
        cmocka_unit_test(test_flush_on_the_way),
    };

    world_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
