/* SPDX-License-Identifier: MIT */
/*
 * What dom0 does with the memory and the tables of other domains. Its writable
 * mappings are of frames that the domUs play with: the hypervisor's answers may
 * be written there.
 */
#include "fuzz.h"

long op_memory_of(struct cpu *c)
{
    struct xen_memory_reservation *r = arg(c, sizeof(*r));
    uint64_t *list = arg(c, 16 * 8);
    unsigned int n = 1 + below(c, 8);
    bool gives = one_in(c, 2);
    domid_t id = target(c);

    for (unsigned int i = 0; i < n; i++)
        list[i] = gives ? frame_of(c, id) : below(c, 1024);
    r->extent_start.p = (void *)odd(c, list);
    r->nr_extents = n;
    r->extent_order = one_in(c, 20) ? below(c, 70) : 0;
    r->domid = id;
    return call(c, __HYPERVISOR_memory_op,
                gives          ? XENMEM_decrease_reservation
                : one_in(c, 2) ? XENMEM_populate_physmap
                               : XENMEM_increase_reservation,
                (uint64_t)r, 0, 0) -
           1;
}

long op_exchange_of(struct cpu *c)
{
    struct xen_memory_exchange *x = arg(c, sizeof(*x));
    uint64_t *in = arg(c, 8 * 8), *out = arg(c, 8 * 8);
    unsigned int order = below(c, 4);
    bool for_large = one_in(c, 2);
    domid_t id = target(c);

    for (unsigned int i = 0; i < 8; i++) {
        in[i] = i && one_in(c, 2) ? in[0] + i : frame_of(c, id);
        out[i] = below(c, 1024);
    }
    x->in.nr_extents = for_large ? 1 << order : 1;
    x->in.extent_order = for_large ? 0 : order;
    x->out.nr_extents = for_large ? 1 : 1 << order;
    x->out.extent_order = for_large ? order : 0;
    x->out.mem_flags = one_in(c, 3) ? 24 + below(c, 10) : 0;
    x->in.domid = x->out.domid = id;
    x->in.extent_start.p = (void *)odd(c, in);
    x->out.extent_start.p = (void *)odd(c, out);
    return call(c, __HYPERVISOR_memory_op, XENMEM_exchange, (uint64_t)x, 0, 0);
}

long op_claim(struct cpu *c)
{
    struct xen_memory_reservation *r = arg(c, sizeof(*r));
    struct xen_mem_acquire_resource *a = arg(c, sizeof(*a));

    if (one_in(c, 2)) {
        r->domid = target(c);
        r->nr_extents = one_in(c, 4) ? rnd(c) : below(c, 1200);
        return call(c, __HYPERVISOR_memory_op, XENMEM_claim_pages, odd(c, r), 0,
                    0);
    }
    a->domid = target(c);
    a->type = one_in(c, 8) ? below(c, 5) : XENMEM_resource_grant_table;
    a->id = one_in(c, 8) ? rnd(c) : 0;
    a->frame = below(c, 4);
    a->nr_frames = any_count(c, 4);
    a->frame_list.p = (void *)odd(c, arg(c, 64));
    return call(c, __HYPERVISOR_memory_op, XENMEM_acquire_resource, odd(c, a),
                0, 0);
}

/* In the pool's window: writable what the domUs play with. */
long op_map_foreign(struct cpu *c)
{
    bool plays = !one_in(c, 4);
    domid_t id = target(c);
    uint64_t mfn = plays ? frame_of(c, id) : any_mfn(c);

    return call(
        c, __HYPERVISOR_update_va_mapping_otherdomain, (uint64_t)any_page(c),
        mfn * PAGE_SIZE | (plays && one_in(c, 2) ? RW : RO), UVMF_INVLPG, id);
}

long op_tables_of(struct cpu *c)
{
    struct mmu_update *u = arg(c, 8 * sizeof(*u));
    unsigned int n = 1 + below(c, 8);
    domid_t id = target(c);

    for (unsigned int i = 0; i < n; i++) {
        u[i].ptr = frame_of(c, id) * PAGE_SIZE + below(c, 24) * 8;
        u[i].val = one_in(c, 3) ? 0 : frame_of(c, id) * PAGE_SIZE | RO;
        if (one_in(c, 4)) {
            u[i].ptr = frame_of(c, id) * PAGE_SIZE | MMU_MACHPHYS_UPDATE;
            u[i].val = below(c, 1024);
        }
    }
    return call(c, __HYPERVISOR_mmu_update, odd(c, u), n, 0,
                (id + 1U) << 16 | id);
}

long op_pin_of(struct cpu *c)
{
    struct mmuext_op *op = arg(c, 8 * sizeof(*op));
    unsigned int n = 1 + below(c, 8);
    static const uint8_t cmds[] = {MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
                                   MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE,
                                   MMUEXT_UNPIN_TABLE,  MMUEXT_UNPIN_TABLE,
                                   MMUEXT_MARK_SUPER,   MMUEXT_UNMARK_SUPER};
    domid_t id = target(c);

    for (unsigned int i = 0; i < n; i++) {
        op[i].cmd = cmds[below(c, sizeof(cmds))];
        op[i].arg1.mfn = frame_of(c, id);
    }
    return call(c, __HYPERVISOR_mmuext_op, odd(c, op), n, 0, id);
}
