/* SPDX-License-Identifier: MIT */
/* HYPERVISOR_grant_table_op. */
#include <hv/subop.h>
#include "grant_table.h"

/* The domain that a request names, or NULL and why. */
static struct domain *target(domid_t dom, int16_t *status)
{
    struct domain *d;
    int rc = subop_domain(dom, &d);

    if (!rc)
        return d;
    *status = rc == -EPERM ? GNTST_permission_denied : GNTST_bad_domain;
    return NULL;
}

static int list_frames(struct domain *d, const struct gnttab_setup_table *op)
{
    if (op->nr_frames > d->grant_table->max_frames)
        return GNTST_general_error;
    for (uint32_t i = 0; i < op->nr_frames; i++) {
        xen_pfn_t frame;
        mfn_t mfn;

        if (gnttab_get_shared_frame(d, i, &mfn))
            return GNTST_general_error;
        frame = mfn_x(mfn);
        if (copy_to_guest_offset(op->frame_list, i, &frame, 1))
            return GNTST_bad_virt_addr;
    }
    return GNTST_okay;
}

static long setup_table(struct domain *unused, void *arg)
{
    struct gnttab_setup_table *op = arg;
    struct domain *d;

    op->status = GNTST_okay;
    d = target(op->dom, &op->status);
    if (d) {
        op->status = list_frames(d, op);
        put_domain(d);
    }
    return 0;
}

static long query_size(struct domain *unused, void *arg)
{
    struct gnttab_query_size *op = arg;
    struct domain *d;

    op->status = GNTST_okay;
    d = target(op->dom, &op->status);
    if (d) {
        op->nr_frames = d->grant_table->nr_frames;
        op->max_nr_frames = d->grant_table->max_frames;
        put_domain(d);
    }
    return 0;
}

static long set_version(struct domain *d, void *arg)
{
    const struct gnttab_set_version *op = arg;

    return op->version == 1 ? 0 : op->version == 2 ? -ENOSYS : -EINVAL;
}

static long get_version(struct domain *d, void *arg)
{
    struct gnttab_get_version *op = arg;

    op->version = 1;
    return 0;
}

/* Version 2 only; with version 1 each request is refused in its status. */
static long get_status_frames(struct domain *unused, void *arg)
{
    struct gnttab_get_status_frames *op = arg;
    struct domain *d = target(op->dom, &op->status);

    if (d) {
        put_domain(d);
        op->status = GNTST_general_error;
    }
    return 0;
}

static int swap_refs(struct domain *d, uint32_t a, uint32_t b)
{
    struct grant_table *gt = d->grant_table;
    int status = GNTST_okay;

    spin_lock(&gt->lock);
    if (a >= nr_grant_entries(gt) || b >= nr_grant_entries(gt)) {
        status = GNTST_bad_gntref;
    } else if (pinned(active_entry(gt, a)) || pinned(active_entry(gt, b))) {
        status = GNTST_eagain;
    } else {
        grant_entry_t t = *shared_entry(gt, a);

        *shared_entry(gt, a) = *shared_entry(gt, b);
        *shared_entry(gt, b) = t;
    }
    spin_unlock(&gt->lock);
    return status;
}

static long swap_grant_ref(uint64_t ops, uint32_t count, uint32_t *done)
{
    for (; *done < count; ++*done) {
        uint64_t uop = ops + *done * sizeof(struct gnttab_swap_grant_ref);
        struct gnttab_swap_grant_ref op;

        if (*done && hypercall_preempt_check())
            return -ERESTART;
        if (copy_object_from_guest(&op, uop))
            return -EFAULT;
        op.status = swap_refs(current->domain, op.ref_a, op.ref_b);
        if (copy_field_to_guest(uop, &op, status))
            return -EFAULT;
    }
    return 0;
}

/* --- the hypercall -------------------------------------------------------- */

/* Rows of operations on lists: done counts elements finished, for the
 * continuation. */
static const struct {
    long (*fn)(uint64_t ops, uint32_t count, uint32_t *done);
    uint32_t size;
} batch[] = {
    [GNTTABOP_map_grant_ref] = {gnttab_map,
                                sizeof(struct gnttab_map_grant_ref)},
    [GNTTABOP_unmap_grant_ref] = {gnttab_unmap,
                                  sizeof(struct gnttab_unmap_grant_ref)},
    [GNTTABOP_copy] = {gnttab_copy, sizeof(struct gnttab_copy)},
    [GNTTABOP_unmap_and_replace] = {gnttab_unmap_and_replace,
                                    sizeof(struct gnttab_unmap_and_replace)},
    [GNTTABOP_swap_grant_ref] = {swap_grant_ref,
                                 sizeof(struct gnttab_swap_grant_ref)},
};

static const struct subop single[] = {
    [GNTTABOP_setup_table] = {.fn = setup_table,
                              SUBOP_IN(struct gnttab_setup_table),
                              SUBOP_OUT_FIELD(struct gnttab_setup_table,
                                              status)},
    [GNTTABOP_query_size] = {.fn = query_size,
                             SUBOP_INOUT(struct gnttab_query_size)},
    [GNTTABOP_set_version] = {.fn = set_version,
                              SUBOP_INOUT(struct gnttab_set_version)},
    [GNTTABOP_get_version] = {.fn = get_version,
                              SUBOP_INOUT(struct gnttab_get_version),
                              SUBOP_DOMID(struct gnttab_get_version, dom)},
    [GNTTABOP_get_status_frames] = {.fn = get_status_frames,
                                    SUBOP_IN(struct gnttab_get_status_frames),
                                    SUBOP_OUT_FIELD(
                                        struct gnttab_get_status_frames,
                                        status)},
    /* Frames do not change hands by grants. */
    [GNTTABOP_transfer] = {.rc = -EOPNOTSUPP},
};

static const struct subop_family grant_ops = {
    .call = __HYPERVISOR_grant_table_op,
    .rows = {{single, ARRAY_SIZE(single)}},
    .otherwise = {.rc = -ENOSYS},
};

static long run_batch(unsigned int cmd, uint64_t ops, unsigned int count)
{
    uint32_t done = 0;
    long rc;

    rc = batch[cmd].fn(ops, count, &done);
    if (rc != -ERESTART)
        return rc;
    hypercall_set_arg(1, ops + (uint64_t)done * batch[cmd].size);
    hypercall_set_arg(2, count - done);
    return hypercall_again(__HYPERVISOR_grant_table_op);
}

long do_grant_table_op(unsigned int cmd, uint64_t ops, unsigned int count)
{
    if ((int)count < 0)
        return -EINVAL;
    if (cmd < ARRAY_SIZE(batch) && batch[cmd].fn)
        return run_batch(cmd, ops, count);
    switch (cmd) {
    case GNTTABOP_setup_table:
    case GNTTABOP_query_size:
    case GNTTABOP_get_status_frames:
        if (count != 1)
            return -EINVAL;
    }
    return subop_call(&grant_ops, cmd, ops);
}
