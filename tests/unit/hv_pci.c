/* SPDX-License-Identifier: MIT */
/*
 * PCI's configuration space: which of its memory the hypervisor maps because
 * dom0 asks for it, what firmware's table names and no more; and who has the
 * pair of ports.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include <hv/domain.h>
#include <asm/processor.h>

/* The pair of ports: the byte read is the register's number. Another CPU, if
 * it can, has its turn between an address and its data. */
static uint32_t cf8;
static unsigned int turns;
static void other_cpu(void);
static void play_outl(uint16_t port, uint32_t v)
{
    if (port == 0xcf8)
        cf8 = v;
    other_cpu();
}
#define outl play_outl
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

static jmp_buf at_bug;
noreturn void bug(const char *file, int line, const char *what)
{
    longjmp(at_bug, 1);
}

uint8_t inb(uint16_t port)
{
    return (cf8 & 0xfc) + port - 0xcfc;
}

static uint8_t written_at;
void outb(uint16_t port, uint8_t v)
{
    written_at = inb(port);
}

static void other_cpu(void)
{
    if (pci_lock.head == pci_lock.tail)
        cf8 = 0;
    turns++;
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

static void test_lock(void **state)
{
    dom0_is_locked = false;
    if (!setjmp(at_bug)) {
        reserve(BASE, 1, 9, 10);
        fail();
    }
    dom0_is_locked = true;
}

static void test_ports(void **state)
{
    const struct pci_sbdf dev = {.bus = 1, .devfn = 8};

    assert_int_equal(pci_conf_read(dev, 0x35, 1), 0x35);
    pci_conf_write(dev, 0x42, 1, 7);
    assert_int_equal(written_at, 0x42);
    assert_int_equal(turns, 2);
    assert_int_equal(pci_lock.head, pci_lock.tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"Maps are added under dom0's lock alone", test_lock, NULL, NULL, NULL},
        {"No CPU comes between an address and its data", test_ports, NULL, NULL,
         NULL},
        {"The hypervisor maps what firmware's table names, and no more",
         test_range, NULL, NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
