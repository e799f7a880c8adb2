/* SPDX-License-Identifier: MIT */
/*
 * Start of day: what start_info promises is there, mapped as the contract says.
 */
#include <pv/pv.h>

int main(void)
{
    struct start_info *si = start_info;
    uint64_t pte;

    ok(!strncmp(si->magic, "xen-3.0-x86_64", 14), "start_info has the magic %s",
       si->magic);
    is(si->flags & 3, SIF_PRIVILEGED | SIF_INITDOMAIN,
       "start_info's flags say dom0");
    ok(si->nr_pages > 1024, "start_info tells %lu pages", si->nr_pages);
    ok((uint64_t)p2m == 0x8000000000UL,
       "the p2m list is where INIT_P2M asked for it");
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
