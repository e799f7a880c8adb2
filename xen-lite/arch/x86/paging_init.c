/* SPDX-License-Identifier: MIT */
/*
 * Boot: the master root and the three big tables below it.
 *
 *   frame table     16 bytes per frame
 *   machine-to-phys 8 bytes per frame, seen twice: by us writable, by guests
 *                   read-only; 2 MiB pieces, which tools map by their numbers
 *   direct map      all RAM and the firmware's tables
 *
 * Every frame record is filled in here: what is not RAM, and the first MiB,
 * belongs to DOMID_IO; RAM belongs to us until the heap gets it.
 */
#include <hv/domain.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <asm/e820.h>
#include <asm/paging.h>
#include <asm/setup.h>
#include <asm/tlb.h>

#define CHUNK       MB(2ul)
#define CHUNK_PAGES (CHUNK >> PAGE_SHIFT)

static unsigned long __initdata boot_alloc_found;
static unsigned long __initdata boot_alloc_nr, boot_alloc_align;

static void __init boot_alloc_try(paddr_t s, paddr_t e)
{
    unsigned long first;

    e = MIN(e, GB(4ul));
    if (e < s || (e - s) >> PAGE_SHIFT < boot_alloc_nr)
        return;
    first = (PFN_DOWN(e) - boot_alloc_nr) / boot_alloc_align * boot_alloc_align;
    if (first >= PFN_UP(s) && first > boot_alloc_found)
        boot_alloc_found = first;
}

/* Boot allocator before the heap: from the top below 4 GiB, zeroed, never
 * freed; align in pages. Panics when there is no room. */
static mfn_t __init alloc_boot_pages(unsigned long nr, unsigned long align)
{
    paddr_t s;

    boot_alloc_found = 0;
    boot_alloc_nr = nr;
    boot_alloc_align = align;
    e820_for_each_free_ram(boot_alloc_try);
    if (!boot_alloc_found)
        panic("No room for %lu boot pages below 4 GiB\n", nr);
    s = boot_alloc_found << PAGE_SHIFT;
    boot_reserve(s, s + (nr << PAGE_SHIFT));
    memset(maddr_to_virt(s), 0, nr << PAGE_SHIFT);
    return _mfn(boot_alloc_found);
}

static void __init map_or_panic(unsigned long va, mfn_t mfn, unsigned long nr,
                                uint64_t flags)
{
    if (map_pages_to_xen(va, mfn, nr, flags))
        panic("No memory for our page tables\n");
}

static bool __init any_ram(unsigned long first, unsigned long last)
{
    for (unsigned int i = 0; i < hv_e820.nr; i++) {
        const struct e820entry *r = &hv_e820.map[i];

        if (r->type == E820_RAM && PFN_DOWN(r->addr) < last &&
            PFN_UP(r->addr + r->size) > first)
            return true;
    }
    return false;
}

static void __init fill_records(unsigned long first, unsigned long last,
                                uint16_t owner)
{
    for (unsigned long i = first; i < last; i++)
        frame_table[i] = (struct page_info){
            .type = PGT_none | 1,
            .owner = owner,
            .count = PGC_allocated | PGC_xenheap | 1,
        };
}

/* Pieces of 2 MiB that describe no RAM at all share one set of records. */
static void __init frame_table_init(void)
{
    const unsigned long per_chunk = CHUNK / sizeof(struct page_info);
    unsigned long hole = 0;

    for (unsigned long f = 0; f < max_page; f += per_chunk) {
        unsigned long va = (unsigned long)(frame_table + f);
        unsigned long last = MIN(f + per_chunk, max_page);
        unsigned long nr = PFN_UP((last - f) * sizeof(struct page_info));
        bool ram = any_ram(f, last);

        if (!ram && hole) {
            map_or_panic(va, _mfn(hole), CHUNK_PAGES, HV_PTE_RW);
            continue;
        }
        mfn_t mfn = alloc_boot_pages(nr, nr == CHUNK_PAGES ? nr : 1);

        map_or_panic(va, mfn, nr, HV_PTE_RW);
        fill_records(f, last, DOMID_IO);
        if (!ram)
            hole = mfn_x(mfn);
    }
    for (unsigned int i = 0; i < hv_e820.nr; i++) {
        const struct e820entry *r = &hv_e820.map[i];
        unsigned long first = PFN_UP(MAX(r->addr, FIRMWARE_MEMORY_END));
        unsigned long last = PFN_DOWN(r->addr + r->size);

        if (r->type == E820_RAM && first < last) {
            fill_records(first, last, DOMID_IDLE);
            total_pages += last - first;
        }
    }
}

/* Guests read 2 MiB pieces whole: what lies behind max_page says "invalid". */
static void __init m2p_init(void)
{
    const unsigned long bytes = ROUND_UP(max_page * 8, CHUNK);
    pte_t *l3 = mfn_to_virt(alloc_boot_pages(1, 1)), *l2 = NULL;

    idle_root[ROOT_SLOT_FIRST] =
        pte_make(virt_to_mfn(l3), PTE_PRESENT | PTE_USER | PTE_ACCESSED);
    for (unsigned long off = 0; off < bytes; off += CHUNK) {
        mfn_t mfn = alloc_boot_pages(CHUNK_PAGES, CHUNK_PAGES);

        memset(mfn_to_virt(mfn), 0xff, CHUNK);
        map_or_panic(RDWR_MPT_VIRT_START + off, mfn, CHUNK_PAGES, HV_PTE_RW);
        if (!l2 || !PT_INDEX(off, 2)) {
            l2 = mfn_to_virt(alloc_boot_pages(1, 1));
            l3[PT_INDEX(off, 3)] = pte_make(
                virt_to_mfn(l2), PTE_PRESENT | PTE_USER | PTE_ACCESSED);
        }
        l2[PT_INDEX(off, 2)] = pte_make(mfn, HV_PTE_RO | PTE_USER | PTE_PSE);
        for (unsigned long i = 0; i < CHUNK_PAGES; i++)
            share_xen_page_with_privileged(mfn_to_page(mfn_add(mfn, i)), true);
    }
}

mfn_t m2p_chunk(unsigned long i)
{
    pte_t *l3, *l2;
    unsigned long off = i * CHUNK;

    if (off >= ROUND_UP(max_page * 8, CHUNK))
        return INVALID_MFN;
    l3 = mfn_to_virt(pte_mfn(idle_root[ROOT_SLOT_FIRST]));
    l2 = mfn_to_virt(pte_mfn(l3[PT_INDEX(off, 3)]));
    return pte_mfn(l2[PT_INDEX(off, 2)]);
}

/* The parts of the image that are read-only must be so in the direct map
 * too. */
static void __init protect_alias(const char *s, const char *e)
{
    unsigned long va = (unsigned long)maddr_to_virt(virt_to_maddr(s));

    modify_xen_mappings(va, va + (e - s), HV_PTE_RO);
}

static void __init direct_map_init(void)
{
    map_or_panic(DIRECTMAP_VIRT_START, _mfn(0), PFN_DOWN(FIRMWARE_MEMORY_END),
                 HV_PTE_RW);
    for (unsigned int i = 0; i < hv_e820.nr; i++) {
        const struct e820entry *r = &hv_e820.map[i];
        bool ram = r->type == E820_RAM;
        unsigned long s = ram ? PFN_UP(r->addr) : PFN_DOWN(r->addr);
        unsigned long e =
            ram ? PFN_DOWN(r->addr + r->size) : PFN_UP(r->addr + r->size);

        if (!ram && r->type != E820_ACPI && r->type != E820_NVS)
            continue;
        s = MAX(s, PFN_DOWN(FIRMWARE_MEMORY_END));
        if (s < e)
            map_or_panic(DIRECTMAP_VIRT_START + (s << PAGE_SHIFT), _mfn(s),
                         e - s, ram ? HV_PTE_RW : HV_PTE_RO);
    }
    protect_alias(_stext, _etext);
    protect_alias(_srodata, _erodata);
    protect_alias(_sinittext, _einittext);
}

/* One table page per GiB and per two edges of each range, and some for the
 * image's alias, the other areas and for what is mapped before the heap. */
static void __init reserve_tables(void)
{
    nr_boot_tables = (max_page >> 18) + (max_page >> 27) + 2 * hv_e820.nr + 64;
    boot_tables = mfn_to_virt(alloc_boot_pages(nr_boot_tables, 1));
}

void __init paging_init(void)
{
    for (unsigned int i = 0; i < hv_e820.nr; i++)
        if (hv_e820.map[i].type == E820_RAM)
            max_page = MAX(max_page,
                           PFN_DOWN(hv_e820.map[i].addr + hv_e820.map[i].size));
    page_alloc_init();
    idle_root = mfn_to_virt(alloc_boot_pages(1, 1));
    idle_root[PT_INDEX(XEN_VIRT_START, 4)] = pte_make(
        virt_to_mfn(xen_l3), PTE_PRESENT | PTE_RW | PTE_ACCESSED | PTE_DIRTY);
    reserve_tables();
    /* Slot 261 is seen through the boot root too, so records can be written
     * at once; memory above 4 GiB only after the switch. */
    frame_table_init();
    direct_map_init();
    m2p_init();
    root_load(virt_to_maddr(idle_root), NULL);
}
