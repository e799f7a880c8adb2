/* SPDX-License-Identifier: MIT */
/*
 * The domain builder's memory layout, and the page tables written for it.
 * The layouts of Debian's kernel and of its PV GRUB must be those of the
 * stock toolstack; any other must satisfy the rules. The tables are written
 * into a fake guest's memory and then walked, address by address.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../../tools/libs/guest/private.h"

#define PAGE 4096UL
#define MFN0 0x100000UL /* a fake guest's frames: pfn n is MFN0 + n * 3 */

static const struct kernel debian = {
    .nr_segments = 1,
    .phys_start = 0x1000000,
    .phys_end = 0x4a00000,
    .virt_base = 0xffffffff80000000ULL,
    .entry = 0xffffffff830791c0ULL,
    .init_p2m = 0x8000000000ULL,
    .hypercall_page = KERNEL_NO_ADDRESS,
    .mod_start_pfn = true,
};

static const struct kernel grub = {
    .nr_segments = 2,
    .phys_end = 0x613dc8,
    .init_p2m = KERNEL_NO_ADDRESS,
    .hypercall_page = KERNEL_NO_ADDRESS,
};

static void expect_range(struct pfn_range range, uint64_t start, uint64_t count)
{
    assert_int_equal(range.start, start);
    assert_int_equal(range.count, count);
}

static void everything_lies_where_xens_own_builder_puts_it(void **state)
{
    struct kernel_layout l;
    struct why why;

    assert_int_equal(kernel_layout(&debian, 0x10000, 2174976, false, &l, &why),
                     0);
    expect_range(l.start_info, 0x4a00, 1);
    expect_range(l.store, 0x4a01, 1);
    expect_range(l.console, 0x4a02, 1);
    expect_range(l.page_tables, 0x4a03, 0x29);
    expect_range(l.stack, 0x4a2c, 1);
    expect_range(l.ramdisk, 0x4c00, 0x213);
    expect_range(l.p2m, 0x4e13, 0x83);
    assert_true(l.p2m_virt == 0x8000000000ULL);
    assert_true(l.window.last == 0xffffffff84bfffffULL);

    assert_int_equal(kernel_layout(&grub, 0x4000, 0, false, &l, &why), 0);
    expect_range(l.p2m, 0x614, 0x20);
    expect_range(l.start_info, 0x634, 1);
    expect_range(l.store, 0x635, 1);
    expect_range(l.console, 0x636, 1);
    expect_range(l.page_tables, 0x637, 7);
    expect_range(l.stack, 0x63e, 1);
    assert_true(l.p2m_virt == 0x614000);
    assert_true(l.window.last == 0x7fffff);
}

static void a_guest_that_does_not_fit_is_refused_with_a_reason(void **state)
{
    struct kernel k = debian;
    struct kernel_layout l;
    struct why why;

    assert_int_equal(kernel_layout(&k, 64 << 8, 0, false, &l, &why), -1);
    assert_int_equal(why.error, ENOMEM);
    assert_string_equal(why.text,
                        "kernel and ramdisk need 77 MiB, the guest has 64");
    assert_int_equal(kernel_layout(&k, 0, 0, false, &l, &why), -1);
    assert_int_equal(kernel_layout(&k, 1ULL << 40, 0, false, &l, &why), -1);
    assert_int_equal(why.error, EFBIG);
    assert_int_equal(kernel_layout(&k, 1 << 20, -1, false, &l, &why), -1);

    k.init_p2m = 0xffff800000000000ULL; /* the hypervisor's */
    assert_int_equal(kernel_layout(&k, 1 << 16, 0, false, &l, &why), -1);
    k.init_p2m = 0xffffffff00000000ULL; /* the kernel's own slot */
    assert_int_equal(kernel_layout(&k, 1 << 16, 0, false, &l, &why), -1);
    k.init_p2m = 0x8000000800ULL;
    assert_int_equal(kernel_layout(&k, 1 << 16, 0, false, &l, &why), -1);

    k = debian;
    k.virt_base = 0xffff87ffff000000ULL;
    assert_int_equal(kernel_layout(&k, 1 << 16, 0, false, &l, &why), -1);
    k.virt_base = 0x00007ffffb800000ULL; /* the window would leave canonical */
    assert_int_equal(kernel_layout(&k, 1 << 16, 0, false, &l, &why), -1);
    k.virt_base = 0xfffffffffb600000ULL; /* the window would wrap */
    assert_int_equal(kernel_layout(&k, 1 << 16, 0, false, &l, &why), -1);
    assert_int_equal(why.error, EINVAL);
}

/* --- a fake guest --------------------------------------------------------- */

static uint8_t *memory; /* nr_pages pages, by pfn */

void *guest_map(struct builder *b, struct pfn_range range)
{
    assert_true(range_end(range) <= b->layout.nr_pages);
    return memory + range.start * PAGE;
}

void guest_unmap(struct builder *b, void *addr, struct pfn_range range)
{
}

static void guest_create(struct builder *b, uint64_t nr_pages)
{
    uint64_t i;

    memory = malloc(nr_pages * PAGE);
    memset(memory, 0xa5, nr_pages * PAGE); /* nothing may rely on zeroes */
    b->mfns = malloc(nr_pages * sizeof(*b->mfns));
    for (i = 0; i < nr_pages; i++)
        b->mfns[i] = MFN0 + i * 3;
}

static void guest_destroy(struct builder *b)
{
    free(memory);
    free(b->mfns);
}

/* The pfn behind a present entry; checks that it is a frame of the guest. */
static uint64_t entry_pfn(const struct builder *b, uint64_t entry)
{
    uint64_t mfn = entry >> 12 & ((1ULL << 40) - 1);

    assert_true((entry & 0x5) == 0x5); /* present, user */
    assert_true(mfn >= MFN0 && (mfn - MFN0) % 3 == 0);
    assert_true((mfn - MFN0) / 3 < b->layout.nr_pages);
    return (mfn - MFN0) / 3;
}

/* Walk: the leaf entry, or 0; *levels counts distinct tables met. */
static uint64_t walk(const struct builder *b, uint64_t virt)
{
    uint64_t table = b->layout.page_tables.start, entry = 0;
    int shift;

    for (shift = 39; shift >= 12; shift -= 9) {
        assert_true(range_has(b->layout.page_tables, table) ||
                    range_has(b->layout.p2m, table));
        entry = ((uint64_t *)(memory + table * PAGE))[virt >> shift & 511];
        if (!entry)
            return 0;
        table = entry_pfn(b, entry);
    }
    return entry;
}

static void check_window(const struct builder *b)
{
    const struct kernel_layout *l = &b->layout;
    uint64_t virt = l->virt_base, pfn = 0;

    for (; virt <= l->window.last && virt >= l->virt_base;
         virt += PAGE, pfn++) {
        uint64_t entry = walk(b, virt);

        if (pfn >= l->nr_pages) {
            assert_true(entry == 0);
            continue;
        }
        assert_true(entry != 0 && entry_pfn(b, entry) == pfn);
        assert_int_equal(!!(entry & 2), !range_has(l->page_tables, pfn));
    }
    assert_true(walk(b, l->window.last + 1) == 0);
    assert_true(walk(b, l->virt_base - PAGE) == 0);
}

static void check_list(const struct builder *b)
{
    const struct kernel_layout *l = &b->layout;
    uint64_t pages = (l->nr_pages * 8 + PAGE - 1) / PAGE, i;

    for (i = 0; i < pages; i++) {
        uint64_t entry = walk(b, l->p2m_virt + i * PAGE);

        assert_true(entry != 0 && entry_pfn(b, entry) == l->p2m.start + i);
        assert_true(entry & 2);
    }
}

/* Ranges in ascending order must not touch each other and stay inside. */
static void check_rules(const struct kernel_layout *l, const struct kernel *k)
{
    struct pfn_range all[] = {
        {0, (k->phys_end + PAGE - 1) / PAGE},
        k->mod_start_pfn ? (struct pfn_range){0, 0} : l->ramdisk,
        k->init_p2m == KERNEL_NO_ADDRESS ? l->p2m : (struct pfn_range){0, 0},
        l->start_info,
        l->store,
        l->console,
        l->page_tables,
        l->stack,
        k->mod_start_pfn ? l->ramdisk : (struct pfn_range){0, 0},
        k->init_p2m == KERNEL_NO_ADDRESS ? (struct pfn_range){0, 0} : l->p2m,
    };
    uint64_t end = 0, window = (l->window.last + 1 - l->virt_base) / PAGE;
    size_t i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (!all[i].count)
            continue;
        assert_true(all[i].start >= end);
        end = range_end(all[i]);
    }
    assert_true(end <= l->nr_pages);
    assert_true((l->window.last + 1) % (4 << 20) == 0);
    assert_true(window >= range_end(l->stack) + 128);
    if (k->mod_start_pfn && l->ramdisk.count)
        assert_true(l->ramdisk.start >= window);
    assert_int_equal(l->page_tables.count, 1 + l->window.nr_tables[1] +
                                               l->window.nr_tables[2] +
                                               l->window.nr_tables[3]);
}

static void tables_of(const struct kernel *kernel, uint64_t nr_pages,
                      uint64_t ramdisk)
{
    struct builder b = {0};
    struct why why;

    if (kernel_layout(kernel, nr_pages, ramdisk, true, &b.layout, &why))
        fail_msg("%s", why.text);
    check_rules(&b.layout, kernel);
    assert_int_equal(b.layout.store.count + b.layout.console.count, 0);
    if (kernel_layout(kernel, nr_pages, ramdisk, false, &b.layout, &why))
        fail_msg("%s", why.text);
    check_rules(&b.layout, kernel);
    assert_int_equal(b.layout.store.count + b.layout.console.count, 2);
    guest_create(&b, nr_pages);
    assert_int_equal(write_page_tables(&b), 0);
    check_window(&b);
    check_list(&b);
    guest_destroy(&b);
}

static void page_tables_map_the_window_and_the_p2m_list(void **state)
{
    struct kernel k = debian;

    tables_of(&debian, 0x5000, 1 << 20);
    tables_of(&debian, 0x10000, 0);
    tables_of(&grub, 0x4000, 0);
    /* A window that is larger than the guest. */
    tables_of(&grub, 0x700, 0);
    /* A ramdisk in the window, a list outside, and the other way round. */
    k.mod_start_pfn = false;
    tables_of(&k, 0x8000, 12345678);
    k = debian;
    k.init_p2m = KERNEL_NO_ADDRESS;
    tables_of(&k, 0x8000, 12345678);
    /* A window across two tables of each level. */
    k.virt_base = 0x00007f7ffd000000ULL;
    k.phys_end = 0x4a00123;
    tables_of(&k, 0x8000, 0);
    /* A base that is not a multiple of 4 MiB: the window's end is. */
    k.virt_base = 0xffffffff80123000ULL;
    tables_of(&k, 0x8000, 12345678);
    /* The list across a 1 GiB border. */
    k = debian;
    k.init_p2m = 0x803ffff000ULL;
    tables_of(&k, 0x8000, 4096);
}

static void no_two_parts_overlap_whatever_the_sizes(void **state)
{
    uint64_t nr, ramdisk;
    unsigned int accepted = 0;

    for (nr = 0x4a00; nr < 0x400000; nr += nr / 7 + 1)
        for (ramdisk = 0; ramdisk < 1ULL << 33; ramdisk = ramdisk * 5 + 1) {
            struct kernel_layout l;
            struct why why;

            if (kernel_layout(&debian, nr, ramdisk, false, &l, &why))
                continue;
            check_rules(&l, &debian);
            accepted++;
        }
    assert_true(accepted > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_lies_where_xens_own_builder_puts_it),
        cmocka_unit_test(a_guest_that_does_not_fit_is_refused_with_a_reason),
        cmocka_unit_test(page_tables_map_the_window_and_the_p2m_list),
        cmocka_unit_test(no_two_parts_overlap_whatever_the_sizes),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
