/* SPDX-License-Identifier: MIT */
/* XENMEM_exchange: scattered pages for a contiguous run, all or nothing. */
#include <pv/pv.h>

#define RW (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

/* It leaves no mark that is in the way of an exchange. */
static long was_gdt(uint8_t *page, unsigned long mfn)
{
    long rc;

    memset(page, 0, PAGE_SIZE);
    map_va(page, 0, UVMF_INVLPG);
    rc = HC2(set_gdt, &mfn, 512);
    return rc ? rc : HC2(set_gdt, NULL, 0);
}

int main(void)
{
    xen_pfn_t in[16], out = 0;
    struct xen_memory_exchange ex;
    uint8_t *pages = alloc_pages(16);
    const uint64_t *m2p = (uint64_t *)0xffff800000000000UL;
    unsigned int good = 0;
    domid_t self = DOMID_SELF;
    long before = HC2(memory_op, XENMEM_current_reservation, &self);

    for (int i = 0; i < 16; i++) {
        in[i] = virt_to_mfn(pages + i * PAGE_SIZE);
        if (i == 3)
            is(was_gdt(pages + i * PAGE_SIZE, in[i]), 0,
               "a page can be a GDT and be one no more");
        map_va(pages + i * PAGE_SIZE, 0, UVMF_INVLPG);
    }
    out = virt_to_pfn(pages);
    memset(&ex, 0, sizeof(ex));
    ex.in.nr_extents = 16;
    ex.in.domid = DOMID_SELF;
    set_xen_guest_handle(ex.in.extent_start, in);
    ex.out.nr_extents = 1;
    ex.out.extent_order = 4;
    ex.out.mem_flags = XENMEMF_address_bits(32);
    ex.out.domid = DOMID_SELF;
    set_xen_guest_handle(ex.out.extent_start, &out);
    ex.in.nr_extents = 32;
    is(HC2(memory_op, XENMEM_exchange, &ex), -EINVAL,
       "an exchange of more pages than are wanted is -EINVAL");
    ex.in.nr_extents = 16;
    is(HC2(memory_op, XENMEM_exchange, &ex), 0,
       "XENMEM_exchange of 16 single pages for a run returns 0");
    is(ex.nr_exchanged, 16,
       "XENMEM_exchange says that all pages were exchanged");
    ok(out % 16 == 0 && out < 1UL << 20,
       "XENMEM_exchange gives a run at frame %lx, aligned, below 4 GiB", out);
    for (int i = 0; i < 16; i++) {
        p2m[virt_to_pfn(pages) + i] = out + i;
        good += m2p[out + i] == virt_to_pfn(pages) + i &&
                !map_va(pages + i * PAGE_SIZE, (out + i) * PAGE_SIZE | RW, 2);
    }
    is(good, 16, "M2P and mapping of each exchanged page are right");
    memset(pages, 1, 16 * PAGE_SIZE);
    ok(map_va(pages, in[0] * PAGE_SIZE | RW, 2) < 0 || in[0] == out,
       "the frames that were given in exchange are gone");
    is(HC2(memory_op, XENMEM_current_reservation, &self), before,
       "an exchange leaves the domain as much memory as before");

    ex.nr_exchanged = 0;
    ex.out.nr_extents = 2;
    is(HC2(memory_op, XENMEM_exchange, &ex), -EINVAL,
       "an exchange of sizes that differ is -EINVAL");
    ex.out.nr_extents = 1;
    ex.nr_exchanged = 17;
    is(HC2(memory_op, XENMEM_exchange, &ex), -EINVAL,
       "an exchange of which more is done than asked is -EINVAL");
    is(HC2(memory_op, XENMEM_exchange, 0xffff830000000000UL), -EFAULT,
       "an exchange at a bad address is -EFAULT");
    ex.nr_exchanged = 0;
    in[0] = virt_to_mfn((void *)start_info->pt_base);
    for (int i = 1; i < 16; i++)
        in[i] = out + i;
    ok(HC2(memory_op, XENMEM_exchange, &ex) < 0,
       "an exchange of a page in use is refused");
    is(HC2(memory_op, XENMEM_current_reservation, &self), before,
       "a refused exchange loses no page");
    return 0;
}
