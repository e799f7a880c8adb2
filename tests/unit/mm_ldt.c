/* SPDX-License-Identifier: MIT */
/*
 * The window through which the CPU reads a guest's LDT (ldt.c, which this file
 * includes): which pages get into it, and when they leave it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>
#include "hv_world.h"
#include <asm/paging.h>

/* The window, and the guest's entries for the pages of its LDT. */
static pte_t window[32], pages[16];
static pte_t *slot_of(struct vcpu *v, unsigned int page)
{
    return &window[page];
}
static pte_t entry_at(struct vcpu *v, unsigned long va)
{
    return pages[(va - v->arch.ldt_base) / PAGE_SIZE];
}
#define perdomain_l1e slot_of
#define guest_l1e     entry_at
#include "../../xen-lite/arch/x86/pv/ldt.c"

static struct domain *d;
static struct vcpu *v;

static struct page_info *empty_page(void)
{
    struct page_info *pg = alloc_domheap_pages(d, 0, 0);

    memset(page_to_virt(pg), 0, PAGE_SIZE);
    return pg;
}

static int start(void **state)
{
    world_init();
    d = world_create_domain(0, 100);
    v = d->vcpu[0];
    world_run(0, v);
    v->arch.ldt_base = 0x10000;
    v->arch.ldt_ents = 513;
    for (unsigned int i = 0; i < 16; i++)
        pages[i] = pte_make(page_to_mfn(empty_page()), PTE_PRESENT);
    return 0;
}

static void test_limit(void **state)
{
    assert_true(map_ldt_shadow_page(1));
    assert_int_not_equal(window[LDT_WINDOW_PAGE + 1], 0);
    assert_false(map_ldt_shadow_page(2));
    assert_int_equal(window[LDT_WINDOW_PAGE + 2], 0);
    invalidate_ldt(v);
}

static void test_end(void **state)
{
    struct page_info *pg = mfn_to_page(pte_mfn(pages[0]));
    unsigned long before = world_flushes;

    assert_true(map_ldt_shadow_page(0));
    assert_true(map_ldt_shadow_page(0)); /* two vcpus may come by one fault */
    assert_int_equal(pg->type, PGT_descriptor | PGT_validated | 1);
    invalidate_ldt(v);
    assert_int_equal(window[LDT_WINDOW_PAGE], 0);
    assert_true(world_flushes > before);
    assert_int_equal(pg->type & PGT_count_mask, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"A page beyond the LDT's limit does not get into the window",
         test_limit, NULL, NULL, NULL},
        {"Nothing of an LDT that was taken away is left in the window",
         test_end, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, start, NULL);
}
