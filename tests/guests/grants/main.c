/* SPDX-License-Identifier: MIT */
/* Grants to oneself: table, map, unmap, copy, and what is refused. */
#include <pv/pv.h>

static struct grant_entry_v1 *table;
static uint8_t *window, *granted, *target;

static long map(uint64_t addr, uint32_t ref, uint32_t flags,
                struct gnttab_map_grant_ref *op)
{
    *op = (struct gnttab_map_grant_ref){
        .host_addr = addr, .flags = flags, .ref = ref};
    HC3(grant_table_op, GNTTABOP_map_grant_ref, op, 1);
    return op->status;
}

static long map_at_window(uint32_t ref)
{
    struct gnttab_map_grant_ref op;

    return map((uint64_t)window, ref, GNTMAP_host_map, &op);
}

static long unmap(uint64_t addr, uint32_t handle)
{
    struct gnttab_unmap_grant_ref op = {.host_addr = addr, .handle = handle};

    HC3(grant_table_op, GNTTABOP_unmap_grant_ref, &op, 1);
    return op.status;
}

static long copy(uint32_t src_ref, uint64_t dst_mfn, uint16_t off, uint16_t len)
{
    struct gnttab_copy op = {.flags = GNTCOPY_source_gref, .len = len};

    op.source.u.ref = src_ref;
    op.source.domid = 0;
    op.source.offset = off;
    op.dest.u.gmfn = dst_mfn;
    op.dest.domid = DOMID_SELF;
    HC3(grant_table_op, GNTTABOP_copy, &op, 1);
    return op.status;
}

/* One with nothing in it, which nobody has mapped. */
static void a_frame_of_the_table(void)
{
    xen_pfn_t frames[2] = {0};
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 2};

    set_xen_guest_handle(s.frame_list, frames);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
    is(s.status, GNTST_okay, "the grant table can grow");
    ok(mmuext(MMUEXT_PIN_L1_TABLE, frames[1], 0) < 0,
       "a frame of the grant table cannot become a page table");
    ok(HC2(set_gdt, frames + 1, 512) < 0,
       "a frame of the grant table cannot become a GDT");
}

static void size_and_version(void)
{
    struct gnttab_query_size q = {.dom = DOMID_SELF};
    struct gnttab_set_version v = {.version = 1};
    struct gnttab_get_version gv = {.dom = DOMID_SELF};
    bool agreed;

    is(HC3(grant_table_op, GNTTABOP_query_size, &q, 1), 0,
       "query_size returns 0");
    is(q.status, GNTST_okay, "status of query_size is okay");
    ok(q.nr_frames >= 1 && q.max_nr_frames >= q.nr_frames,
       "query_size tells %u of %u frames", q.nr_frames, q.max_nr_frames);
    is(HC3(grant_table_op, GNTTABOP_set_version, &v, 1), 0,
       "set_version of version 1 returns 0");
    is(HC3(grant_table_op, GNTTABOP_get_version, &gv, 1), 0,
       "get_version returns 0");
    is(gv.version, 1, "get_version says 1");
    v.version = 2;
    agreed = HC3(grant_table_op, GNTTABOP_set_version, &v, 1) == 0;
    HC3(grant_table_op, GNTTABOP_get_version, &gv, 1);
    is(gv.version, agreed ? 2 : 1, "get_version says what was agreed to");
    v.version = 1;
    HC3(grant_table_op, GNTTABOP_set_version, &v, 1);
}

static void the_table(void)
{
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 1};
    xen_pfn_t frame = 0;
    long rc;

    set_xen_guest_handle(s.frame_list, &frame);
    is(HC3(grant_table_op, GNTTABOP_setup_table, &s, 1), 0,
       "setup_table returns 0");
    is(s.status, GNTST_okay, "status of setup_table is okay");
    table = map_mfn(frame, PTE_P | PTE_W | PTE_U | PTE_A | PTE_D, &rc);
    is(rc, 0, "the grant table can be mapped");
}

/* Entry 8 grants a page to this domain; the window is for mappings. */
static void grant_a_page(void)
{
    long rc;

    granted = alloc_page();
    target = alloc_page();
    window = map_mfn(virt_to_mfn(target), PTE_P | PTE_U, &rc);
    set_pte(pte_maddr(window), 0);
    memset(granted, 0x5a, PAGE_SIZE);
    table[8].frame = virt_to_mfn(granted);
    table[8].domid = 0;
    table[8].flags = GTF_permit_access;
}

static void a_mapping(void)
{
    struct gnttab_map_grant_ref m;

    is(map((uint64_t)window, 8, GNTMAP_host_map, &m), GNTST_okay,
       "map_grant_ref maps a grant of the caller's own");
    is(window[100], 0x5a, "a mapped grant can be read");
    window[100] = 0x77;
    is(granted[100], 0x77, "a mapped grant can be written");
    ok(table[8].flags & GTF_reading && table[8].flags & GTF_writing,
       "an entry that is mapped is marked in use");
    is(m.dev_bus_addr, virt_to_mfn(granted) * PAGE_SIZE,
       "map_grant_ref tells the machine address");
    is(unmap((uint64_t)window + PAGE_SIZE, m.handle), GNTST_general_error,
       "unmap at another address is refused");
    is(unmap((uint64_t)window, m.handle), GNTST_okay,
       "unmap of a mapped grant succeeds");
    ok(read_faults(window), "an unmapped grant faults");
    is(table[8].flags, GTF_permit_access,
       "an entry that is unmapped is not marked in use");
    is(unmap((uint64_t)window, m.handle), GNTST_bad_handle,
       "a handle cannot be unmapped twice");
}

static void a_read_only_mapping(void)
{
    struct gnttab_map_grant_ref m;

    is(map((uint64_t)window, 8, GNTMAP_host_map | GNTMAP_readonly, &m),
       GNTST_okay, "map_grant_ref maps read-only");
    ok(write_faults(window, 1),
       "a grant that is mapped read-only cannot be written");
    is(unmap((uint64_t)window, m.handle), GNTST_okay,
       "unmap of a read-only mapping succeeds");
}

/* One by the entry's address, and one for a device beside it. */
static void two_mappings(void)
{
    struct gnttab_map_grant_ref m, m2;
    struct gnttab_unmap_grant_ref u = {0};

    is(map(pte_maddr(window), 8, GNTMAP_host_map | GNTMAP_contains_pte, &m),
       GNTST_okay, "map_grant_ref maps by the entry's address");
    is(window[100], 0x77,
       "a grant that is mapped by the entry's address can be read");
    is(map((uint64_t)window, 8, GNTMAP_device_map, &m2), GNTST_okay,
       "a device mapping beside a host mapping succeeds");
    is(unmap(pte_maddr(window), m.handle), GNTST_okay,
       "unmap by the entry's address succeeds");
    ok(table[8].flags & GTF_reading,
       "an entry stays in use while the device mapping is there");
    u.dev_bus_addr = m2.dev_bus_addr;
    u.handle = m2.handle;
    HC3(grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
    is(u.status, GNTST_okay, "unmap of a device mapping succeeds");
    is(table[8].flags, GTF_permit_access,
       "an entry is not in use after both mappings are gone");
}

static void refused_mappings(void)
{
    table[9].frame = virt_to_mfn(granted);
    table[9].domid = 0;
    table[9].flags = GTF_permit_access | GTF_readonly;
    is(map_at_window(9), GNTST_general_error,
       "a read-only grant cannot be mapped writable");
    table[9].flags = 0;
    is(map_at_window(9), GNTST_general_error,
       "an entry without permission cannot be mapped");
    table[9].flags = GTF_permit_access;
    table[9].domid = 5;
    is(map_at_window(9), GNTST_general_error,
       "an entry that is granted to another domain cannot be mapped");
    table[9].domid = 0;
    table[9].frame = 0xfffffff;
    ok(map_at_window(9) < 0,
       "an entry with another domain's frame cannot be mapped");
    is(map_at_window(1000000), GNTST_bad_gntref,
       "a reference beyond the table is bad_gntref");
    table[9].frame = virt_to_mfn((void *)start_info->pt_base);
    ok(map_at_window(9) < 0, "a page table cannot be mapped writable");
}

static void copies(void)
{
    is(copy(8, virt_to_mfn(target), 0, 4096), GNTST_okay,
       "a copy between two pages succeeds");
    is(target[100], 0x77, "a copy moves the bytes");
    is(copy(8, virt_to_mfn(target), 4000, 200), GNTST_bad_copy_arg,
       "a copy across the page's end is refused");
    is(copy(8, virt_to_mfn((void *)start_info->pt_base), 0, 8),
       GNTST_general_error, "a copy into a page table is refused");
    is(copy(500000, virt_to_mfn(target), 0, 8), GNTST_bad_gntref,
       "a copy of a bad reference is refused");
}

static void refused_calls(void)
{
    struct gnttab_query_size q = {.dom = DOMID_SELF};

    is(HC3(grant_table_op, 100, &q, 1), -ENOSYS,
       "an unknown sub-operation of grant_table_op is -ENOSYS");
    is(HC3(grant_table_op, GNTTABOP_copy, &q, 0x80000000), -EINVAL,
       "grant_table_op with a negative count is -EINVAL");
    is(HC3(grant_table_op, GNTTABOP_map_grant_ref, 0xffff830000000000UL, 1),
       -EFAULT, "grant_table_op at a bad address is -EFAULT");
}

int main(void)
{
    size_and_version();
    the_table();
    a_frame_of_the_table();
    grant_a_page();
    a_mapping();
    a_read_only_mapping();
    two_mappings();
    refused_mappings();
    copies();
    is(table[8].flags, GTF_permit_access, "no entry is in use at the end");
    refused_calls();
    return 0;
}
