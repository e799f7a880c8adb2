/* SPDX-License-Identifier: MIT */
/*
 * The first MiB belongs to firmware, whatever the memory map says: dom0 may map
 * and read all of it (it looks for the BIOS data area, an iBFT, option ROMs),
 * and none of it is RAM that anybody gets.
 */
#include <pv/pv.h>

#define LOW_FRAMES 0x100
#define BDA_MEMORY 0x413 /* KiB of conventional memory, 16 bits */

static unsigned int count_mappable(void *page, uint64_t flags)
{
    unsigned int n = 0;

    for (uint64_t mfn = 0; mfn < LOW_FRAMES; mfn++)
        n += map_va(page, mfn * PAGE_SIZE | flags, UVMF_INVLPG) == 0;
    return n;
}

static unsigned int own_low_frames(void)
{
    unsigned int n = 0;

    for (uint64_t pfn = 0; pfn < start_info->nr_pages; pfn++)
        n += p2m[pfn] < LOW_FRAMES;
    return n;
}

int main(void)
{
    static xen_pfn_t frame = 0x300000;
    struct xen_memory_reservation r = {.nr_extents = 1,
                                       .domid = DOMID_SELF,
                                       .mem_flags = XENMEMF_address_bits(20)};
    uint16_t kib;
    void *page = alloc_page();

    is(count_mappable(page, PTE_P | PTE_U), LOW_FRAMES,
       "dom0 can map each frame of the first MiB to read it");
    is(count_mappable(page, PTE_P | PTE_U | PTE_W), LOW_FRAMES,
       "dom0 can map each frame of the first MiB to write it");
    map_va(page, PTE_P | PTE_U, UVMF_INVLPG);
    kib = *(volatile uint16_t *)((char *)page + BDA_MEMORY);
    ok(kib >= 512 && kib <= 640,
       "frame 0 holds the BIOS data area (%u KiB of memory)", kib);
    is(own_low_frames(), 0, "dom0 was not given a frame of the first MiB");
    r.extent_start.p = &frame;
    is(HC2(memory_op, XENMEM_populate_physmap, &r), 0,
       "no memory can be had below 1 MiB");
    is(mmuext(MMUEXT_PIN_L1_TABLE, 0x80, 0), -EINVAL,
       "a frame of the first MiB cannot become a page table");
    return 0;
}
