/* SPDX-License-Identifier: MIT */
/* Which of PCI's memory-mapped configuration space the hypervisor maps because
 * dom0 asks for it: what firmware's table names, and no more. */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include <hv/domain.h>
#include "../../xen-lite/arch/x86/irq/pci.c"

#define BASE 0xc0000000ul

struct acpi_facts acpi = {
    .nr_mcfg = 3,
    .mcfg = {{.base = 0xb0000000, .end_bus = 255},
             {.base = BASE, .segment = 1, .start_bus = 8, .end_bus = 15},
             {.base = BASE, .segment = 1, .start_bus = 32, .end_bus = 33}},
};
static paddr_t mapped;
static size_t mapped_size;
static bool dom0_is_locked = true;
static struct domain dom0;
struct domain *hardware_domain = &dom0;

void *ioremap(paddr_t pa, size_t size)
{
    mapped = pa;
    mapped_size = size;
    return (void *)BASE;
}

void lock_order_acquire(spinlock_t *l)
{
}

void lock_order_release(spinlock_t *l)
{
}

bool lock_is_held(const spinlock_t *l)
{
    return l != &dom0.lock || dom0_is_locked;
}

noreturn void bug(const char *file, int line, const char *what)
{
    fail_msg("%s:%d: %s", file, line, what);
    abort();
}

uint8_t inb(uint16_t port)
{
    return 0xff;
}

void outb(uint16_t port, uint8_t v)
{
}

static int reserve(uint64_t base, uint16_t seg, uint8_t first, uint8_t last)
{
    mapped = mapped_size = 0;
    return pci_mmcfg_reserved(base, seg, first, last, true);
}

static void test_range(void **state)
{
    assert_int_equal(reserve(BASE + 4096, 1, 8, 15), -ENODEV);
    assert_int_equal(reserve(BASE, 2, 8, 15), -ENODEV);
    assert_int_equal(reserve(BASE, 1, 7, 15), -EINVAL);
    assert_int_equal(reserve(BASE, 1, 8, 16), -EINVAL);
    assert_int_equal(reserve(BASE, 1, 0, 255), -EINVAL);
    assert_int_equal(reserve(BASE, 1, 12, 11), -EINVAL);
    assert_int_equal(mapped_size, 0);
    assert_int_equal(reserve(BASE, 1, 9, 10), 0);
    assert_int_equal(mapped, BASE + (9 << BUS_SHIFT));
    assert_int_equal(mapped_size, 2 << BUS_SHIFT);
    assert_int_equal(reserve(BASE, 1, 32, 33), 0);
    assert_int_equal(reserve(BASE, 1, 8, 33), -EINVAL);
    for (unsigned int i = 2; i < MAX_MCFG; i++)
        assert_int_equal(reserve(BASE, 1, 8, 15), 0);
    assert_int_equal(reserve(BASE, 1, 8, 15), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"The hypervisor maps what firmware's table names, and no more",
         test_range, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
