/* SPDX-License-Identifier: MIT */
/* Grants to oneself: table, map, unmap, copy, and what is refused. */
#include <pv/pv.h>

static struct grant_entry_v1 *table;
static uint8_t *window;

static long map(uint64_t addr, uint32_t ref, uint32_t flags,
                struct gnttab_map_grant_ref *op)
{
    *op = (struct gnttab_map_grant_ref){.host_addr = addr,
                                        .flags = flags,
                                        .ref = ref,
                                        .dom = start_info ? 0 : 0};
    HC3(grant_table_op, GNTTABOP_map_grant_ref, op, 1);
    return op->status;
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

int main(void)
{
    struct gnttab_query_size q = {.dom = DOMID_SELF};
    struct gnttab_setup_table s = {.dom = DOMID_SELF, .nr_frames = 1};
    struct gnttab_set_version v = {.version = 1};
    struct gnttab_get_version gv = {.dom = DOMID_SELF};
    struct gnttab_map_grant_ref m, m2;
    xen_pfn_t frame = 0;
    uint8_t *granted = alloc_page(), *target = alloc_page();
    long rc;

    is(HC3(grant_table_op, GNTTABOP_query_size, &q, 1), 0, "query_size");
    is(q.status, GNTST_okay, "status");
    ok(q.nr_frames >= 1 && q.max_nr_frames >= q.nr_frames, "%u of %u frames",
       q.nr_frames, q.max_nr_frames);
    is(HC3(grant_table_op, GNTTABOP_set_version, &v, 1), 0, "version 1");
    is(HC3(grant_table_op, GNTTABOP_get_version, &gv, 1), 0, "get_version");
    is(gv.version, 1, "is 1");
    set_xen_guest_handle(s.frame_list, &frame);
    is(HC3(grant_table_op, GNTTABOP_setup_table, &s, 1), 0, "setup_table");
    is(s.status, GNTST_okay, "status");
    table = map_mfn(frame, PTE_P | PTE_W | PTE_U | PTE_A | PTE_D, &rc);
    is(rc, 0, "table mapped");
    window = map_mfn(virt_to_mfn(target), PTE_P | PTE_U, &rc);
    set_pte(pte_maddr(window), 0);

    memset(granted, 0x5a, PAGE_SIZE);
    table[8].frame = virt_to_mfn(granted);
    table[8].domid = 0;
    table[8].flags = GTF_permit_access;
    is(map((uint64_t)window, 8, GNTMAP_host_map, &m), GNTST_okay, "map");
    is(window[100], 0x5a, "readable");
    window[100] = 0x77;
    is(granted[100], 0x77, "writable");
    ok(table[8].flags & GTF_reading && table[8].flags & GTF_writing, "in use");
    is(m.dev_bus_addr, virt_to_mfn(granted) * PAGE_SIZE, "machine address");
    is(unmap((uint64_t)window + PAGE_SIZE, m.handle), GNTST_general_error,
       "unmap at another address");
    is(unmap((uint64_t)window, m.handle), GNTST_okay, "unmap");
    ok(read_faults(window), "gone");
    is(table[8].flags, GTF_permit_access, "not in use");
    is(unmap((uint64_t)window, m.handle), GNTST_bad_handle, "unmap twice");

    is(map((uint64_t)window, 8, GNTMAP_host_map | GNTMAP_readonly, &m),
       GNTST_okay, "map read-only");
    ok(write_faults(window, 1), "cannot be written");
    is(unmap((uint64_t)window, m.handle), GNTST_okay, "unmap");
    is(map(pte_maddr(window), 8, GNTMAP_host_map | GNTMAP_contains_pte, &m),
       GNTST_okay, "map by the entry's address");
    is(window[100], 0x77, "readable");
    is(map((uint64_t)window, 8, GNTMAP_device_map, &m2), GNTST_okay,
       "device map beside it");
    is(unmap(pte_maddr(window), m.handle), GNTST_okay, "unmap by entry");
    ok(table[8].flags & GTF_reading, "still in use by the device");
    {
        struct gnttab_unmap_grant_ref u = {.dev_bus_addr = m2.dev_bus_addr,
                                           .handle = m2.handle};

        HC3(grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
        is(u.status, GNTST_okay, "device unmap");
    }
    is(table[8].flags, GTF_permit_access, "not in use");

    table[9].frame = virt_to_mfn(granted);
    table[9].domid = 0;
    table[9].flags = GTF_permit_access | GTF_readonly;
    is(map((uint64_t)window, 9, GNTMAP_host_map, &m), GNTST_general_error,
       "read-only grant, writable map");
    table[9].flags = 0;
    is(map((uint64_t)window, 9, GNTMAP_host_map, &m), GNTST_general_error,
       "entry without permission");
    table[9].flags = GTF_permit_access;
    table[9].domid = 5;
    is(map((uint64_t)window, 9, GNTMAP_host_map, &m), GNTST_general_error,
       "granted to another");
    table[9].domid = 0;
    table[9].frame = 0xfffffff;
    ok(map((uint64_t)window, 9, GNTMAP_host_map, &m) < 0, "not our frame");
    is(map((uint64_t)window, 1000000, GNTMAP_host_map, &m), GNTST_bad_gntref,
       "reference out of range");
    table[9].frame = virt_to_mfn((void *)start_info->pt_base);
    ok(map((uint64_t)window, 9, GNTMAP_host_map, &m) < 0,
       "a page table cannot be mapped writable");

    is(copy(8, virt_to_mfn(target), 0, 4096), GNTST_okay, "copy");
    is(target[100], 0x77, "copied");
    is(copy(8, virt_to_mfn(target), 4000, 200), GNTST_bad_copy_arg,
       "across the page's end");
    is(copy(8, virt_to_mfn((void *)start_info->pt_base), 0, 8),
       GNTST_general_error, "into a page table");
    is(copy(500000, virt_to_mfn(target), 0, 8), GNTST_bad_gntref,
       "bad reference");
    is(table[8].flags, GTF_permit_access, "nothing left in use");
    is(HC3(grant_table_op, 100, &q, 1), -ENOSYS, "unknown sub-operation");
    is(HC3(grant_table_op, GNTTABOP_copy, &q, 0x80000000), -EINVAL,
       "negative count");
    is(HC3(grant_table_op, GNTTABOP_map_grant_ref, 0xffff830000000000UL, 1),
       -EFAULT, "bad pointer");
    return 0;
}
