/* SPDX-License-Identifier: MIT */
/*
 * Device memory: dom0 may map all of it but what the hypervisor uses itself.
 * The HPET is the clock's, but firmware's AML reads it: stores to it vanish (on
 * genuine Xen they stop it). The addresses are those of QEMU's machine, and lie
 * below the end of memory: run: mem=5120
 */
#include <pv/pv.h>

#define IO_APIC  0xfec00000
#define HPET     0xfed00000
#define LAPIC    0xfee00000
#define MSI_LAST 0xfeeff000 /* stores up to here raise interrupts */
#define NOTHING  0xfef00000

#define HPET_CONFIG  (0x10 / 4)
#define HPET_COUNTER (0xf0 / 4)

static volatile uint32_t *page;

static int map(uint64_t addr, uint64_t flags)
{
    return map_va((void *)page, addr | PTE_P | PTE_U | PTE_PCD | flags,
                  UVMF_INVLPG);
}

static bool hpet_counts(void)
{
    uint32_t before = page[HPET_COUNTER];

    for (unsigned int n = 0; n < 1000000; n++)
        if (page[HPET_COUNTER] != before)
            return true;
    return false;
}

int main(void)
{
    page = alloc_page();
    is(map(NOTHING, PTE_W), 0, "dom0 can map device memory to write it");
    is(map(NOTHING, 0), 0, "and make it read-only");
    is(map(NOTHING, PTE_W) || map(NOTHING, 0) || map(NOTHING, PTE_W), 0,
       "as often as it likes");
    is(map(IO_APIC, PTE_W), -EPERM, "but not the IO-APIC");
    is(map(IO_APIC, 0), -EPERM, "not to read it either");
    is(map(LAPIC, PTE_W), -EPERM, "nor the local APIC");
    is(map(LAPIC, 0), -EPERM, "to read it");
    is(map(LAPIC + 0x1000, PTE_W), -EPERM, "nor what raises interrupts");
    is(map(MSI_LAST, PTE_W), -EPERM, "to its end");
    is(map(MSI_LAST, 0), -EPERM, "to read it");
    is(map(HPET, PTE_W), 0, "the HPET can be mapped");
    ok(hpet_counts(), "it counts");
    page[HPET_CONFIG] = 0;
    ok(hpet_counts(), "a store does not stop it");
    is(map(HPET, PTE_W | PTE_A), 0, "the same mapping with other flags");
    page[HPET_CONFIG] = 0;
    ok(hpet_counts(), "is as good");
    return 0;
}
