/* SPDX-License-Identifier: MIT */
/*
 * Grants to oneself: whatever was refused leaves nothing behind, and what was
 * recorded when an entry was first used holds until its last use ends.
 */
#include <pv/pv.h>

#define REF  8
#define RO   9
#define BAD  10
#define MANY 3000

#define RW (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)

static struct grant_entry_v1 *table;
static uint8_t *window, *granted, *other;
static struct gnttab_map_grant_ref m, m2;

static long map(uint64_t addr, uint32_t ref, uint32_t flags,
                struct gnttab_map_grant_ref *op)
{
    *op = (struct gnttab_map_grant_ref){
        .host_addr = addr, .flags = flags, .ref = ref};
    HC3(grant_table_op, GNTTABOP_map_grant_ref, op, 1);
    return op->status;
}

static long unmap(uint64_t addr, uint64_t dev, uint32_t handle)
{
    struct gnttab_unmap_grant_ref op = {
        .host_addr = addr, .dev_bus_addr = dev, .handle = handle};

    HC3(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1);
    return op.status;
}

static void grant(uint32_t ref, uint64_t mfn, uint16_t flags)
{
    table[ref] = (struct grant_entry_v1){.frame = mfn, .flags = flags};
}

static bool in_use(uint32_t ref)
{
    return table[ref].flags & (GTF_reading | GTF_writing);
}

static void what_was_recorded_holds(void)
{
    const uint64_t w = (uint64_t)window;

    is(map(0, REF, GNTMAP_device_map, &m), GNTST_okay, "a grant is mapped");
    table[REF].frame = virt_to_mfn(other);
    is(map(0, REF, GNTMAP_device_map, &m2), GNTST_okay,
       "and mapped again after the granter has changed its frame");
    is(m2.dev_bus_addr, m.dev_bus_addr, "it is the same frame");
    ok(unmap(0, m2.dev_bus_addr + PAGE_SIZE, m2.handle) < 0,
       "unmap of a device mapping at another address is refused");
    is(unmap(0, m2.dev_bus_addr, m2.handle), GNTST_okay, "one is unmapped");
    ok(in_use(REF), "the grant is in use by the other");
    is(unmap(0, m.dev_bus_addr, m.handle), GNTST_okay, "both are unmapped");
    ok(!in_use(REF), "the grant is not in use");
    grant(REF, virt_to_mfn(granted), GTF_permit_access);

    is(map(w, REF, GNTMAP_host_map, &m), GNTST_okay, "a page shows the grant");
    set_pte(pte_maddr(window), virt_to_mfn(other) * PAGE_SIZE | RW);
    ok(unmap(w, 0, m.handle) < 0,
       "an entry that shows another frame is not the grant's");
    set_pte(pte_maddr(window), virt_to_mfn(granted) * PAGE_SIZE | RW);
    is(unmap(w, 0, m.handle), GNTST_okay, "one that shows it again is");

    is(map(w, RO, GNTMAP_host_map | GNTMAP_readonly, &m), GNTST_okay,
       "a read-only grant is mapped to read");
    ok(map(0, RO, GNTMAP_device_map, &m2) < 0,
       "it cannot be mapped to write, though it is in use");
    set_pte(pte_maddr(window), virt_to_mfn(granted) * PAGE_SIZE | RW);
    ok(unmap(w, 0, m.handle) < 0,
       "an entry that has become writable is no read-only mapping");
    set_pte(pte_maddr(window),
            virt_to_mfn(granted) * PAGE_SIZE | (RW & ~PTE_W));
    is(unmap(w, 0, m.handle), GNTST_okay, "a read-only entry is unmapped");
    ok(!in_use(RO), "the read-only grant is not in use");
}

static void what_is_refused_leaves_nothing(void)
{
    grant(BAD, virt_to_mfn(granted), 3); /* transitive, of version 2 */
    ok(map(0, BAD, GNTMAP_device_map, &m) < 0,
       "a transitive grant cannot be mapped");
    grant(BAD, virt_to_mfn((void *)start_info->pt_base), GTF_permit_access);
    ok(map(0, BAD, GNTMAP_device_map, &m) < 0,
       "a page table cannot be mapped by a device");
    ok(!in_use(BAD), "a grant that was refused is not in use");
    ok(map((uint64_t)window, REF, 0, &m) < 0,
       "a mapping of no kind is refused");
    ok(map(0x123450000000UL, REF, GNTMAP_host_map | GNTMAP_device_map, &m) < 0,
       "a mapping where no table is, is refused");
    ok(map(virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE + 300 * 8, REF,
           GNTMAP_host_map | GNTMAP_contains_pte, &m) < 0,
       "a mapping by an entry of an L4 is refused");
    ok(map(pte_maddr(window) + 4, REF, GNTMAP_host_map | GNTMAP_contains_pte,
           &m) < 0,
       "a mapping by an address between two entries is refused");
    ok(!in_use(REF), "after that the grant is not in use");
    for (unsigned int i = 0; i < MANY; i++) {
        map(0x123450000000UL, REF, GNTMAP_host_map, &m);
        map((uint64_t)window, REF, GNTMAP_host_map, &m);
        unmap((uint64_t)window, 0, m.handle);
    }
    is(m.status, GNTST_okay, "thousands of mappings come and go");
    ok(m.handle < MANY / 2, "their handles are used again (now %u)", m.handle);
}

static void pins_do_not_wrap(void)
{
    static struct gnttab_map_grant_ref list[64];
    static struct gnttab_unmap_grant_ref back[64];
    static uint32_t handles[70016];
    unsigned int n = 0, taken = 0;
    bool more = true;

    while (more && n < 70000) {
        for (unsigned int i = 0; i < 64; i++)
            list[i] = (struct gnttab_map_grant_ref){.flags = GNTMAP_device_map,
                                                    .ref = REF};
        HC3(grant_table_op, GNTTABOP_map_grant_ref, list, 64);
        for (unsigned int i = 0; i < 64; i++, n++)
            if (list[i].status)
                more = false;
            else
                handles[taken++] = list[i].handle;
    }
    ok(!more, "a grant is not mapped more often than can be counted");
    for (n = 0; n < taken;) {
        unsigned int i;

        for (i = 0; i < 64 && n < taken; i++, n++)
            back[i] = (struct gnttab_unmap_grant_ref){
                .dev_bus_addr = virt_to_mfn(granted) * PAGE_SIZE,
                .handle = handles[n]};
        HC3(grant_table_op, GNTTABOP_unmap_grant_ref, back, i);
    }
    ok(!in_use(REF), "it is not in use after the last is unmapped");
}

/* --- copies --------------------------------------------------------------- */

static long copy(bool by_ref, uint32_t src_off, uint32_t dst_off,
                 uint32_t dst_ref, domid_t dom)
{
    struct gnttab_copy c = {.flags = by_ref ? GNTCOPY_dest_gref : 0,
                            .len = 200};

    c.source.u.gmfn = virt_to_mfn(other);
    c.source.domid = dom;
    c.source.offset = src_off;
    c.dest.offset = dst_off;
    c.dest.domid = by_ref ? 0 : DOMID_SELF;
    if (by_ref)
        c.dest.u.ref = dst_ref;
    else
        c.dest.u.gmfn = virt_to_mfn(granted);
    HC3(grant_table_op, GNTTABOP_copy, &c, 1);
    return c.status;
}

static void copies(void)
{
    is(copy(true, 0, 0, REF, DOMID_SELF), GNTST_okay, "a copy into a grant");
    ok(copy(true, 0, 0, RO, DOMID_SELF) < 0,
       "a copy into a read-only grant is refused");
    ok(copy(true, 4000, 0, REF, DOMID_SELF) < 0,
       "a copy across the end of its source is refused");
    ok(copy(true, 0, 4000, REF, DOMID_SELF) < 0,
       "a copy across the end of its destination is refused");
    ok(copy(false, 0, 0, 0, 5) < 0,
       "a copy of another domain's frame is refused");
    ok(!in_use(REF) && !in_use(RO), "copies leave no grant in use");
}

/* --- the rarer operations ------------------------------------------------- */

static long swap(uint32_t a, uint32_t b)
{
    struct gnttab_swap_grant_ref s = {.ref_a = a, .ref_b = b};

    HC3(grant_table_op, GNTTABOP_swap_grant_ref, &s, 1);
    return s.status;
}

static void swaps(void)
{
    is(map(0, REF, GNTMAP_device_map, &m), GNTST_okay, "a grant is in use");
    ok(swap(REF, BAD) < 0, "it cannot be swapped");
    ok(swap(BAD, REF) < 0, "nor can another be swapped with it");
    unmap(0, m.dev_bus_addr, m.handle);
    ok(swap(REF, 1000000) < 0, "a reference beyond the table is not swapped");
    ok(swap(1000000, REF) < 0, "nor is it as the first one");
    is(swap(REF, BAD), GNTST_okay, "two grants are swapped");
    is(table[BAD].frame, virt_to_mfn(granted), "they have changed places");
    swap(REF, BAD);
}

static void replacing(void)
{
    uint8_t *page = alloc_page();
    struct gnttab_unmap_and_replace r = {.host_addr = (uint64_t)window,
                                         .new_addr = (uint64_t)page};

    *page = 0x33;
    map((uint64_t)window, REF, GNTMAP_host_map, &m);
    r.handle = m.handle;
    HC3(grant_table_op, GNTTABOP_unmap_and_replace, &r, 1);
    is(r.status, GNTST_okay, "a mapping is replaced");
    is(*window, 0x33, "the page is where the grant was");
    is(read_pte(page, 1), 0, "and not in its old place");
    ok(!in_use(REF), "the grant is not in use");
}

int main(void)
{
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 1};
    xen_pfn_t frame = 0;
    long rc;

    set_xen_guest_handle(s.frame_list, &frame);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
    table = map_mfn(frame, RW, &rc);
    is(rc, 0, "the grant table can be mapped");
    granted = alloc_page();
    other = alloc_page();
    window = map_mfn(virt_to_mfn(other), PTE_P | PTE_U, &rc);
    set_pte(pte_maddr(window), 0);
    grant(REF, virt_to_mfn(granted), GTF_permit_access);
    grant(RO, virt_to_mfn(granted), GTF_permit_access | GTF_readonly);
    what_was_recorded_holds();
    what_is_refused_leaves_nothing();
    pins_do_not_wrap();
    copies();
    swaps();
    replacing();
    return 0;
}
