/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_memory_op as a kernel uses it: counts, maps, giving memory back
 * and taking it, exchange. */
#include <pv/pv.h>

#define RW (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static long reservation(int cmd, xen_pfn_t *list, unsigned long n,
                        unsigned int order, domid_t dom)
{
    struct xen_memory_reservation r = {
        .nr_extents = n, .extent_order = order, .domid = dom};

    set_xen_guest_handle(r.extent_start, list);
    return HC2(memory_op, cmd, &r);
}

int main(void)
{
    domid_t self = DOMID_SELF;
    struct xen_machphys_mapping mm;
    struct xen_memory_map map = {.nr_entries = 64};
    static struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) e820[64];
    xen_pfn_t list[8];
    uint8_t *page = alloc_page();
    uint64_t pfn = virt_to_pfn(page), mfn = virt_to_mfn(page);
    long pages = HC2(memory_op, XENMEM_current_reservation, &self), max;
    const uint64_t *m2p = (uint64_t *)0xffff800000000000UL;

    is(pages, start_info->nr_pages, "current reservation");
    max = HC2(memory_op, XENMEM_maximum_reservation, &self);
    ok(max >= pages, "maximum reservation");
    ok(HC2(memory_op, XENMEM_maximum_ram_page, 0) > pages, "maximum ram page");
    is(HC2(memory_op, XENMEM_machphys_mapping, &mm), 0, "machphys_mapping");
    is(mm.v_start, 0xffff800000000000UL, "starts where the ABI says");
    set_xen_guest_handle(map.buffer, e820);
    is(HC2(memory_op, XENMEM_machine_memory_map, &map), 0, "machine map");
    ok(map.nr_entries > 2 && e820[0].addr == 0 && e820[0].type == 1,
       "%u entries, the first is RAM", map.nr_entries);

    is(map_va(page, 0, UVMF_INVLPG), 0, "page unmapped");
    list[0] = mfn;
    is(reservation(XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF), 1,
       "given back");
    is(HC2(memory_op, XENMEM_current_reservation, &self), pages - 1,
       "one page less");
    ok(map_va(page, mfn * PAGE_SIZE | RW, UVMF_INVLPG) < 0,
       "its frame is not ours any more");
    is(reservation(XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF), 0,
       "cannot be given back twice");
    list[0] = pfn;
    is(reservation(XENMEM_populate_physmap, list, 1, 0, DOMID_SELF), 1,
       "a new one taken");
    is(m2p[list[0]], pfn, "M2P knows it");
    is(map_va(page, list[0] * PAGE_SIZE | RW, UVMF_INVLPG), 0, "mapped");
    p2m[pfn] = list[0];
    is(*page, 0, "it is clean");
    *page = 1;

    list[0] = 1;
    is(reservation(XENMEM_populate_physmap, list, 1, 40, DOMID_SELF), 0,
       "extent order 40");
    is(reservation(XENMEM_populate_physmap, list, 1, 0, 777), 0,
       "no such domain");
    is(reservation(XENMEM_populate_physmap, (void *)0xffff830000000000UL, 1, 0,
                   DOMID_SELF),
       0, "bad list: nothing done");
    is(reservation(XENMEM_decrease_reservation, (void *)0xffff830000000000UL, 1,
                   0, DOMID_SELF),
       0, "likewise");
    list[0] = virt_to_mfn((void *)start_info->pt_base);
    is(reservation(XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF), 1,
       "a page table in use is given up, but lives on");
    is(HC2(memory_op, 60, &self), -ENOSYS, "unknown sub-operation");
    is(HC2(memory_op, XENMEM_machphys_mapping, 0xffff830000000000UL), -EFAULT,
       "bad pointer");
    is(HC2(memory_op, XENMEM_current_reservation, &self), pages, "all back");
    return 0;
}
