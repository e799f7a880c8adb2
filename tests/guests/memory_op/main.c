/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_memory_op as a kernel uses it: counts, maps, giving memory back
 * and taking it, exchange. */
#include <pv/pv.h>

#define RW      (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define NO_LIST ((xen_pfn_t *)0xffff830000000000UL) /* the hypervisor's */

static long reservation(int cmd, xen_pfn_t *list, unsigned long n,
                        unsigned int order, domid_t dom)
{
    struct xen_memory_reservation r = {
        .nr_extents = n, .extent_order = order, .domid = dom};

    set_xen_guest_handle(r.extent_start, list);
    return HC2(memory_op, cmd, &r);
}

static long on_node(unsigned int node, xen_pfn_t *list)
{
    struct xen_memory_reservation r = {.nr_extents = 1,
                                       .mem_flags = XENMEMF_exact_node(node),
                                       .domid = DOMID_SELF};

    set_xen_guest_handle(r.extent_start, list);
    return HC2(memory_op, XENMEM_populate_physmap, &r);
}

static domid_t self = DOMID_SELF;

static long current_reservation(void)
{
    return HC2(memory_op, XENMEM_current_reservation, &self);
}

static void counts_and_maps(void)
{
    struct xen_machphys_mapping mm;
    struct xen_memory_map map = {.nr_entries = 64};
    static struct {
        uint64_t addr, size;
        uint32_t type;
    } __attribute__((packed)) e820[64];
    long pages = current_reservation(), max;

    is(pages, start_info->nr_pages,
       "current_reservation returns the caller's pages");
    max = HC2(memory_op, XENMEM_maximum_reservation, &self);
    ok(max >= pages, "maximum_reservation is not below the current one");
    ok(HC2(memory_op, XENMEM_maximum_ram_page, 0) > pages,
       "maximum_ram_page returns a frame number");
    is(HC2(memory_op, XENMEM_machphys_mapping, &mm), 0,
       "machphys_mapping returns 0");
    is(mm.v_start, 0xffff800000000000UL,
       "machphys_mapping starts where the ABI says");
    set_xen_guest_handle(map.buffer, e820);
    is(HC2(memory_op, XENMEM_machine_memory_map, &map), 0,
       "machine_memory_map returns 0");
    ok(map.nr_entries > 2 && e820[0].addr == 0 && e820[0].type == 1,
       "machine_memory_map has %u entries, the first is RAM", map.nr_entries);
}

/* A page that is mapped no more is given back, and a new one taken. */
static void give_and_take(void)
{
    const uint64_t *m2p = (uint64_t *)0xffff800000000000UL;
    uint8_t *page = alloc_page();
    uint64_t pfn = virt_to_pfn(page), mfn = virt_to_mfn(page);
    long pages = current_reservation();
    xen_pfn_t list[1] = {mfn};

    is(map_va(page, 0, UVMF_INVLPG), 0,
       "a page can be unmapped before it is given back");
    is(reservation(XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF), 1,
       "decrease_reservation gives a page back");
    is(current_reservation(), pages - 1,
       "after decrease_reservation the reservation is one page less");
    ok(map_va(page, mfn * PAGE_SIZE | RW, UVMF_INVLPG) < 0,
       "a frame that was given back is not the domain's any more");
    is(reservation(XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF), 0,
       "a frame cannot be given back twice");
    is(reservation(XENMEM_increase_reservation, NO_LIST, 1, 0, DOMID_SELF), 0,
       "increase_reservation with a list in the hypervisor takes no page");
    is(current_reservation(), pages - 1, "and leaves the reservation as it is");
    list[0] = pfn;
    is(reservation(XENMEM_populate_physmap, list, 1, 0, DOMID_SELF), 1,
       "populate_physmap takes a new page");
    is(m2p[list[0]], pfn, "populate_physmap writes the machine-to-phys table");
    is(map_va(page, list[0] * PAGE_SIZE | RW, UVMF_INVLPG), 0,
       "a page from populate_physmap can be mapped");
    p2m[pfn] = list[0];
    is(*page, 0, "a page from populate_physmap is zeroed");
    *page = 1;
}

static void refused_calls(void)
{
    struct xen_mem_acquire_resource grants = {.type =
                                                  XENMEM_resource_grant_table};
    xen_pfn_t list[1] = {1};

    is(on_node(200, list), 0, "a page of a node beyond the last cannot be had");
    is(reservation(XENMEM_populate_physmap, list, 1, 40, DOMID_SELF), 0,
       "an extent of order 40 does nothing");
    is(HC2(memory_op, XENMEM_acquire_resource, &grants), -EPERM,
       "a domain cannot acquire its own grant table");
    is(reservation(XENMEM_populate_physmap, list, 1, 0, 777), 0,
       "a reservation of no domain does nothing");
    is(reservation(XENMEM_populate_physmap, NO_LIST, 1, 0, DOMID_SELF), 0,
       "populate_physmap of a bad list does nothing");
    is(reservation(XENMEM_decrease_reservation, NO_LIST, 1, 0, DOMID_SELF), 0,
       "decrease_reservation of a bad list does nothing");
    list[0] = virt_to_mfn((void *)start_info->pt_base);
    is(reservation(XENMEM_decrease_reservation, list, 1, 0, DOMID_SELF), 1,
       "a page table in use can be given up, and lives on");
    is(HC2(memory_op, 60, &self), -ENOSYS,
       "an unknown sub-operation of memory_op is -ENOSYS");
    is(HC2(memory_op, XENMEM_machphys_mapping, 0xffff830000000000UL), -EFAULT,
       "memory_op at a bad address is -EFAULT");
}

int main(void)
{
    long pages = current_reservation();

    counts_and_maps();
    give_and_take();
    refused_calls();
    is(current_reservation(), pages, "all pages are back at the end");
    return 0;
}
