/* SPDX-License-Identifier: MIT */
/*
 * memory_op: how much memory a domain has, and which frames.
 *
 * The command's upper bits hold how many extents a continued call has done;
 * where large extents leave room above that, how many frames of the next one.
 * Calls on extent lists answer with the number of extents done; a shorter
 * count than asked is the caller's to judge, an errno means the request made
 * no sense at all.
 */
#include <hv/domain.h>
#include <hv/grant_table.h>
#include <hv/hypercall.h>
#include <hv/memory.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <asm/uaccess.h>
#include <xen/memory.h>

#define CMD_MASK    63u
#define CMD_SHIFT   6
#define START_BITS  (64 - CMD_SHIFT)
#define GIVE_STRIDE 64 /* frames between two looks at other work */

/* Largest extents: for a domain that drives devices or builds domains, and for
 * others. */
#define MAX_ORDER_PRIVILEGED 12
#define MAX_ORDER_GUEST      9
#define MAX_NUMNODES         64 /* what Xen could have */

unsigned int memory_max_order(const struct domain *d)
{
    return d->is_privileged ? MAX_ORDER_PRIVILEGED : MAX_ORDER_GUEST;
}

/* false: no frame can be that low. */
bool memory_flags(unsigned int mem_flags, unsigned int *memflags)
{
    unsigned int bits = XENMEMF_get_address_bits(mem_flags);

    *memflags = 0;
    if (bits && bits <= PAGE_SHIFT)
        return false;
    if (!(mem_flags & XENMEMF_vnode) && XENMEMF_get_node(mem_flags) != 0xff &&
        XENMEMF_get_node(mem_flags) >= MAX_NUMNODES)
        return false;
    if (bits && (max_page - 1) >> (MIN(bits, 63u) - PAGE_SHIFT))
        *memflags = MEMF_address_bits(bits);
    return true;
}

/* --- increase, decrease, populate ----------------------------------------- */

struct extents {
    struct domain *d;
    struct xen_memory_reservation r;
    unsigned int memflags;
    unsigned long frames; /* of the extent under way: given back already */
    bool preempted;       /* a step that failed will get further next time */
};

/* What a domain may not have would be scrubbed for nothing, and a call that was
 * interrupted meanwhile would begin again, for ever. */
static bool has_room(const struct domain *d, unsigned int order)
{
    uint64_t has = READ_ONCE(d->tot_pages), most = READ_ONCE(d->max_pages);

    return !READ_ONCE(d->is_dying) && has <= most && most - has >= 1UL << order;
}

static struct page_info *alloc_extent(struct extents *x)
{
    unsigned int order = x->r.extent_order;
    struct page_info *pg;
    int rc;

    if (!has_room(x->d, order))
        return NULL;
    rc = take_pages(x->d, &pg, 1, order, x->memflags);
    x->preempted = rc == -ERESTART;
    if (rc)
        return NULL;
    if (!assign_pages(x->d, pg, order, x->memflags))
        return pg;
    put_back_pages(&pg, 1, order);
    return NULL;
}

static bool increase_one(struct extents *x, unsigned long i)
{
    struct page_info *pg;
    xen_pfn_t mfn;

    pg = alloc_extent(x);
    if (!pg)
        return false;
    mfn = mfn_x(page_to_mfn(pg));
    return guest_handle_is_null(x->r.extent_start) ||
           !copy_to_guest_offset(x->r.extent_start, i, &mfn, 1);
}

static bool populate_one(struct extents *x, unsigned long i)
{
    unsigned long nr = 1UL << x->r.extent_order;
    struct page_info *pg;
    xen_pfn_t pfn, mfn;

    if (copy_from_guest_offset(&pfn, x->r.extent_start, i, 1))
        return false;
    pg = alloc_extent(x);
    if (!pg)
        return false;
    mfn = mfn_x(page_to_mfn(pg));
    for (unsigned long j = 0; j < nr; j++)
        set_owned_gpfn(_mfn(mfn + j), pfn + j, x->d);
    return !copy_to_guest_offset(x->r.extent_start, i, &mfn, 1);
}

/* The allocation's reference goes; mappings may keep the frame for a while. */
static bool give_back(struct domain *d, mfn_t mfn)
{
    struct page_info *pg = get_page_from_mfn(mfn, d);

    if (!pg)
        return false;
    if (!(READ_ONCE(pg->count) & PGC_xenheap) &&
        (atomic_and(&pg->count, ~PGC_allocated) & PGC_allocated))
        put_page(pg);
    put_page(pg);
    return true;
}

static bool decrease_one(struct extents *x, unsigned long i)
{
    unsigned long nr = 1UL << x->r.extent_order, from = x->frames;
    xen_pfn_t mfn;

    if (copy_from_guest_offset(&mfn, x->r.extent_start, i, 1))
        return false;
    for (; x->frames < nr; x->frames++) {
        x->preempted = x->frames > from && x->frames % GIVE_STRIDE == 0 &&
                       hypercall_preempt_check();
        if (x->preempted || !give_back(x->d, _mfn(mfn + x->frames)))
            return false;
    }
    x->frames = 0;
    return true;
}

/* The whole list, before the first extent changes anything. */
static bool list_is_guests(const struct xen_memory_reservation *r)
{
    uint64_t bytes;

    return guest_handle_is_null(r->extent_start) ||
           (!__builtin_mul_overflow(r->nr_extents, sizeof(xen_pfn_t), &bytes) &&
            guest_range_ok((uint64_t)r->extent_start.p, bytes));
}

static long do_extents(unsigned int op, unsigned long start, uint64_t arg)
{
    static bool (*const step[])(struct extents *, unsigned long) = {
        [XENMEM_increase_reservation] = increase_one,
        [XENMEM_decrease_reservation] = decrease_one,
        [XENMEM_populate_physmap] = populate_one,
    };
    struct extents x = {.preempted = false};
    unsigned int position; /* bits of the number of extents */
    unsigned long i;
    int rc;

    if (copy_object_from_guest(&x.r, arg) ||
        x.r.extent_order > memory_max_order(current->domain))
        return start;
    position = START_BITS - x.r.extent_order;
    i = start & ((1UL << position) - 1);
    x.frames = start >> position;
    if ((x.frames && op != XENMEM_decrease_reservation) ||
        x.r.nr_extents > (~0UL >> CMD_SHIFT) >> x.r.extent_order ||
        !memory_flags(x.r.mem_flags, &x.memflags) || !list_is_guests(&x.r))
        return i;
    rc = subop_domain(x.r.domid, &x.d);
    if (rc)
        return rc == -EPERM ? rc : (long)i;
    for (unsigned long first = i; i < x.r.nr_extents; i++) {
        x.preempted = i > first && hypercall_preempt_check();
        if (x.preempted || !step[op](&x, i))
            break;
    }
    put_domain(x.d);
    if (!x.preempted)
        return i;
    hypercall_set_arg(0, op | (i | x.frames << position) << CMD_SHIFT);
    return hypercall_again(__HYPERVISOR_memory_op);
}

/* --- figures -------------------------------------------------------------- */

static long maximum_ram_page(struct domain *d, void *arg)
{
    return max_page;
}

static long current_reservation(struct domain *d, void *arg)
{
    return READ_ONCE(d->tot_pages);
}

static long maximum_reservation(struct domain *d, void *arg)
{
    return READ_ONCE(d->max_pages);
}

static long maximum_gpfn(struct domain *d, void *arg)
{
    return arch_max_gpfn(d);
}

static long claim_pages(struct domain *unused, void *arg)
{
    const struct xen_memory_reservation *r = arg;
    struct domain *d;
    long rc;

    if (!guest_handle_is_null(r->extent_start) || r->extent_order ||
        r->mem_flags || subop_domain(r->domid, &d))
        return -EINVAL;
    rc = domain_set_outstanding_pages(d, r->nr_extents);
    put_domain(d);
    return rc;
}

/* --- frames that are lent ------------------------------------------------- */

static long copy_grant_frames(struct domain *d,
                              const struct xen_mem_acquire_resource *r)
{
    mfn_t mfn;
    int rc;

    if (r->frame >= d->max_grant_frames ||
        r->nr_frames > d->max_grant_frames - r->frame)
        return -EINVAL;
    for (uint32_t i = 0; i < r->nr_frames; i++) {
        xen_pfn_t raw;

        rc = gnttab_get_shared_frame(d, r->frame + i, &mfn);
        if (rc)
            return rc;
        raw = mfn_x(mfn);
        if (copy_to_guest_offset(r->frame_list, i, &raw, 1))
            return -EFAULT;
    }
    return 0;
}

static long acquire(struct domain *d, struct xen_mem_acquire_resource *r)
{
    bool ask_size = guest_handle_is_null(r->frame_list) && !r->nr_frames;

    switch (r->type) {
    case XENMEM_resource_grant_table:
        break;
    case XENMEM_resource_ioreq_server:
    case XENMEM_resource_vmtrace_buf:
        return -EINVAL; /* no PV domain has these */
    default:
        return -EOPNOTSUPP;
    }
    if (r->id != XENMEM_resource_grant_table_id_shared || !d->grant_table)
        return -EINVAL;
    if (ask_size) {
        r->nr_frames = d->max_grant_frames;
        return 0;
    }
    if (guest_handle_is_null(r->frame_list) || !r->nr_frames)
        return -EINVAL;
    return copy_grant_frames(d, r);
}

static long acquire_resource(struct domain *unused, void *arg)
{
    struct xen_mem_acquire_resource *r = arg;
    struct domain *d;
    long rc;

    if (r->pad)
        return -EINVAL;
    d = get_domain_by_id(r->domid);
    if (!d)
        return -ESRCH;
    rc = d == current->domain ? -EPERM : acquire(d, r);
    put_domain(d);
    return rc;
}

/* --- what translated and HVM domains have --------------------------------- */

/* No domain here is translated. */
static long add_to_physmap(struct domain *unused, void *arg)
{
    const struct xen_add_to_physmap *a = arg;
    struct domain *d;
    int rc;

    if (a->space == XENMAPSPACE_gmfn_foreign)
        return -ENOSYS; /* in batches only */
    rc = subop_domain(a->domid, &d);
    if (rc)
        return rc;
    put_domain(d);
    return -EACCES;
}

static long get_vnumainfo(struct domain *unused, void *arg)
{
    const struct xen_vnuma_topology_info *t = arg;
    struct domain *d;
    int rc;

    if (t->pad)
        return -EINVAL;
    rc = subop_domain(t->domid, &d);
    if (rc)
        return rc;
    put_domain(d);
    return -EOPNOTSUPP;
}

/* The host reserves no memory for devices: no IOMMU. */
static long reserved_device_memory_map(struct domain *d, void *arg)
{
    struct xen_reserved_device_memory_map *m = arg;

    if (m->flags & ~XENMEM_RDM_ALL)
        return -EINVAL;
    m->nr_entries = 0;
    return 0;
}

/* --- the call ------------------------------------------------------------- */

#define FIGURE(handler)                                                        \
    {                                                                          \
        .fn = handler, SUBOP_IN(struct xen_memory_domain),                     \
        SUBOP_DOMID(struct xen_memory_domain, domid)                           \
    }
/* What only translated domains have. Its structure begins with the id. */
#define PHYSMAP                                                                \
    {                                                                          \
        .rc = -EACCES, SUBOP_IN(domid_t), .domid = 1                           \
    }
/* What only HVM domains have. */
#define POD                                                                    \
    {                                                                          \
        .rc = -EINVAL, SUBOP_IN(struct xen_pod_target),                        \
        SUBOP_DOMID(struct xen_pod_target, domid)                              \
    }

static const struct subop memory_table[NR_MEMORY_OPS] = {
    [XENMEM_exchange] = {.fn = memory_exchange},
    [XENMEM_maximum_ram_page] = {.fn = maximum_ram_page},
    [XENMEM_current_reservation] = FIGURE(current_reservation),
    [XENMEM_maximum_reservation] = FIGURE(maximum_reservation),
    [XENMEM_maximum_gpfn] = FIGURE(maximum_gpfn),
    [XENMEM_claim_pages] = {.fn = claim_pages,
                            SUBOP_IN(struct xen_memory_reservation),
                            .flags = SUBOP_PRIVILEGED},
    [XENMEM_acquire_resource] = {.fn = acquire_resource,
                                 SUBOP_IN(struct xen_mem_acquire_resource),
                                 SUBOP_OUT_FIELD(
                                     struct xen_mem_acquire_resource,
                                     nr_frames),
                                 .flags = SUBOP_PRIVILEGED},
    [XENMEM_get_sharing_freed_pages] = {.fn = subop_nothing},
    [XENMEM_get_sharing_shared_pages] = {.fn = subop_nothing},
    [XENMEM_add_to_physmap] = {.fn = add_to_physmap,
                               SUBOP_IN(struct xen_add_to_physmap)},
    [XENMEM_add_to_physmap_batch] = PHYSMAP,
    [XENMEM_remove_from_physmap] = PHYSMAP,
    [XENMEM_set_pod_target] = POD,
    [XENMEM_get_pod_target] = POD,
    [XENMEM_get_vnumainfo] = {.fn = get_vnumainfo,
                              SUBOP_IN(struct xen_vnuma_topology_info)},
    [XENMEM_reserved_device_memory_map] =
        {.fn = reserved_device_memory_map,
         SUBOP_IN(struct xen_reserved_device_memory_map),
         SUBOP_OUT_FIELD(struct xen_reserved_device_memory_map, nr_entries)},
};

static const struct subop_family memory_ops = {
    .call = __HYPERVISOR_memory_op,
    .rows = {{memory_table, NR_MEMORY_OPS}, {arch_memory_table, NR_MEMORY_OPS}},
    .otherwise = {.rc = -ENOSYS},
};

long do_memory_op(unsigned long cmd, uint64_t arg)
{
    unsigned int op = cmd & CMD_MASK;
    unsigned long start = cmd >> CMD_SHIFT;

    switch (op) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return do_extents(op, start, arg);
    }
    if (start) /* only those count extents */
        return op <= XENMEM_acquire_resource ? -EINVAL : -ENOSYS;
    return subop_call(&memory_ops, op, arg);
}
