/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables.
 *
 * One master root, idle_root, has our slots 256-271; every guest root copies
 * them when it becomes a root, so the slots themselves never change after
 * boot: what is mapped later goes into tables that already hang below them.
 * Nothing here is both writable and executable: the image has its sections'
 * permissions, and the direct map is never executable and cannot write what
 * the image executes.
 *
 * One lock for all edits. Tables are never freed, so that no other CPU can be
 * walking one that is gone; a table page is allocated before the lock is taken.
 */
#include <hv/domain.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <hv/smp.h>
#include <asm/e820.h>
#include <asm/paging.h>
#include <asm/setup.h>
#include <asm/tlb.h>

#define LARGE_PAGES (1ul << 9) /* frames of a 2 MiB page */
#define TABLE_FLAGS (PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY)

pte_t *idle_root;
unsigned long max_page;

static spinlock_t paging_lock = SPIN_LOCK_INIT(LOCK_PAGING);
static unsigned long vmap_next = VMAP_VIRT_START;

/* Table pages for the time before there is a heap (paging_init()). */
char *boot_tables;
unsigned int nr_boot_tables;

static pte_t *table_alloc(void)
{
    if (nr_boot_tables)
        return (pte_t *)(boot_tables + --nr_boot_tables * PAGE_SIZE);
    return alloc_xenheap_page();
}

/* --- edits ---------------------------------------------------------------- */

/* A large entry becomes a table of small ones that say the same. */
static pte_t split_large(pte_t large, pte_t *table)
{
    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        table[i] = pte_make(mfn_add(pte_mfn(large), i),
                            large & ~(PTE_FRAME | PTE_PSE));
    return pte_make(virt_to_mfn(table), TABLE_FLAGS | (large & PTE_USER));
}

/*
 * The entry of va at level, or NULL: then a table page is
 * missing, which the caller brings as *spare.
 */
static pte_t *entry_of(unsigned long va, unsigned int level, pte_t **spare)
{
    pte_t *t = idle_root;

    ASSERT_HELD(&paging_lock);
    for (unsigned int l = 4; l > level; l--) {
        pte_t *e = &t[PT_INDEX(va, l)];

        if (!(*e & PTE_PRESENT) || (*e & PTE_PSE)) {
            if (!*spare)
                return NULL;
            if (*e & PTE_PRESENT)
                *e = split_large(*e, *spare);
            else
                *e = pte_make(virt_to_mfn(*spare), TABLE_FLAGS);
            *spare = NULL;
        }
        t = mfn_to_virt(pte_mfn(*e));
    }
    return &t[PT_INDEX(va, level)];
}

/* Is there a table of small pages where a large page might go? */
static bool has_table(unsigned long va)
{
    pte_t *t = idle_root;

    for (unsigned int l = 4; l >= 2; l--) {
        pte_t e = t[PT_INDEX(va, l)];

        if (!(e & PTE_PRESENT) || (e & PTE_PSE))
            return false;
        t = mfn_to_virt(pte_mfn(e));
    }
    return true;
}

/* Writes one entry; *stale is set when a CPU may have cached the old one. */
static int set_entry(unsigned long va, unsigned int level, pte_t e, bool *stale)
{
    pte_t *spare = NULL, *slot;

    for (;;) {
        spin_lock(&paging_lock);
        slot = entry_of(va, level, &spare);
        if (slot) {
            *stale |= *slot & PTE_PRESENT;
            WRITE_ONCE(*slot, e);
        }
        spin_unlock(&paging_lock);
        if (slot)
            break;
        spare = table_alloc();
        if (!spare)
            return -ENOMEM;
    }
    return 0;
}

static void flush_everywhere(void)
{
    flush_mask(cpu_online_map.bits | (1ull << smp_processor_id()), 0,
               FLUSH_TLB_GLOBAL);
}

int map_pages_to_xen(unsigned long va, mfn_t mfn, unsigned long nr,
                     uint64_t flags)
{
    bool stale = false;
    int rc = 0;

    while (nr && !rc) {
        bool large = nr >= LARGE_PAGES &&
                     !(((va >> PAGE_SHIFT) | mfn_x(mfn)) & (LARGE_PAGES - 1)) &&
                     !has_table(va);
        unsigned long n = large ? LARGE_PAGES : 1;

        rc = set_entry(va, large ? 2 : 1,
                       pte_make(mfn, flags | (large ? PTE_PSE : 0)), &stale);
        va += n << PAGE_SHIFT;
        mfn = mfn_add(mfn, n);
        nr -= n;
    }
    if (stale)
        flush_everywhere();
    return rc;
}

/* The present entry that maps va, whole large pages included; 0: none. */
static pte_t lookup(unsigned long va)
{
    pte_t *t = idle_root, e = 0;

    for (unsigned int l = 4; l; l--) {
        e = t[PT_INDEX(va, l)];
        if (!(e & PTE_PRESENT))
            return 0;
        if (l == 2 && (e & PTE_PSE))
            return pte_make(mfn_add(pte_mfn(e), PT_INDEX(va, 1)),
                            e & ~(PTE_FRAME | PTE_PSE));
        t = mfn_to_virt(pte_mfn(e));
    }
    return e;
}

void modify_xen_mappings(unsigned long s, unsigned long e, uint64_t flags)
{
    bool stale = false;

    for (; s < e; s += PAGE_SIZE) {
        pte_t old = lookup(s);

        if (old && set_entry(s, 1, pte_make(pte_mfn(old), flags), &stale))
            panic("No memory to change our own mappings\n");
    }
    if (stale)
        flush_everywhere();
}

void unmap_xen(unsigned long va, unsigned long nr)
{
    bool stale = false;

    for (; nr--; va += PAGE_SIZE)
        if (lookup(va) && set_entry(va, 1, 0, &stale))
            panic("No memory to change our own mappings\n");
    if (stale)
        flush_everywhere();
}

void *ioremap(paddr_t pa, size_t size)
{
    unsigned long off = pa & ~PAGE_MASK, va;
    unsigned long nr = PFN_UP(off + size);

    spin_lock(&paging_lock);
    va = vmap_next;
    if (nr > (VMAP_VIRT_END - va) >> PAGE_SHIFT) {
        spin_unlock(&paging_lock);
        return NULL;
    }
    vmap_next += (nr + 1) << PAGE_SHIFT; /* and a page that is never there */
    spin_unlock(&paging_lock);
    if (map_pages_to_xen(va, _mfn(PFN_DOWN(pa)), nr, HV_PTE_UC))
        return NULL;
    return (void *)(va + off);
}

void set_fixmap(enum fixed_addresses i, mfn_t mfn, uint64_t flags)
{
    WRITE_ONCE(fixmap_l1[i], pte_make(mfn, flags));
    invlpg(fix_to_virt(i));
}

/* --- per domain: slot 260 ------------------------------------------------- */

#define PERDOMAIN_VCPUS_PER_L1 (PT_ENTRIES / PERDOMAIN_VCPU_PAGES)

void init_xen_l4_slots(pte_t *l4, const struct domain *d)
{
    memcpy(&l4[ROOT_SLOT_FIRST], &idle_root[ROOT_SLOT_FIRST],
           (ROOT_SLOT_LAST + 1 - ROOT_SLOT_FIRST) * sizeof(*l4));
    if (d->arch.perdomain_l3)
        l4[PERDOMAIN_SLOT] =
            pte_make(virt_to_mfn(d->arch.perdomain_l3), TABLE_FLAGS);
}

static pte_t *next_table(pte_t *e)
{
    pte_t *t;

    if (*e & PTE_PRESENT)
        return mfn_to_virt(pte_mfn(*e));
    t = alloc_xenheap_page();
    if (t)
        WRITE_ONCE(*e, pte_make(virt_to_mfn(t), TABLE_FLAGS));
    return t;
}

int create_perdomain_vcpu(struct vcpu *v)
{
    struct domain *d = v->domain;
    pte_t *l2;

    if (!d->arch.perdomain_l3)
        d->arch.perdomain_l3 = alloc_xenheap_page();
    if (!d->arch.perdomain_l3)
        return -ENOMEM;
    l2 = next_table(&d->arch.perdomain_l3[0]);
    if (!l2 || !next_table(&l2[v->vcpu_id / PERDOMAIN_VCPUS_PER_L1]))
        return -ENOMEM;
    return 0;
}

pte_t *perdomain_l1e(struct vcpu *v, unsigned int page)
{
    pte_t *l2 = mfn_to_virt(pte_mfn(v->domain->arch.perdomain_l3[0]));
    pte_t *l1 = mfn_to_virt(pte_mfn(l2[v->vcpu_id / PERDOMAIN_VCPUS_PER_L1]));

    return l1 + v->vcpu_id % PERDOMAIN_VCPUS_PER_L1 * PERDOMAIN_VCPU_PAGES +
           page;
}

void destroy_perdomain(struct domain *d)
{
    pte_t *l3 = d->arch.perdomain_l3, *l2;

    if (!l3)
        return;
    if (l3[0] & PTE_PRESENT) {
        l2 = mfn_to_virt(pte_mfn(l3[0]));
        for (unsigned int i = 0; i < PT_ENTRIES; i++)
            if (l2[i] & PTE_PRESENT)
                free_xenheap_page(mfn_to_virt(pte_mfn(l2[i])));
        free_xenheap_page(l2);
    }
    free_xenheap_page(l3);
    d->arch.perdomain_l3 = NULL;
}
