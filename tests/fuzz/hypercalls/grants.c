/* SPDX-License-Identifier: MIT */
/* Grants: entries of the own table, and what is done with the other's. */
#include "fuzz.h"

static uint32_t any_ref(struct cpu *c)
{
    return one_in(c, 40) ? rnd(c) >> (32 + below(c, 32)) : below(c, NR_REFS);
}

/* The page of the own table is memory like any other. */
long op_entry(struct cpu *c)
{
    struct grant_entry_v1 *e = grant_table + below(c, NR_REFS);
    static const uint16_t flags[] = {0, GTF_permit_access, GTF_permit_access,
                                     GTF_permit_access | GTF_readonly,
                                     GTF_accept_transfer};

    if (one_in(c, 3)) {
        e->flags = one_in(c, 10) ? rnd(c) : 0;
        return 0;
    }
    e->frame = any_mfn(c);
    e->domid = one_in(c, 8) ? any_domid(c) : words[WORD_PEER];
    mb();
    e->flags = flags[below(c, 5)];
    return 0;
}

/* Where a grant may be mapped: an address, or an entry of a table. */
static uint64_t any_place(struct cpu *c, uint32_t flags)
{
    unsigned int level;

    return flags & GNTMAP_contains_pte ? any_entry_maddr(c, &level)
                                       : any_address(c);
}

long op_map(struct cpu *c)
{
    uint32_t n = one_in(c, 15) ? 40 : 1 + below(c, 3);
    struct gnttab_map_grant_ref *op = arg(c, n * sizeof(*op));
    long rc, good = 0;

    for (uint32_t i = 0; i < n; i++) {
        op[i].flags = GNTMAP_host_map | (one_in(c, 4) ? GNTMAP_readonly : 0) |
                      (one_in(c, 4) ? GNTMAP_contains_pte : 0) |
                      (one_in(c, 8) ? GNTMAP_device_map : 0) |
                      (one_in(c, 8) ? GNTMAP_application_map : 0);
        if (one_in(c, 30))
            op[i].flags = rnd(c);
        op[i].host_addr = any_place(c, op[i].flags);
        op[i].ref = any_ref(c);
        op[i].dom = one_in(c, 10) ? any_domid(c) : words[WORD_PEER];
        op[i].status = -1;
    }
    rc = call(c, __HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
              odd(c, op), n, 0);
    for (uint32_t i = 0; i < n && !rc; i++)
        if (!op[i].status) {
            unsigned int slot = below(c, NR_HANDLES);

            c->grants[slot].addr = op[i].host_addr;
            c->grants[slot].handle = op[i].handle;
            good++;
        }
    return good ? good : -1;
}

long op_unmap(struct cpu *c)
{
    uint32_t n = one_in(c, 15) ? 40 : 1 + below(c, 3);
    struct gnttab_unmap_grant_ref *op = arg(c, n * sizeof(*op));
    long rc, good = 0;

    for (uint32_t i = 0; i < n; i++) {
        unsigned int slot = below(c, NR_HANDLES);

        op[i].host_addr = one_in(c, 12) ? any_address(c) : c->grants[slot].addr;
        op[i].handle = one_in(c, 12) ? below(c, 40) : c->grants[slot].handle;
        op[i].dev_bus_addr = one_in(c, 12) ? any_mfn(c) * PAGE_SIZE : 0;
        op[i].status = -1;
    }
    rc = call(c, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_grant_ref,
              odd(c, op), n, 0);
    for (uint32_t i = 0; i < n && !rc; i++)
        good += !op[i].status;
    return good ? good : -1;
}

long op_replace(struct cpu *c)
{
    struct gnttab_unmap_and_replace *op = arg(c, sizeof(*op));
    unsigned int slot = below(c, NR_HANDLES);

    op->host_addr = one_in(c, 12) ? any_address(c) : c->grants[slot].addr;
    op->handle = one_in(c, 12) ? below(c, 40) : c->grants[slot].handle;
    op->new_addr = one_in(c, 8) ? 0 : any_address(c);
    op->status = -1;
    call(c, __HYPERVISOR_grant_table_op, GNTTABOP_unmap_and_replace, odd(c, op),
         1, 0);
    return op->status;
}

static void any_end(struct cpu *c, struct gnttab_copy_ptr *p, bool by_ref)
{
    p->domid = by_ref && !one_in(c, 10) ? words[WORD_PEER] : any_domid(c);
    p->offset = one_in(c, 4) ? rnd(c) : below(c, 2048);
    if (by_ref)
        p->u.ref = any_ref(c);
    else
        p->u.gmfn = any_mfn(c);
}

long op_copy(struct cpu *c)
{
    uint32_t n = one_in(c, 15) ? 60 : 1 + below(c, 3);
    struct gnttab_copy *op = arg(c, n * sizeof(*op));
    long rc, good = 0;

    for (uint32_t i = 0; i < n; i++) {
        op[i].flags = one_in(c, 30) ? rnd(c) : below(c, 4);
        any_end(c, &op[i].source, op[i].flags & GNTCOPY_source_gref);
        any_end(c, &op[i].dest, op[i].flags & GNTCOPY_dest_gref);
        op[i].len = one_in(c, 4) ? rnd(c) : below(c, 2048);
        op[i].status = -1;
    }
    rc = call(c, __HYPERVISOR_grant_table_op, GNTTABOP_copy, odd(c, op), n, 0);
    for (uint32_t i = 0; i < n && !rc; i++)
        good += !op[i].status;
    return good ? good : -1;
}

long op_swap(struct cpu *c)
{
    struct gnttab_swap_grant_ref *op = arg(c, sizeof(*op));

    op->ref_a = any_ref(c);
    op->ref_b = any_ref(c);
    op->status = -1;
    call(c, __HYPERVISOR_grant_table_op, GNTTABOP_swap_grant_ref, odd(c, op), 1,
         0);
    return op->status;
}

long op_table(struct cpu *c)
{
    struct gnttab_setup_table *op = arg(c, sizeof(*op));

    op->dom = any_domid(c);
    op->nr_frames = one_in(c, 10) ? rnd(c) : 1 + below(c, 4);
    op->status = -1;
    op->frame_list.p = (void *)odd(c, arg(c, 4 * 8));
    call(c, __HYPERVISOR_grant_table_op, GNTTABOP_setup_table, odd(c, op), 1,
         0);
    return op->status;
}

long op_grant_other(struct cpu *c)
{
    uint32_t cmd = one_in(c, 20) ? rnd(c) : below(c, 14);
    uint32_t n = any_count(c, 3);

    return call(c, __HYPERVISOR_grant_table_op, cmd, any_struct(c, 24), n, 0);
}
