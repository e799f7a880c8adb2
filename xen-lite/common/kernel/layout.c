/* SPDX-License-Identifier: MIT */
/*
 * Where everything goes. A PV guest starts with a window of its memory
 * mapped at virt_base: page frame n at virt_base + n pages, from frame 0 up.
 * In it, after the kernel, lie in this order
 *
 *   [ramdisk]  [p2m list]  start_info  [store page  console page]
 *   page tables  boot stack  free space
 *
 * and the window ends at an address that is a multiple of 4 MiB and leaves at
 * least 512 KiB free, for the kernel's first steps. dom0 has neither store nor
 * console page. Kernels that ask for it (the notes MOD_START_PFN and INIT_P2M;
 * all current ones do) get the ramdisk unmapped after the window, and the p2m
 * list at an address of its own with frames after that; the list's own page
 * tables follow the list.
 *
 * Page tables of the window map themselves, so their number depends on the
 * window's size and the other way round: repeat until it settles.
 */
#include "pure.h"

#define PAGE_SHIFT   KERNEL_PAGE_SHIFT
#define PAGE_SIZE    (1ULL << PAGE_SHIFT)
#define WINDOW_ALIGN (4ULL << 20)
#define WINDOW_FREE  ((1ULL << 19) >> PAGE_SHIFT)

/* 16 TiB: sums of page counts and addresses stay far from an overflow. */
#define NR_PAGES_MAX (1ULL << 32)

/* What the hypervisor keeps for itself, and the end of canonical addresses. */
#define HYPERVISOR_FIRST 0x0000800000000000ULL
#define HYPERVISOR_LAST  0xffff87ffffffffffULL

static uint64_t pages_for(uint64_t bytes)
{
    return (bytes >> PAGE_SHIFT) + !!(bytes % PAGE_SIZE);
}

/* to: a power of two. */
static uint64_t round_up(uint64_t n, uint64_t to)
{
    return (n + to - 1) & ~(to - 1);
}

/*
 * Let *m map 'pages' pages at first; false when the guest may not use these
 * addresses (or they wrap around).
 */
static bool mapping_init(struct mapping *m, uint64_t first, uint64_t first_pfn,
                         uint64_t pages)
{
    unsigned int level;

    *m = (struct mapping){
        .first = first,
        .last = first + (pages << PAGE_SHIFT) - 1,
        .first_pfn = first_pfn,
    };
    if (m->last < m->first ||
        (m->first <= HYPERVISOR_LAST && m->last >= HYPERVISOR_FIRST))
        return false;
    /* A table of level [1]: L3 spans 2^39 bytes, L2 2^30, L1 2^21. */
    for (level = 1; level <= 3; level++) {
        unsigned int shift = 48 - 9 * level;

        m->nr_tables[level] = (m->last >> shift) - (m->first >> shift) + 1;
    }
    return true;
}

static uint64_t mapping_tables(const struct mapping *m)
{
    return m->nr_tables[1] + m->nr_tables[2] + m->nr_tables[3];
}

/* Number the tables from pfn on: all L3, all L2, all L1. */
static void mapping_place_tables(struct mapping *m, uint64_t pfn)
{
    unsigned int level;

    for (level = 1; level <= 3; level++) {
        m->table_pfn[level] = pfn;
        pfn += m->nr_tables[level];
    }
}

static struct pfn_range take(uint64_t *next, uint64_t count)
{
    struct pfn_range range = {*next, count};

    *next += count;
    return range;
}

/* Page tables, stack and the window's end; *next moves past the window. */
static bool close_window(struct kernel_layout *l, uint64_t *next)
{
    uint64_t start = *next, tables = 0, end;

    for (;;) {
        end = layout_virt(l, start + tables + 1 + WINDOW_FREE);
        end = (round_up(end, WINDOW_ALIGN) - l->virt_base) >> PAGE_SHIFT;
        if (!mapping_init(&l->window, l->virt_base, 0, end))
            return false;
        if (1 + mapping_tables(&l->window) == tables)
            break;
        tables = 1 + mapping_tables(&l->window);
    }
    l->page_tables = take(next, tables);
    l->stack = take(next, 1);
    mapping_place_tables(&l->window, l->page_tables.start + 1);
    *next = end;
    return true;
}

static int place_unmapped(const struct kernel *kernel, struct kernel_layout *l,
                          uint64_t *next, struct why *why)
{
    uint64_t list_pages = pages_for(l->nr_pages * sizeof(uint64_t));

    if (kernel->mod_start_pfn)
        l->ramdisk = take(next, l->ramdisk.count);
    if (kernel->init_p2m == KERNEL_NO_ADDRESS)
        return 0;

    if (kernel->init_p2m % PAGE_SIZE ||
        !mapping_init(&l->list, kernel->init_p2m, *next, list_pages))
        return refuse(why, EINVAL, "kernel wants its p2m list at %#lx",
                      kernel->init_p2m);
    /* Each mapping has tables of its own below the L4. */
    if (l->list.first >> 39 <= l->window.last >> 39 &&
        l->list.last >> 39 >= l->window.first >> 39)
        return refuse(why, EINVAL, "kernel wants its p2m list next to itself");
    l->p2m = take(next, list_pages + mapping_tables(&l->list));
    l->p2m_virt = kernel->init_p2m;
    mapping_place_tables(&l->list, l->p2m.start + list_pages);
    return 0;
}

int kernel_layout(const struct kernel *kernel, uint64_t nr_pages,
                  uint64_t ramdisk_size, bool dom0, struct kernel_layout *l,
                  struct why *why)
{
    uint64_t next = pages_for(kernel->phys_end), window_end, needed;

    memset(l, 0, sizeof(*l));
    l->nr_pages = nr_pages;
    l->virt_base = kernel->virt_base;
    l->ramdisk.count = pages_for(ramdisk_size);
    if (nr_pages > NR_PAGES_MAX || ramdisk_size > KERNEL_RAMDISK_MAX)
        return refuse(why, EFBIG, "guest or ramdisk is too large");

    if (!kernel->mod_start_pfn)
        l->ramdisk = take(&next, l->ramdisk.count);
    if (kernel->init_p2m == KERNEL_NO_ADDRESS) {
        l->p2m = take(&next, pages_for(nr_pages * sizeof(uint64_t)));
        l->p2m_virt = layout_virt(l, l->p2m.start);
    }
    l->start_info = take(&next, 1);
    l->store = take(&next, !dom0);
    l->console = take(&next, !dom0);
    if (!close_window(l, &next))
        return refuse(why, EINVAL,
                      "kernel and its data do not fit at virtual %#lx",
                      l->virt_base);
    /* The window's free end may lie beyond a small guest's memory. */
    needed = range_end(l->stack);
    window_end = next;
    if (place_unmapped(kernel, l, &next, why))
        return -1;
    if (next != window_end)
        needed = next;
    if (needed > nr_pages)
        return refuse(why, ENOMEM,
                      "kernel and ramdisk need %lu MiB, the guest has %lu",
                      round_up(needed, 256) >> 8, nr_pages >> 8);
    return 0;
}
