/* SPDX-License-Identifier: MIT */
/*
 * frontends/grant_table.c, which this file includes, and a table of one frame
 * that is played here: what another domain holds is never used again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <pv/grant_table.h>

/* Its skip() is another one. */
#include <cmocka.h>

static long call_hypervisor(void *arg);

#undef HC3
#define HC3(nr, op, arg, n) call_hypervisor(arg)
#define virt_to_mfn(page)   ((uint64_t)(page) / PAGE_SIZE)
#include "../../frontends/grant_table.c"

#define ENTRIES  (PAGE_SIZE / sizeof(struct grant_entry_v1))
#define NR_PAGES 64

static char table_page[PAGE_SIZE] __attribute__((aligned(4096)));
static char pages[NR_PAGES][PAGE_SIZE] __attribute__((aligned(4096)));
static unsigned int pages_used;

/* One frame is all that there is. */
static long call_hypervisor(void *arg)
{
    struct gnttab_setup_table *s = arg;

    s->status = s->nr_frames == 1 ? GNTST_okay : GNTST_general_error;
    return 0;
}

void *map_mfn(uint64_t mfn, uint64_t flags, long *rc)
{
    *rc = 0;
    return table_page;
}

long map_va(const void *va, uint64_t pte, unsigned long flags)
{
    return 0;
}

void *alloc_pages(unsigned int n)
{
    assert_in_range(n, 1, NR_PAGES - pages_used);
    pages_used += n;
    return pages[pages_used - n];
}

static struct grant_entry_v1 *entry(grant_ref_t ref)
{
    return (struct grant_entry_v1 *)table_page + ref;
}

/* The other domain's part. */
static void map_page(grant_ref_t ref)
{
    assert_true(entry(ref)->flags & GTF_permit_access);
    entry(ref)->flags |= GTF_reading | GTF_writing;
}

static void unmap_page(grant_ref_t ref)
{
    entry(ref)->flags &= ~(GTF_reading | GTF_writing);
}

/* Leaves so many references. */
static unsigned int take_all_but(grant_ref_t *refs, unsigned int left)
{
    unsigned int n = 0;

    for (grant_ref_t ref = grant_page(0, pages[0], true); ref != GRANT_NONE;
         ref = grant_page(0, pages[0], true))
        refs[n++] = ref;
    for (; left; left--)
        assert_true(grant_end(refs[--n]));
    return n;
}

static void a_reference_that_is_held_is_not_given_out(void **state)
{
    static grant_ref_t refs[ENTRIES];
    grant_ref_t ref = grant_page(0, pages[0], false);
    unsigned int n;

    assert_int_not_equal(ref, GRANT_NONE);
    map_page(ref);
    assert_false(grant_end(ref));
    assert_false(grant_end(ref));
    n = take_all_but(refs, 0);
    for (unsigned int i = 0; i < n; i++)
        assert_int_not_equal(refs[i], ref);
    unmap_page(ref);
    assert_true(grant_end(ref));
    assert_int_equal(grant_page(0, pages[0], false), ref);
    assert_true(grant_end(ref));
    while (n)
        assert_true(grant_end(refs[--n]));
}

static void shared_pages_that_are_let_go_are_used_again(void **state)
{
    struct shared_pages s = {0};
    void *base;

    assert_true(shared_pages_begin(&s, 0, 4));
    base = s.base;
    assert_true(shared_pages_end(&s));
    assert_true(shared_pages_end(&s));
    assert_true(shared_pages_begin(&s, 0, 2));
    assert_ptr_equal(s.base, base);
    assert_true(shared_pages_end(&s));
}

static void shared_pages_that_are_held_are_not(void **state)
{
    struct shared_pages s = {0};
    grant_ref_t ref;
    char *base;

    assert_true(shared_pages_begin(&s, 0, 4));
    base = s.base;
    ref = s.ref[2];
    map_page(ref);
    assert_false(shared_pages_end(&s));
    assert_true(shared_pages_begin(&s, 0, 4));
    assert_true((char *)s.base >= base + 4 * PAGE_SIZE);
    assert_true(shared_pages_end(&s));
    unmap_page(ref);
    assert_true(grant_end(ref));
}

/* The other domain is fast: it holds the first before there is no second. */
static void pages_that_could_not_all_be_shared_are_told_if_held(void **state)
{
    static grant_ref_t refs[ENTRIES];
    struct shared_pages s = {0};
    unsigned int n = take_all_but(refs, 1);
    grant_ref_t ref;
    void *base;

    assert_false(shared_pages_begin(&s, 0, 2));
    base = s.base;
    ref = s.ref[0];
    map_page(ref);
    assert_false(shared_pages_end(&s));
    assert_null(s.base);
    while (n)
        assert_true(grant_end(refs[--n]));
    assert_true(shared_pages_begin(&s, 0, 2));
    assert_ptr_not_equal(s.base, base);
    assert_true(shared_pages_end(&s));
    unmap_page(ref);
    assert_true(grant_end(ref));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_that_is_held_is_not_given_out),
        cmocka_unit_test(shared_pages_that_are_let_go_are_used_again),
        cmocka_unit_test(shared_pages_that_are_held_are_not),
        cmocka_unit_test(pages_that_could_not_all_be_shared_are_told_if_held),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
