/* SPDX-License-Identifier: MIT */
/*
 * Start of day: what start_info promises is there, mapped as the contract says
 * and in its order, whichever of the notes INIT_P2M and MOD_START_PFN the
 * kernel has (start.S; start_of_day-1 to -3 lack some), as dom0 and, in
 * tests/system/toolstack.t, as any other domain. run: ramdisk=1
 */
#include <pv/pv.h>

#define NO_INIT_P2M      1
#define NO_MOD_START_PFN 2
#define PAGES(bytes)     (((bytes) + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE)
#define WINDOW_ALIGN     (4UL << 20)

extern char _end[];
extern const uint32_t notes_left_out;
extern uint64_t initial_rsp;
static uint8_t spare_page[PAGE_SIZE] __attribute__((aligned(4096)));

/* The two pages that dom0 does not have. */
static uint64_t check_rings(const struct start_info *si)
{
    uint64_t pfn = virt_to_pfn(si);

    if (si->flags & SIF_INITDOMAIN)
        return 0;
    is(si->store_mfn, p2m[pfn + 1], "the store's ring is behind start_info");
    is(si->console.domU.mfn, p2m[pfn + 2],
       "the console's ring is behind the store's");
    return 2 * PAGE_SIZE;
}

/* The order that xen.h documents. */
static uint64_t check_order(const struct start_info *si)
{
    bool in_window = notes_left_out & NO_MOD_START_PFN;
    uint64_t next = PAGES((uint64_t)_end);

    is(!(si->flags & SIF_MOD_START_PFN), in_window,
       "a flag says whether mod_start is a frame number");
    if (in_window) {
        is(si->mod_start, next,
           "a ramdisk in the window lies behind the kernel");
        next += PAGES(si->mod_len);
    }
    if (notes_left_out & NO_INIT_P2M) {
        is(si->mfn_list, next,
           "a p2m list in the window lies before start_info");
        next += PAGES(si->nr_pages * sizeof(uint64_t));
    } else {
        is(si->mfn_list, 0x8000000000UL,
           "the p2m list is where INIT_P2M asks for it");
        ok(si->first_p2m_pfn >= virt_to_pfn((void *)initial_rsp),
           "a p2m list outside the window has frames behind it");
    }
    is((uint64_t)si, next, "start_info lies in the documented order");
    next += PAGE_SIZE + check_rings(si);
    is(si->pt_base, next, "the page tables lie behind start_info");
    next += si->nr_pt_frames * PAGE_SIZE;
    is(initial_rsp, next + PAGE_SIZE,
       "the stack is the page behind the page tables");
    next += PAGE_SIZE + (512UL << 10);
    return (next + WINDOW_ALIGN - 1) / WINDOW_ALIGN * WINDOW_ALIGN;
}

static void check_ramdisk(const struct start_info *si)
{
    uint32_t start = 0;

    ok(si->mod_len > PAGE_SIZE, "start_info tells a ramdisk of %lu bytes",
       si->mod_len);
    if (notes_left_out & NO_MOD_START_PFN)
        start = *(uint32_t *)si->mod_start;
    else if (!map_va(spare_page,
                     p2m[si->mod_start] * PAGE_SIZE | PTE_P | PTE_U | PTE_A,
                     UVMF_INVLPG))
        start = *(uint32_t *)spare_page;
    is(start, 0x464c457f, "the ramdisk begins as its file does");
}

int main(void)
{
    struct start_info *si = start_info;
    uint64_t pte, window_end;

    ok(!strncmp(si->magic, "xen-3.0-x86_64", 14), "start_info has the magic %s",
       si->magic);
    ok((si->flags & 3) == (SIF_PRIVILEGED | SIF_INITDOMAIN) || !(si->flags & 3),
       "start_info's flags say dom0 or a plain domain");
    ok(si->nr_pages > 1024, "start_info tells %lu pages", si->nr_pages);
    window_end = check_order(si);
    ok(!read_faults((void *)(window_end - PAGE_SIZE)),
       "the window has 512 KiB free behind the stack");
    ok(read_faults((void *)window_end),
       "the window ends at a multiple of 4 MiB");
    check_ramdisk(si);
    for (uint64_t pfn = 0; pfn < 16; pfn++) {
        pte = read_pte(pfn_to_virt(pfn), 1);
        if ((pte & PTE_MASK) / PAGE_SIZE != p2m[pfn])
            break;
        if (pfn == 15)
            ok(true, "the initial mapping shows consecutive pfns");
    }
    pte = read_pte((void *)si->pt_base, 1);
    is(pte & (PTE_P | PTE_W), PTE_P, "page tables are mapped read-only");
    ok(write_faults((void *)si->pt_base, 0), "page tables cannot be written");
    pte = read_pte((void *)(si->pt_base + si->nr_pt_frames * PAGE_SIZE), 1);
    is(pte & (PTE_P | PTE_W), PTE_P | PTE_W,
       "a stack lies behind the page tables");
    ok(shared_info->vcpu_info[0].evtchn_upcall_mask == 1,
       "events are masked when a kernel starts");
    ok(read_faults((void *)0xffff830000000000UL),
       "the hypervisor's direct map is out of reach");
    ok(!read_faults((void *)0xffff800000000000UL),
       "the machine-to-phys table can be read");
    ok(write_faults((void *)0xffff800000000000UL, 0),
       "the machine-to-phys table cannot be written");
    return 0;
}
