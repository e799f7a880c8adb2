/* SPDX-License-Identifier: MIT */
/*
 * Memory of a tiny guest: pages of the initial mapping that are not in use, and
 * page tables edited by hypercall. Tables are read through the M2P, since
 * entries hold machine frames.
 */
#include <pv/pv.h>

static uint64_t next_pfn, end_pfn;
static uint64_t next_va = 0x10000000UL; /* for map_mfn(); below 4 GiB */

void memory_init(void);
extern char _end[];

void memory_init(void)
{
    const uint64_t *pt = (const uint64_t *)start_info->pt_base;

    /* Behind the boot stack, which follows the tables, the window is free. */
    next_pfn = virt_to_pfn(pt) + start_info->nr_pt_frames + 1;
    end_pfn = (next_pfn + 128 + 1023) & ~1023UL;
    if (end_pfn - next_pfn < 128)
        end_pfn += 1024;
    while (!read_pte(pfn_to_virt(end_pfn - 1), 1))
        end_pfn -= 128;
}

void *alloc_pages(unsigned int n)
{
    void *p = pfn_to_virt(next_pfn);

    if (next_pfn + n > end_pfn) {
        printf("Bail out! the guest has no page left\n");
        shutdown(SHUTDOWN_crash);
    }
    next_pfn += n;
    memset(p, 0, n * PAGE_SIZE);
    return p;
}

void *alloc_page(void)
{
    return alloc_pages(1);
}

static unsigned int idx(const void *va, int level)
{
    return ((uint64_t)va >> (12 + 9 * (level - 1))) & 511;
}

/* The table of that level on the way to va, by its address in the window (its
 * frame is the guest's, so the M2P leads to it); NULL if the way ends
 * earlier. */
static uint64_t *table_of(const void *va, int level)
{
    uint64_t *t = (uint64_t *)start_info->pt_base;

    for (int l = 4; l > level; l--) {
        uint64_t e = t[idx(va, l)];

        if (!(e & PTE_P))
            return NULL;
        t = pfn_to_virt(mfn_to_pfn((e & PTE_MASK) / PAGE_SIZE));
    }
    return t;
}

uint64_t read_pte(const void *va, int level)
{
    uint64_t *t = table_of(va, level);

    return t ? t[idx(va, level)] : 0;
}

uint64_t pte_maddr(const void *va)
{
    uint64_t *t = table_of(va, 1);

    return t ? virt_to_mfn((void *)((uint64_t)t & PAGE_MASK)) * PAGE_SIZE +
                   idx(va, 1) * 8
             : 0;
}

long set_pte(uint64_t maddr, uint64_t value)
{
    struct mmu_update u = {maddr | MMU_NORMAL_PT_UPDATE, value};
    int done = 0;

    return HC4(mmu_update, &u, 1, &done, DOMID_SELF);
}

long map_va(const void *va, uint64_t pte, unsigned long flags)
{
    return HC3(update_va_mapping, va, pte, flags);
}

long make_readonly(void *page)
{
    return map_va(page, virt_to_mfn(page) * PAGE_SIZE | PTE_P | PTE_U | PTE_A,
                  UVMF_INVLPG);
}

long make_writable(void *page)
{
    return map_va(page,
                  virt_to_mfn(page) * PAGE_SIZE | PTE_P | PTE_W | PTE_U |
                      PTE_A | PTE_D,
                  UVMF_INVLPG);
}

long mmuext(unsigned int cmd, uint64_t arg1, uint64_t arg2)
{
    struct mmuext_op op = {.cmd = cmd};
    unsigned int done = 0;

    op.arg1.mfn = arg1;
    op.arg2.nr_ents = arg2;
    return HC4(mmuext_op, &op, 1, &done, DOMID_SELF);
}

void *map_mfn(uint64_t mfn, uint64_t flags, long *rc)
{
    void *va = (void *)next_va;

    next_va += PAGE_SIZE;
    for (int level = 4; level > 1; level--) {
        uint64_t *t = table_of(va, level);

        if (t[idx(va, level)] & PTE_P)
            continue;
        void *page = alloc_page();

        *rc = make_readonly(page);
        if (!*rc)
            *rc = set_pte(virt_to_mfn(t) * PAGE_SIZE + idx(va, level) * 8,
                          virt_to_mfn(page) * PAGE_SIZE | PTE_P | PTE_W |
                              PTE_U | PTE_A | PTE_D);
        if (*rc)
            return NULL;
    }
    *rc = set_pte(pte_maddr(va), mfn * PAGE_SIZE | flags);
    return *rc ? NULL : va;
}
