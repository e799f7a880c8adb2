/* SPDX-License-Identifier: MIT */
/* Memory that comes and goes, what only tells something, what is refused, and
 * batches. */
#include "fuzz.h"

static long memory_op(struct cpu *c, unsigned int cmd, void *op)
{
    return call(c, __HYPERVISOR_memory_op, cmd, odd(c, op), 0, 0);
}

/* Frames that were given back stay in the list, for whoever names them. */
long op_decrease(struct cpu *c)
{
    struct xen_memory_reservation *r = arg(c, sizeof(*r));
    uint64_t *list = arg(c, 64 * 8);
    unsigned int n = 1 + below(c, 4), frame = frame_for(c, 0);

    for (unsigned int i = 0; i < n; i++) {
        frame = frame_for(c, 0);
        if (!one_in(c, 3))
            call(c, __HYPERVISOR_update_va_mapping,
                 (uint64_t)frame_address(frame), 0, UVMF_INVLPG | UVMF_ALL, 0);
        list[i] = one_in(c, 10) ? any_mfn(c) : frame_mfn(frame);
    }
    r->extent_start.p = (void *)odd(c, list);
    r->nr_extents = one_in(c, 40) ? any_count(c, 64) : n;
    r->extent_order = one_in(c, 30) ? below(c, 70) : 0;
    r->domid = one_in(c, 10) ? any_domid(c) : DOMID_SELF;
    return memory_op(c, XENMEM_decrease_reservation, r) - 1;
}

/* Does the domain have that frame? Its mapping in the window tells. */
static bool is_gone(struct cpu *c, unsigned int frame)
{
    void *va = frame_address(frame);

    return call(c, __HYPERVISOR_update_va_mapping, (uint64_t)va,
                frame_mfn(frame) * PAGE_SIZE | PTE_P | PTE_U, UVMF_INVLPG,
                0) < 0;
}

long op_populate(struct cpu *c)
{
    struct xen_memory_reservation *r = arg(c, sizeof(*r));
    uint64_t *list = arg(c, 64 * 8);
    unsigned int n = 1 + below(c, 4), frames[4];
    long rc;

    for (unsigned int i = 0; i < n; i++) {
        frames[i] = frame_for(c, 0);
        for (unsigned int tries = 20; tries && !is_gone(c, frames[i]); tries--)
            frames[i] = frame_for(c, 0);
        list[i] = pool_pfn + frames[i];
    }
    r->extent_start.p = (void *)list;
    r->nr_extents = n;
    r->extent_order = one_in(c, 30) ? below(c, 70) : 0;
    r->mem_flags = one_in(c, 10) ? rnd(c) : one_in(c, 4) ? 32 : 0;
    r->domid = one_in(c, 10) ? any_domid(c) : DOMID_SELF;
    rc = call(c, __HYPERVISOR_memory_op,
              one_in(c, 8) ? XENMEM_increase_reservation
                           : XENMEM_populate_physmap,
              (uint64_t)r, 0, 0);
    for (long i = 0; i < rc && !c->batch && !r->extent_order; i++)
        p2m[pool_pfn + frames[i]] = list[i];
    return rc - 1;
}

long op_exchange(struct cpu *c)
{
    struct xen_memory_exchange *x = arg(c, sizeof(*x));
    unsigned int order = below(c, 3), n = 1 << order, first, frames[4];
    uint64_t *in = arg(c, 64 * 8), *out = arg(c, 64 * 8);
    long rc;

    first = frame_for(c, 0) & ~3u;
    for (unsigned int i = 0; i < n; i++) {
        frames[i] = first + i;
        if (!one_in(c, 8))
            call(c, __HYPERVISOR_update_va_mapping,
                 (uint64_t)frame_address(frames[i]), 0, UVMF_INVLPG | UVMF_ALL,
                 0);
        in[i] = one_in(c, 20) ? any_mfn(c) : frame_mfn(frames[i]);
    }
    out[0] = pool_pfn + first;
    x->in.extent_start.p = (void *)odd(c, in);
    x->out.extent_start.p = (void *)odd(c, out);
    x->in.nr_extents = n;
    x->out.nr_extents = 1;
    x->out.extent_order = order;
    x->out.mem_flags = one_in(c, 4) ? 32 : 0;
    x->in.domid = x->out.domid = one_in(c, 10) ? any_domid(c) : DOMID_SELF;
    if (one_in(c, 10))
        ((uint64_t *)x)[below(c, sizeof(*x) / 8)] = any_word(c);
    rc = memory_op(c, XENMEM_exchange, x);
    if (!rc && !c->batch && x->nr_exchanged == n && x->out.nr_extents == 1)
        for (unsigned int i = 0; i < n; i++)
            p2m[pool_pfn + frames[i]] = out[0] + i;
    return rc;
}

long op_memory(struct cpu *c)
{
    unsigned int cmd = below(c, 30) | (one_in(c, 30) ? rnd(c) & ~63UL : 0);

    if (cmd == XENMEM_populate_physmap || cmd == XENMEM_increase_reservation)
        cmd = XENMEM_maximum_ram_page;
    return call(c, __HYPERVISOR_memory_op, cmd, any_struct(c, 12), 0, 0);
}

long op_version(struct cpu *c)
{
    return call(c, __HYPERVISOR_xen_version, below(c, 12), any_struct(c, 8), 0,
                0);
}

/* All of it is refused, in any order of looking at it. */
long op_control(struct cpu *c)
{
    uint32_t *op = arg(c, 256);
    static const uint32_t versions[] = {0x15, 0x16, 0x03000001, 0};

    for (unsigned int i = 0; i < 24; i++)
        op[i] = any_word(c);
    op[0] = below(c, 90);
    op[1] = versions[below(c, 4)];
    switch (below(c, 4)) {
    case 0:
        return call(c, __HYPERVISOR_domctl, odd(c, op), 0, 0, 0);
    case 1:
        return call(c, __HYPERVISOR_sysctl, odd(c, op), 0, 0, 0);
    case 2:
        return call(c, __HYPERVISOR_platform_op, odd(c, op), 0, 0, 0);
    default:
        return call(c, __HYPERVISOR_console_io, below(c, 3), any_count(c, 64),
                    odd(c, op), 0);
    }
}

long op_device(struct cpu *c)
{
    return call(c, __HYPERVISOR_physdev_op, below(c, 33), any_struct(c, 8), 0,
                0);
}

/* Numbers that are no hypercalls, or old ones. shutdown and iret are not for
 * here: one ends the domain, the other one goes anywhere. */
long op_unknown(struct cpu *c)
{
    static const uint8_t some[] = {4,  6,  11, 16, 19, 27, 31, 34, 37,
                                   38, 39, 40, 41, 42, 43, 48, 49, 55};
    unsigned int nr = some[below(c, sizeof(some))];
    uint64_t a = any_word(c);

    if (one_in(c, 4))
        nr = 56 + (rnd(c) >> (33 + below(c, 30)));
    if (nr == 6 && a < 3) /* block and shutdown */
        a = 0;
    return call(c, nr, nr == 4 ? (uint64_t)fuzz_trap : a,
                nr == 4 ? (uint64_t)fuzz_trap : any_struct(c, 8),
                nr == 4 ? (uint64_t)fuzz_trap : any_word(c), any_word(c));
}

/* Entries of zeroes clear the table of traps. */
long op_multicall(struct cpu *c)
{
    struct multicall_entry *batch = arg(c, MOST_BATCH * sizeof(*batch));
    unsigned int n = 1 + below(c, MOST_BATCH), count;
    uint64_t list = odd(c, batch);

    if (c->batch)
        return 0;
    c->batch = batch;
    c->batch_len = 0;
    while (c->batch_len < n)
        do_op(c);
    c->batch = NULL;
    for (unsigned int i = 0; i < c->batch_len; i++)
        batch[i].result = rnd(c);
    count = one_in(c, 60) ? any_count(c, n) : c->batch_len;
    c->changes_traps |= list != (uint64_t)batch || count != c->batch_len;
    return call(c, __HYPERVISOR_multicall, list, count, 0, 0);
}
