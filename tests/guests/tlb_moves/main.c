/* SPDX-License-Identifier: MIT */
/*
 * A vcpu that comes back to a CPU finds no translation there that it has
 * flushed elsewhere meanwhile. The CPU idled in between, which may keep what is
 * cached, and the root is the same. run: smp=2
 */
#include <pv/domu.h>

#define ROUNDS 8

/* The CPU that we are on: its initial APIC id. */
static unsigned int cpu(void)
{
    uint32_t a = 1, b, c = 0, d;

    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return b >> 24;
}

static bool move(unsigned int to)
{
    uint64_t end = system_time() + 2000000000UL;
    static uint32_t port; /* never notified */

    if (!port)
        port = event_new_ipi(0);
    if (bind_vcpu(0, 0, to))
        return false;
    do
        wait_event(port, 1000000); /* both CPUs idle for a while */
    while (cpu() != to && system_time() < end);
    return cpu() == to;
}

static long map(volatile uint64_t *va, uint64_t mfn, uint64_t flags)
{
    return map_va((void *)va, mfn * PAGE_SIZE | PTE_P | PTE_W | PTE_U, flags);
}

int main(void)
{
    volatile uint64_t *va = alloc_page(), *other = alloc_page();
    uint64_t first = virt_to_mfn((void *)va),
             second = virt_to_mfn((void *)other);
    unsigned int stale = 0, moved = 0;

    *va = 1;
    *other = 2;
    for (unsigned int i = 0; i < ROUNDS; i++) {
        moved += move(0);
        if (*va != 1)
            stale++;
        moved += move(1);
        if (map(va, second, UVMF_INVLPG | UVMF_LOCAL) || *va != 2)
            stale++;
        moved += move(0);
        if (*va != 2)
            stale++;
        map(va, first, UVMF_INVLPG | UVMF_ALL);
    }
    is(moved, 3 * ROUNDS, "a vcpu moves between two CPUs");
    is(stale, 0,
       "a translation that was flushed on one CPU is not seen on the other");
    return 0;
}
