/* SPDX-License-Identifier: MIT */
/*
 * Grants between two domUs: what one offers the other may map or copy, as it is
 * offered and not more; what ends while it is mapped. run: ramdisk=1
 */
#include <pv/domu.h>

#define REF  8 /* the granter's entry, and the first of some */
#define REFS 8
#define EACH 120 /* mappings; Xen does not count many more */
#define MARK 0x1234567887654321UL

static struct grant_entry_v1 *table;
static volatile uint64_t *page;

/* --- the granter ---------------------------------------------------------- */

static long set_up(uint64_t unused, uint64_t unused_too)
{
    xen_pfn_t frame = 0;
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 1};
    long rc;

    set_xen_guest_handle(s.frame_list, &frame);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
    table = map_mfn(frame, PTE_P | PTE_W | PTE_U | PTE_A | PTE_D, &rc);
    page = alloc_page();
    page[0] = MARK;
    return s.status ? s.status : rc;
}

static long offer(uint64_t dom, uint64_t flags)
{
    table[REF].domid = dom;
    table[REF].frame = virt_to_mfn((void *)page);
    mb();
    table[REF].flags = flags;
    return 0;
}

static long offer_some(uint64_t dom, uint64_t unused)
{
    offer(dom, GTF_permit_access);
    for (unsigned int i = 1; i < REFS; i++)
        table[REF + i] = table[REF];
    return 0;
}

static long nr_in_use(uint64_t unused, uint64_t unused_too)
{
    long n = 0;

    for (unsigned int i = 0; i < REFS; i++)
        n += !!(table[REF + i].flags & (GTF_reading | GTF_writing));
    return n;
}

static long offer_frame(uint64_t dom, uint64_t mfn)
{
    offer(dom, 0);
    table[REF].frame = mfn;
    mb();
    table[REF].flags = GTF_permit_access;
    return 0;
}

static long flags_of_entry(uint64_t unused, uint64_t unused_too)
{
    return table[REF].flags;
}

static long word(uint64_t n, uint64_t unused)
{
    return page[n];
}

/* Ends the grant as a frontend does: 1 if nobody used it any more. */
static long end(uint64_t unused, uint64_t unused_too)
{
    uint16_t was = table[REF].flags;

    if (was & (GTF_reading | GTF_writing))
        return 0;
    return __atomic_compare_exchange_n(&table[REF].flags, &was, 0, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

static long make_table_of_it(uint64_t unused, uint64_t unused_too)
{
    uint64_t was = page[0];
    long rc;

    page[0] = 0; /* an empty table */
    make_readonly((void *)page);
    rc = mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn((void *)page), 0);
    make_writable((void *)page);
    page[0] = was;
    return rc;
}

/* --- the mapper ----------------------------------------------------------- */

static uint8_t *window;
static struct gnttab_map_grant_ref m;

static long map(uint64_t dom, uint64_t flags)
{
    if (!window)
        window = alloc_page();
    m = (struct gnttab_map_grant_ref){.host_addr = (uint64_t)window,
                                      .flags = GNTMAP_host_map | flags,
                                      .ref = REF,
                                      .dom = dom};
    HC3(grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
    return m.status;
}

static long unmap(uint64_t unused, uint64_t unused_too)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = (uint64_t)window,
                                        .handle = m.handle};

    HC3(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1);
    return op.status;
}

/* Mapped a second time as well, the second mapping is to take the place of the
 * first: how. Then both end. */
static long replace_by_itself(uint64_t dom, uint64_t unused)
{
    struct gnttab_map_grant_ref second = {.host_addr = (uint64_t)alloc_page(),
                                          .flags = GNTMAP_host_map,
                                          .ref = REF,
                                          .dom = dom};
    struct gnttab_unmap_and_replace r = {.host_addr = (uint64_t)window,
                                         .new_addr = second.host_addr,
                                         .handle = m.handle};
    struct gnttab_unmap_grant_ref op = {.host_addr = second.host_addr};

    HC3(grant_table_op, GNTTABOP_map_grant_ref, &second, 1);
    HC3(grant_table_op, GNTTABOP_unmap_and_replace, &r, 1);
    op.handle = second.handle;
    HC3(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1);
    return second.status || op.status ? -1 : r.status;
}

/* As a device would have them, which takes handles and no pages: how many. */
static long map_often(uint64_t dom, uint64_t unused)
{
    long n = 0;

    for (unsigned int i = 0; i < REFS * EACH; i++) {
        struct gnttab_map_grant_ref op = {
            .flags = GNTMAP_device_map, .ref = REF + i % REFS, .dom = dom};

        HC3(grant_table_op, GNTTABOP_map_grant_ref, &op, 1);
        n += op.status == GNTST_okay;
    }
    return n;
}

static long read_it(uint64_t unused, uint64_t unused_too)
{
    return read_faults(window) ? 0 : *(volatile long *)window;
}

static long write_it(uint64_t value, uint64_t unused)
{
    return write_faults(window, value);
}

/* Through a second entry with the frame that the first one has. */
static long map_twice(uint64_t unused, uint64_t unused_too)
{
    return map_va(alloc_page(), read_pte(window, 1), UVMF_INVLPG);
}

static long copy_from(uint64_t dom, uint64_t offset)
{
    uint64_t *to = alloc_page();
    struct gnttab_copy op = {.flags = GNTCOPY_source_gref, .len = 8};

    op.source.u.ref = REF;
    op.source.domid = dom;
    op.source.offset = offset;
    op.dest.u.gmfn = virt_to_mfn(to);
    op.dest.domid = DOMID_SELF;
    HC3(grant_table_op, GNTTABOP_copy, &op, 1);
    return op.status ? op.status : (long)to[0];
}

static long copy_to(uint64_t dom, uint64_t value)
{
    uint64_t *from = alloc_page();
    struct gnttab_copy op = {.flags = GNTCOPY_dest_gref, .len = 8};

    from[0] = value;
    op.source.u.gmfn = virt_to_mfn(from);
    op.source.domid = DOMID_SELF;
    op.dest.u.ref = REF;
    op.dest.domid = dom;
    op.dest.offset = 64;
    HC3(grant_table_op, GNTTABOP_copy, &op, 1);
    return op.status;
}

/* By the frame's number instead of a grant. */
static long copy_frame(uint64_t dom, uint64_t mfn)
{
    uint64_t *to = alloc_page();
    struct gnttab_copy op = {.len = 8};

    op.source.u.gmfn = mfn;
    op.source.domid = dom;
    op.dest.u.gmfn = virt_to_mfn(to);
    op.dest.domid = DOMID_SELF;
    HC3(grant_table_op, GNTTABOP_copy, &op, 1);
    return op.status;
}

/* --- in dom0 -------------------------------------------------------------- */

static struct domu *granter, *mapper;

static long mapped_as(uint64_t offered, uint64_t flags)
{
    domu_call(granter, offer, mapper->id, offered);
    return domu_call(mapper, map, granter->id, flags);
}

static void maps(void)
{
    is(mapped_as(GTF_permit_access, 0), GNTST_okay,
       "a page that is granted can be mapped");
    is(domu_call(mapper, read_it, 0, 0), MARK, "the mapper reads it");
    is(domu_call(mapper, write_it, MARK + 1, 0), 0, "the mapper writes it");
    is(domu_call(granter, word, 0, 0), MARK + 1, "the granter sees that");
    is(domu_call(granter, flags_of_entry, 0, 0),
       GTF_permit_access | GTF_reading | GTF_writing,
       "the entry tells the granter that it is in use");
    is(domu_call(granter, end, 0, 0), 0, "so the granter does not end it");
    ok(domu_call(granter, make_table_of_it, 0, 0) < 0,
       "what is mapped writable elsewhere becomes no page table");
    ok(domu_call(mapper, map_twice, 0, 0) < 0,
       "a grant that is mapped gives no right to map by an entry");
    is(domu_call(mapper, unmap, 0, 0), GNTST_okay, "it can be unmapped");
    is(domu_call(mapper, read_it, 0, 0), 0, "then the mapper sees it no more");
    is(domu_call(mapper, write_it, 5, 0), 1, "nor can it write it");
    is(domu_call(mapper, unmap, 0, 0), GNTST_bad_handle,
       "it is unmapped once only");
    is(domu_call(granter, end, 0, 0), 1, "the granter can end it now");
    ok(domu_call(mapper, map, granter->id, 0) < 0,
       "a grant that has ended cannot be mapped");
}

static void readonly(void)
{
    is(mapped_as(GTF_permit_access | GTF_readonly, 0), GNTST_general_error,
       "a page that is granted to read cannot be mapped to write");
    is(mapped_as(GTF_permit_access | GTF_readonly, GNTMAP_readonly), GNTST_okay,
       "to read it can be mapped");
    is(domu_call(mapper, write_it, 1, 0), 1, "and not be written then");
    is(domu_call(granter, flags_of_entry, 0, 0),
       GTF_permit_access | GTF_readonly | GTF_reading,
       "the entry says that it is read");
    is(domu_call(mapper, copy_to, granter->id, 1), GNTST_general_error,
       "a copy into it is refused");
    is(domu_call(mapper, copy_from, granter->id, 0), MARK + 1,
       "a copy from it is made");
    domu_call(mapper, unmap, 0, 0);
}

/* Xen moves it, with its reference; here there is nothing that could be moved
 * in one step, and in two others see more than one mapping for one grant. */
static void twice(void)
{
    mapped_as(GTF_permit_access, 0);
    is(domu_call(mapper, replace_by_itself, granter->id, 0),
       GNTST_general_error, "no mapping of a page takes another's place");
    is(domu_call(mapper, read_it, 0, 0), MARK + 1, "each stays where it is");
    is(domu_call(mapper, unmap, 0, 0), GNTST_okay, "until it is unmapped");
    is(domu_call(granter, flags_of_entry, 0, 0), GTF_permit_access,
       "then the grant is not in use");
}

static void not_offered(void)
{
    uint64_t mfn = mapper->p2m[1];

    domu_call(granter, offer, 0, GTF_permit_access);
    is(domu_call(mapper, map, granter->id, 0), GNTST_general_error,
       "a page that is granted to dom0 cannot be mapped by a domU");
    is(domu_call(mapper, copy_from, granter->id, 0), GNTST_general_error,
       "nor copied");
    is(domu_call(mapper, map, 99, 0), GNTST_bad_domain,
       "a grant of a domain that is not there is bad_domain");
    domu_call(granter, offer_frame, mapper->id, virt_to_mfn(alloc_page()));
    ok(domu_call(mapper, map, granter->id, 0) < 0,
       "a frame that is not the granter's cannot be mapped");
    domu_call(granter, offer_frame, mapper->id, mfn);
    ok(domu_call(mapper, map, granter->id, 0) < 0,
       "not even if it is the mapper's own");
    domu_call(granter, offer_frame, mapper->id, granter->p2m[granter->pt_pfn]);
    ok(domu_call(mapper, map, granter->id, 0) < 0,
       "a page table of the granter's cannot be mapped to write");
    is(domu_call(mapper, copy_frame, granter->id, granter->p2m[1]),
       GNTST_permission_denied,
       "a page cannot be copied by its number from another domain");
}

static void copies(void)
{
    domu_call(granter, offer, mapper->id, GTF_permit_access);
    is(domu_call(mapper, copy_to, granter->id, MARK + 7), GNTST_okay,
       "a copy into a page that is granted is made");
    is(domu_call(granter, word, 8, 0), MARK + 7, "at its place");
    is(domu_call(mapper, copy_from, granter->id, 4090), GNTST_bad_copy_arg,
       "a copy beyond the page's end is refused");
    is(domu_call(granter, flags_of_entry, 0, 0), GTF_permit_access,
       "after copies the entry is not in use");
}

/* With many times what is released between two looks at whether others wait. */
static void death_of_a_mapper(void)
{
    struct domu *other = domu_start(1), dead = *other;
    uint64_t limit = system_time() + 3000000000UL;

    domu_call(granter, offer_some, other->id, 0);
    is(domu_call(other, map_often, granter->id, 0), REFS * EACH,
       "a domU holds hundreds of mappings");
    is(domu_call(granter, nr_in_use, 0, 0), REFS,
       "of grants that are in use by that");
    domu_destroy(other);
    while (domu_flags(&dead) && system_time() < limit)
        HC2(sched_op, SCHEDOP_yield, 0);
    is(domu_flags(&dead), 0, "with hundreds of mappings a domU is gone");
    is(domu_call(granter, nr_in_use, 0, 0), 0, "and has let go of all of them");
}

static void death_while_mapped(void)
{
    struct domu dead = *granter;
    uint64_t limit = system_time() + 3000000000UL;

    is(mapped_as(GTF_permit_access, 0), GNTST_okay, "it can be mapped again");
    domu_destroy(granter);
    is(domu_call(mapper, write_it, 42, 0), 0,
       "what a dead domain had granted stays mapped");
    is(domu_call(mapper, read_it, 0, 0), 42, "and can be read");
    ok(domu_flags(&dead) & XEN_DOMINF_dying,
       "until it is unmapped the granter is dying");
    is(domu_call(mapper, unmap, 0, 0), GNTST_okay, "it can be unmapped");
    is(domu_call(mapper, read_it, 0, 0), 0, "and is gone then");
    while (domu_flags(&dead) && system_time() < limit)
        HC2(sched_op, SCHEDOP_yield, 0);
    is(domu_flags(&dead), 0, "and so is the granter");
    is(domu_call(mapper, map, dead.id, 0), GNTST_bad_domain,
       "a grant of a domain that is gone is bad_domain");
}

int main(void)
{
    granter = domu_start(1);
    mapper = domu_start(1);
    is(domu_call(granter, set_up, 0, 0), 0, "the granter has a table");
    maps();
    readonly();
    twice();
    not_offered();
    copies();
    death_of_a_mapper();
    death_while_mapped();
    domu_destroy(mapper);
    return 0;
}
