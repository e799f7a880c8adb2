/* SPDX-License-Identifier: MIT */
/*
 * Looking up what others can write of a domain whose writes are logged
 * (log_dirty.c and, for grants, pin.c, which this file includes): all is found,
 * and others get their turn in between. And what machine-to-phys says is not
 * believed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <cmocka.h>
/* The world has its own, for everything else. */
#define nr_logged_domains    logged_domains
#define log_dirty_frame_slow log_slow
#include "hv_world.h"
#include "../../xen-lite/arch/x86/pv/mm/log_dirty.c"
static unsigned int unlocks;
#define spin_unlock(lock) (unlocks++, spin_unlock(lock))
#include "../../xen-lite/common/grant_table/pin.c"
#undef spin_unlock

#define TABLES 20

/* --- not reached here ----------------------------------------------------- */

void gprintk(struct domain *d, const char *fmt, ...)
{
}

void evtchn_fifo_log_dirty(struct domain *d)
{
}

int vtlb_create(struct vtlb *t, const struct domain *d)
{
    return 0;
}

void vtlb_destroy(struct vtlb *t)
{
}

static struct rcu_head *to_free;

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *))
{
    head->fn = fn;
    to_free = head;
}

void domain_pause(struct domain *d)
{
}

void domain_unpause(struct domain *d)
{
}

void vcpu_sleep_sync(struct vcpu *v)
{
}

size_t clear_guest_raw(uint64_t to, size_t n)
{
    return n;
}

void set_vcpu_cr3(struct vcpu *v)
{
}

/* --- the test ------------------------------------------------------------- */

static unsigned long bits[8], *pages[] = {bits};
static struct log_dirty the_log = {.page = pages, .nr_pages = 1};

static void test_foreign_maps(void **state)
{
    struct domain *dom0 = world_create_domain(0, 100);
    struct domain *d = world_create_domain(1, 100);
    unsigned long checks;
    unsigned int calls = 1, found = 0;

    world_run(0, dom0->vcpu[0]);
    for (unsigned int i = 0; i < TABLES; i++) {
        struct page_info *table = alloc_domheap_pages(dom0, 0, 0);
        struct page_info *pg = alloc_domheap_pages(d, 0, 0);
        pte_t old, e = pte_make(page_to_mfn(pg), PTE_PRESENT | PTE_RW);

        memset(page_to_virt(table), 0, PAGE_SIZE);
        set_gpfn_from_mfn(page_to_mfn(pg), i);
        assert_int_equal(get_page_and_type(table, dom0, PGT_l1_table), 0);
        assert_int_equal(table_lock(table), 1);
        assert_int_equal(l1_write(table, 511, e, WRITE_NORMAL, &old, dom0, d),
                         0);
        table_unlock(table);
    }
    d->arch.log = &the_log;
    logged_domains = 1;
    checks = world_checks;
    assert_int_equal(log_foreign_maps(d, &the_log.scan), 0);
    assert_true(world_checks - checks >= TABLES);
    assert_int_equal(bits[0], (1ul << TABLES) - 1);

    memset(bits, 0, sizeof(bits));
    the_log.scan = 0;
    world_preempt = 1000; /* somebody always waits */
    for (; log_foreign_maps(d, &the_log.scan); calls++) {
        unsigned int now = hweight64(bits[0]);

        assert_true(now - found <= 1);
        found = now;
    }
    assert_int_equal(bits[0], (1ul << TABLES) - 1);
    assert_true(calls >= TABLES);
}

#define GRANT_FRAMES 3
static struct active_grant act[GRANT_FRAMES][ENTRIES_PER_FRAME];

static void grant(struct domain *d, uint32_t ref, enum pin pin, uint64_t pfn)
{
    struct page_info *pg = alloc_domheap_pages(d, 0, 0);
    struct active_grant *a = active_entry(d->grant_table, ref);

    set_gpfn_from_mfn(page_to_mfn(pg), pfn);
    a->pins[pin] = 1;
    a->mfn = mfn_x(page_to_mfn(pg));
}

static void test_grants(void **state)
{
    const uint32_t last = GRANT_FRAMES * ENTRIES_PER_FRAME - 1;
    struct active_grant *active[] = {act[0], act[1], act[2]};
    struct grant_table gt = {.nr_frames = GRANT_FRAMES, .active = active};
    struct domain *d = world_domain[1];

    d->grant_table = &gt;
    grant(d, 0, PIN_HOST_RW, 1);
    grant(d, 7, PIN_HOST_RO, 2); /* nobody can write there */
    grant(d, LOG_STRIDE - 1, PIN_HOST_RW, 3);
    grant(d, LOG_STRIDE, PIN_DEV_RW, 4);
    grant(d, last, PIN_HOST_RW, 5);
    memset(bits, 0, sizeof(bits));
    gnttab_log_dirty(d);
    assert_int_equal(bits[0], 1 << 1 | 1 << 3 | 1 << 4 | 1 << 5);
    /* The lock is another CPU's, too, after each stride. */
    assert_true(unlocks >= (last + 1) / LOG_STRIDE);
    d->grant_table = NULL;
}

/* The guest says which pfn a frame has. */
static void test_false_numbers(void **state)
{
    static const uint64_t none[] = {PFNS_PER_PAGE, 2 * PFNS_PER_PAGE - 1,
                                    1ul << 32, 1ul << 63, ~0ul};
    struct domain *d = domain_by_owner_id(1);
    struct page_info *pg = alloc_domheap_pages(d, 0, 0);

    memset(bits, 0, sizeof(bits));
    set_gpfn_from_mfn(page_to_mfn(pg), 70);
    log_dirty_frame_slow(page_to_mfn(pg));
    assert_int_equal(bits[1], 1ul << 6);
    memset(bits, 0, sizeof(bits));
    assert_false(frame_is_dirty(page_to_mfn(pg)));
    for (unsigned int i = 0; i < ARRAY_SIZE(none); i++) {
        set_gpfn_from_mfn(page_to_mfn(pg), none[i]);
        log_dirty_frame_slow(page_to_mfn(pg));
        assert_true(frame_is_dirty(page_to_mfn(pg)));
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++)
        assert_int_equal(bits[i], 0);
}

/* Neither the domain's limit nor what its kernel says makes the log larger than
 * the machine needs. */
static void test_size(void **state)
{
    static struct shared_info si;
    struct domain d = {.shared_info = &si, .max_pages = 100};
    unsigned long usual =
        DIV_ROUND_UP(2 * max_page + EXTRA_PFNS, PFNS_PER_PAGE);

    assert_int_equal(log_size(&d), 1);
    d.max_pages = 0xffffffff;
    assert_int_equal(log_size(&d), DIV_ROUND_UP(max_page, PFNS_PER_PAGE));
    si.arch.max_pfn = ~0ul - 1;
    assert_int_equal(log_size(&d), usual);
    si.arch.max_pfn = ~0ul;
    assert_in_range(log_size(&d), 1, usual);
}

/* A frame may have a number beyond the log: a guest that began small can grow
 * there. */
static void test_beyond(void **state)
{
    static unsigned long buffer[PAGE_SIZE / 8];
    struct log_dirty log = {.page = pages, .nr_pages = 1, .buffer = buffer};

    memset(bits, 0, sizeof(bits));
    bits[0] = 5;
    take_words(&log, 0, 128, true);
    assert_int_equal(buffer[0], 5);
    assert_int_equal(buffer[1], 0);
    assert_int_equal(bits[0], 0);
    assert_int_equal(log.dirty_count, 2);
    for (int i = 0; i < 2; i++) {
        log.dirty_count = 0;
        take_words(&log, 1, 70, true);
        assert_int_equal(buffer[0], ~0ul);
        assert_int_equal(buffer[1], 63);
        assert_int_equal(log.dirty_count, 70);
    }
}

/* As many times as it takes; how often a page was freed in one piece at most.
 */
static unsigned int freed_at_once(void)
{
    unsigned int most = 0;

    while (to_free) {
        struct rcu_head *head = to_free;
        uint64_t before = total_free_pages();

        to_free = NULL;
        head->fn(head);
        most = MAX(most, (unsigned int)(total_free_pages() - before));
    }
    return most;
}

#define LOG_PAGES 300 /* more than are freed at once */

/* Others come between any two pieces of it, also if it is never finished. */
static void test_large(void **state)
{
    static struct shared_info si;
    struct domain *d = world_domain[1];
    uint64_t before = total_free_pages();
    unsigned int calls = 1;
    struct log_dirty *log;

    d->arch.log = NULL;
    d->shared_info = &si;
    for (unsigned int i = 0; i < 2; i++) {
        log = d->arch.new_log = log_alloc(d);
        xfree(log->page);
        log->nr_pages = LOG_PAGES;
        log->page = xzalloc_array(unsigned long *, LOG_PAGES);
        world_preempt = 1000;
        assert_int_equal(enable(d), -ERESTART);
        assert_ptr_equal(d->arch.new_log, log);
        for (calls = 1; !i && enable(d) == -ERESTART; calls++)
            assert_null(d->arch.log);
        world_preempt = 0;
        assert_true(i || calls >= LOG_PAGES);
        assert_ptr_equal(d->arch.log, i ? NULL : log);
        log_dirty_end(d);
        assert_null(d->arch.log);
        assert_null(d->arch.new_log);
        assert_in_range(freed_at_once(), 1, FREE_STRIDE + 8);
        assert_int_equal(total_free_pages(), before);
    }
    d->shared_info = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"What dom0 maps of a logged domain is found, a table at a time",
         test_foreign_maps, NULL, NULL, NULL},
        {"What others can write by a grant is found, some at a time",
         test_grants, NULL, NULL, NULL},
        {"A pfn that a domain has not is no place in its log",
         test_false_numbers, NULL, NULL, NULL},
        {"A log is no larger than the machine needs", test_size, NULL, NULL,
         NULL},
        {"Beyond the log every page is dirty", test_beyond, NULL, NULL, NULL},
        {"A large log comes and goes in pieces", test_large, NULL, NULL, NULL},
    };

    world_init();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
