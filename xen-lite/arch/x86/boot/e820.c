/* SPDX-License-Identifier: MIT */
/*
 * The memory map. Firmware may give entries in any order and overlapping; the
 * map is rebuilt from all the boundaries, each piece taking the highest type
 * number that covers it (RAM is 1, so anything else wins over RAM).
 */
#include <hv/lib.h>
#include <asm/e820.h>
#include <asm/page.h>

struct e820map hv_e820;
struct boot_range boot_reserved[BOOT_RESERVED_MAX] __initdata;
unsigned int nr_boot_reserved __initdata;

static struct e820map raw __initdata;

void __init e820_add(uint64_t addr, uint64_t size, uint32_t type)
{
    uint64_t end = addr + size;

    if (end < addr)
        return;
    if (type > E820_UNUSABLE) /* loaders add kinds of their own */
        type = E820_RESERVED;
    if (end > DIRECTMAP_SIZE && type != E820_RESERVED &&
        type != E820_UNUSABLE) {
        uint64_t from = MAX(addr, DIRECTMAP_SIZE);

        e820_add(from, end - from, E820_UNUSABLE);
        end = from;
    }
    if (end > addr && raw.nr < E820_MAX)
        raw.map[raw.nr++] = (struct e820entry){addr, end - addr, type};
}

static uint32_t __init strictest_type(uint64_t s, uint64_t e)
{
    uint32_t type = 0;

    for (unsigned int i = 0; i < raw.nr; i++) {
        const struct e820entry *r = &raw.map[i];

        if (r->addr <= s && r->addr + r->size >= e)
            type = MAX(type, r->type);
    }
    return type;
}

/* The lowest boundary above at, or at itself when there is none. */
static uint64_t __init next_boundary(uint64_t at)
{
    uint64_t best = UINT64_MAX;

    for (unsigned int i = 0; i < raw.nr; i++) {
        uint64_t s = raw.map[i].addr, e = s + raw.map[i].size;

        if (s > at)
            best = MIN(best, s);
        if (e > at)
            best = MIN(best, e);
    }
    return best == UINT64_MAX ? at : best;
}

void __init e820_finish(void)
{
    uint64_t s = 0, e;

    for (hv_e820.nr = 0; (e = next_boundary(s)) != s; s = e) {
        uint32_t type = strictest_type(s, e);
        struct e820entry *last = NULL;

        if (hv_e820.nr)
            last = &hv_e820.map[hv_e820.nr - 1];
        if (!type)
            continue;
        if (last && last->type == type && last->addr + last->size == s)
            last->size += e - s;
        else if (hv_e820.nr < E820_MAX)
            hv_e820.map[hv_e820.nr++] = (struct e820entry){s, e - s, type};
    }
    if (!hv_e820.nr)
        panic("The boot loader gave no memory map");
}

void __init e820_print(void)
{
    static const char *const names[] = {"?",    "RAM", "reserved",
                                        "ACPI", "NVS", "unusable"};

    for (unsigned int i = 0; i < hv_e820.nr; i++) {
        const struct e820entry *e = &hv_e820.map[i];

        printk(XENLOG_INFO " [%016lx, %016lx] %s\n", e->addr,
               e->addr + e->size - 1,
               names[e->type < ARRAY_SIZE(names) ? e->type : 0]);
    }
}

/* Ranges that touch become one, so that boot allocations, which come side by
 * side, need one entry together. */
void __init boot_reserve(paddr_t s, paddr_t e)
{
    unsigned int n = 0, i;

    for (i = 0; i < nr_boot_reserved; i++) {
        struct boot_range r = boot_reserved[i];

        if (r.e < s || r.s > e) {
            boot_reserved[n++] = r;
        } else {
            s = MIN(s, r.s);
            e = MAX(e, r.e);
        }
    }
    if (n == BOOT_RESERVED_MAX)
        panic("Too many reserved ranges");
    for (i = n; i && boot_reserved[i - 1].s > s; i--)
        boot_reserved[i] = boot_reserved[i - 1];
    boot_reserved[i] = (struct boot_range){s, e};
    nr_boot_reserved = n + 1;
}

void __init e820_for_each_free_ram(void (*fn)(paddr_t s, paddr_t e))
{
    for (unsigned int i = 0; i < hv_e820.nr; i++) {
        const struct e820entry *r = &hv_e820.map[i];
        paddr_t s = r->addr, end = r->addr + r->size;

        if (r->type != E820_RAM)
            continue;
        for (unsigned int j = 0; j <= nr_boot_reserved && s < end; j++) {
            bool last = j == nr_boot_reserved;
            paddr_t hole = last ? end : MIN(end, boot_reserved[j].s);
            paddr_t from = ROUND_UP(s, PAGE_SIZE), to = hole & PAGE_MASK;

            if (hole > s && from < to)
                fn(from, to);
            if (!last)
                s = MAX(s, boot_reserved[j].e);
        }
    }
}
