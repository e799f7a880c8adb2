/* SPDX-License-Identifier: MIT */
/*
 * The memory map (xen-lite/arch/x86/boot/e820.c): random overlapping entries
 * against a model of one type per page, and what is left after reservations.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include "../../xen-lite/arch/x86/boot/e820.c"
#include <cmocka.h>

#define PAGES  256
#define ROUNDS 2000

static uint8_t model[PAGES]; /* strictest type; 0: none */

void printk(const char *fmt, ...)
{
}

noreturn void panic(const char *fmt, ...)
{
    abort();
}

static uint32_t rnd(uint32_t n)
{
    return (uint32_t)random() % n;
}

static void start(void)
{
    raw.nr = 0;
    nr_boot_reserved = 0;
    memset(model, 0, sizeof(model));
}

static void add(uint32_t first, uint32_t n, uint32_t type)
{
    e820_add(first * PAGE_SIZE, n * PAGE_SIZE, type);
    for (uint32_t i = first; i < first + n; i++)
        model[i] = MAX(model[i], type);
}

static void random_map(void)
{
    start();
    add(rnd(PAGES - 64), 64, E820_RAM);
    for (uint32_t i = rnd(12); i; i--) {
        uint32_t first = rnd(PAGES), n = 1 + rnd(PAGES - first);

        add(first, n, 1 + rnd(5));
    }
    e820_finish();
}

static void the_map_is_sorted_and_the_stronger_type_wins(void **state)
{
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t got[PAGES] = {0};

        random_map();
        for (unsigned int i = 0; i < hv_e820.nr; i++) {
            const struct e820entry *e = &hv_e820.map[i];

            /* Sorted, apart, and neighbours of one type joined. */
            if (i) {
                const struct e820entry *p = e - 1;

                assert_true(p->addr + p->size <= e->addr);
                assert_false(p->addr + p->size == e->addr &&
                             p->type == e->type);
            }
            memset(got + e->addr / PAGE_SIZE, e->type, e->size / PAGE_SIZE);
        }
        assert_memory_equal(got, model, PAGES);
    }
}

static uint8_t given[PAGES];

static void take(paddr_t s, paddr_t e)
{
    assert_int_equal((s | e) % PAGE_SIZE, 0);
    assert_true(s < e);
    for (paddr_t p = s / PAGE_SIZE; p < e / PAGE_SIZE; p++)
        given[p]++;
}

static void free_memory_is_ram_that_nothing_reserves(void **state)
{
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t want[PAGES];

        random_map();
        for (int i = 0; i < PAGES; i++)
            want[i] = model[i] == E820_RAM;
        for (uint32_t i = rnd(10); i; i--) {
            uint32_t first = rnd(PAGES), n = 1 + rnd(MIN(PAGES - first, 40u));

            boot_reserve(first * PAGE_SIZE, (first + n) * PAGE_SIZE);
            memset(want + first, 0, n);
        }
        memset(given, 0, sizeof(given));
        e820_for_each_free_ram(take);
        assert_memory_equal(given, want, PAGES);
    }
}

static void pages_that_are_partly_ram_are_not_given(void **state)
{
    start();
    e820_add(0x800, 0x2000, E820_RAM);
    e820_finish();
    memset(given, 0, sizeof(given));
    e820_for_each_free_ram(take);
    assert_int_equal(given[0], 0);
    assert_int_equal(given[1], 1);
    assert_int_equal(given[2], 0);
}

static void entries_that_are_empty_wrap_or_are_unknown_do_no_harm(void **state)
{
    start();
    e820_add(0, 0, E820_RAM);
    e820_add(UINT64_MAX - 4095, 8192, E820_RAM); /* wraps */
    e820_add(0x1000, 0x1000, 20);                /* a loader's own type */
    e820_finish();
    assert_int_equal(hv_e820.nr, 1);
    assert_int_equal(hv_e820.map[0].type, E820_RESERVED);
}

/* Memory is used by its address in the direct map; what lies behind that is a
 * guest's. */
static void memory_beyond_the_direct_map_is_not_used(void **state)
{
    start();
    e820_add(4UL << 40, 2UL << 40, E820_RAM);
    e820_add(7UL << 40, PAGE_SIZE, E820_ACPI);
    e820_finish();
    assert_int_equal(hv_e820.nr, 3);
    assert_int_equal(hv_e820.map[0].type, E820_RAM);
    assert_int_equal(hv_e820.map[0].size, 1UL << 40);
    assert_int_equal(hv_e820.map[1].type, E820_UNUSABLE);
    assert_int_equal(hv_e820.map[2].type, E820_UNUSABLE);
    assert_int_equal(DIRECTMAP_SIZE, 0xffff880000000000 - 0xffff830000000000);
}

/* An entry that crosses the end of the direct map needs two places. */
static void a_map_that_is_full_stays_whole(void **state)
{
    start();
    for (unsigned int i = 1; i < E820_MAX; i++)
        e820_add(2 * i * PAGE_SIZE, PAGE_SIZE, E820_RAM);
    e820_add(4UL << 40, 2UL << 40, E820_RAM);
    assert_true(raw.nr <= E820_MAX);
    e820_finish();
    for (unsigned int i = 0; i < hv_e820.nr; i++)
        assert_true(hv_e820.map[i].type != E820_RAM ||
                    hv_e820.map[i].addr + hv_e820.map[i].size <= 5UL << 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_map_is_sorted_and_the_stronger_type_wins),
        cmocka_unit_test(free_memory_is_ram_that_nothing_reserves),
        cmocka_unit_test(pages_that_are_partly_ram_are_not_given),
        cmocka_unit_test(memory_beyond_the_direct_map_is_not_used),
        cmocka_unit_test(a_map_that_is_full_stays_whole),
        cmocka_unit_test(entries_that_are_empty_wrap_or_are_unknown_do_no_harm),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    srandom(1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
