/* SPDX-License-Identifier: MIT */
/*
 * Mapping and unmapping of granted frames.
 *
 * Unmapping goes in batches: entries are removed, then one flush of the CPUs
 * that may have used them, then the frames are released. Only after the flush
 * may the granter see its entry as not in use.
 */
#include "grant_table.h"

#define UNMAP_BATCH 32

/* --- map ------------------------------------------------------------------ */

static int map_one(struct gnttab_map_grant_ref *op)
{
    struct domain *ld = current->domain, *rd;
    struct grant_table *lgt = ld->grant_table;
    bool ro = op->flags & GNTMAP_readonly;
    enum pin host = ro ? PIN_HOST_RO : PIN_HOST_RW;
    enum pin dev = ro ? PIN_DEV_RO : PIN_DEV_RW;
    struct maptrack *mt;
    uint32_t handle;
    int rc;
    mfn_t mfn;

    if (!(op->flags & (GNTMAP_host_map | GNTMAP_device_map)))
        return GNTST_bad_gntref;
    rd = get_domain_by_id(op->dom);
    if (!rd)
        return GNTST_bad_domain;
    handle = maptrack_get(lgt);
    if (handle == NO_HANDLE) {
        put_domain(rd);
        return GNTST_no_device_space;
    }
    mt = maptrack_entry(lgt, handle);

    spin_lock(&rd->grant_table->lock);
    rc = GNTST_okay;
    if (op->flags & GNTMAP_device_map) {
        rc = grant_pin(ld, rd, op->ref, dev, &mfn);
        if (rc)
            goto out;
    }
    if (op->flags & GNTMAP_host_map) {
        rc = grant_pin(ld, rd, op->ref, host, &mfn);
        if (!rc) {
            rc = create_grant_host_mapping(op->host_addr, mfn, op->flags);
            if (rc)
                grant_unpin(rd, op->ref, host);
        }
        if (rc && (op->flags & GNTMAP_device_map))
            grant_unpin(rd, op->ref, dev);
    }
    if (!rc) {
        mt->domid = rd->id;
        mt->ref = op->ref;
        mt->flags = op->flags & (GNTMAP_host_map | GNTMAP_device_map |
                                 GNTMAP_readonly | GNTMAP_contains_pte);
        op->handle = handle;
        op->dev_bus_addr = mfn_x(mfn) << PAGE_SHIFT;
    }
out:
    spin_unlock(&rd->grant_table->lock);
    if (rc) {
        maptrack_put(lgt, handle);
        put_domain(rd); /* else it is the handle's reference from now on */
    }
    return rc;
}

long gnttab_map(uint64_t ops, uint32_t count, uint32_t *done)
{
    for (; *done < count; ++*done) {
        uint64_t uop = ops + *done * sizeof(struct gnttab_map_grant_ref);
        struct gnttab_map_grant_ref op;

        if (*done && hypercall_preempt_check())
            return -ERESTART;
        if (copy_object_from_guest(&op, uop))
            return -EFAULT;
        op.status = map_one(&op);
        if (copy_object_to_guest(uop, &op))
            return -EFAULT;
    }
    return 0;
}

/* --- unmap ---------------------------------------------------------------- */

struct unmap {
    uint64_t host_addr, dev_bus_addr, new_addr;
    uint32_t handle;
    int16_t status;
    /* filled by unmap_entries() for unmap_release() */
    struct domain *rd; /* referenced; NULL: nothing to release */
    uint32_t ref;
    uint16_t dropped; /* GNTMAP_host_map, _device_map that went */
    bool ro;
};

/* Removes what the handle maps; the pins stay until after the flush. */
static int unmap_entries(struct unmap *u)
{
    struct domain *ld = current->domain;
    struct grant_table *gt;
    struct maptrack *mt = maptrack_entry(ld->grant_table, u->handle);
    struct active_grant *act;
    int rc = GNTST_okay;

    u->rd = NULL;
    if (!mt || !READ_ONCE(mt->flags))
        return GNTST_bad_handle;
    u->rd = get_domain_by_id(READ_ONCE(mt->domid));
    if (!u->rd)
        return GNTST_bad_domain;
    gt = u->rd->grant_table;
    spin_lock(&gt->lock);
    /* Another vcpu may have released the handle, even reused it, before the
     * lock was taken. */
    if (!(mt->flags & (GNTMAP_host_map | GNTMAP_device_map)) ||
        mt->domid != u->rd->id || mt->ref >= nr_grant_entries(gt)) {
        rc = GNTST_bad_handle;
        goto out;
    }
    u->ref = mt->ref;
    u->ro = mt->flags & GNTMAP_readonly;
    u->dropped = 0;
    act = active_entry(gt, mt->ref);
    if (u->dev_bus_addr && (mt->flags & GNTMAP_device_map)) {
        if (u->dev_bus_addr != act->mfn << PAGE_SHIFT) {
            rc = GNTST_bad_dev_addr;
            goto out;
        }
        u->dropped |= GNTMAP_device_map;
    }
    if (u->host_addr && (mt->flags & GNTMAP_host_map)) {
        rc = replace_grant_host_mapping(u->host_addr, _mfn(act->mfn),
                                        u->new_addr, mt->flags);
        if (rc)
            goto out;
        u->dropped |= GNTMAP_host_map;
    }
    mt->flags &= ~u->dropped;
out:
    spin_unlock(&gt->lock);
    if (rc || !u->dropped) {
        put_domain(u->rd);
        u->rd = NULL;
    }
    return rc;
}

/* After the flush. */
static void unmap_release(struct unmap *u)
{
    struct grant_table *lgt = current->domain->grant_table;
    struct maptrack *mt = maptrack_entry(lgt, u->handle);
    bool last;

    if (!u->rd)
        return;
    spin_lock(&u->rd->grant_table->lock);
    if (u->dropped & GNTMAP_host_map)
        grant_unpin(u->rd, u->ref, u->ro ? PIN_HOST_RO : PIN_HOST_RW);
    if (u->dropped & GNTMAP_device_map)
        grant_unpin(u->rd, u->ref, u->ro ? PIN_DEV_RO : PIN_DEV_RW);
    last = !(mt->flags & (GNTMAP_host_map | GNTMAP_device_map)) &&
           mt->domid == u->rd->id;
    if (last)
        mt->domid = DOMID_INVALID; /* only one releaser sees "last" */
    spin_unlock(&u->rd->grant_table->lock);
    if (last) {
        maptrack_put(lgt, u->handle);
        put_domain(u->rd); /* the handle's */
    }
    put_domain(u->rd);
}

static void release_batch(struct unmap *batch, unsigned int n)
{
    arch_flush_tlb(current->domain);
    for (unsigned int i = 0; i < n; i++)
        unmap_release(&batch[i]);
}

/* fetch and store know the two layouts of the two operations. */
static long
unmap_common(uint32_t count, uint32_t *done, uint64_t ops,
             long (*fetch)(uint64_t ops, uint32_t i, struct unmap *u),
             long (*store)(uint64_t ops, uint32_t i, const struct unmap *u))
{
    while (*done < count) {
        struct unmap batch[UNMAP_BATCH];
        unsigned int n = 0;
        long rc = 0;

        if (*done && hypercall_preempt_check())
            return -ERESTART;
        for (; n < UNMAP_BATCH && *done + n < count; n++) {
            rc = fetch(ops, *done + n, &batch[n]);
            if (rc)
                break;
            batch[n].status = unmap_entries(&batch[n]);
            rc = store(ops, *done + n, &batch[n]);
            if (rc) {
                n++; /* removed, only the report failed */
                break;
            }
        }
        release_batch(batch, n);
        *done += n;
        if (rc)
            return rc;
    }
    return 0;
}

static long fetch_unmap(uint64_t ops, uint32_t i, struct unmap *u)
{
    struct gnttab_unmap_grant_ref op;

    if (copy_object_from_guest(&op, ops + i * sizeof(op)))
        return -EFAULT;
    *u = (struct unmap){.host_addr = op.host_addr,
                        .dev_bus_addr = op.dev_bus_addr,
                        .handle = op.handle};
    return 0;
}

static long store_unmap(uint64_t ops, uint32_t i, const struct unmap *u)
{
    struct gnttab_unmap_grant_ref op = {.status = u->status};

    return copy_field_to_guest(ops + i * sizeof(op), &op, status) ? -EFAULT : 0;
}

long gnttab_unmap(uint64_t ops, uint32_t count, uint32_t *done)
{
    return unmap_common(count, done, ops, fetch_unmap, store_unmap);
}

static long fetch_replace(uint64_t ops, uint32_t i, struct unmap *u)
{
    struct gnttab_unmap_and_replace op;

    if (copy_object_from_guest(&op, ops + i * sizeof(op)))
        return -EFAULT;
    *u = (struct unmap){.host_addr = op.host_addr,
                        .new_addr = op.new_addr,
                        .handle = op.handle};
    return 0;
}

static long store_replace(uint64_t ops, uint32_t i, const struct unmap *u)
{
    struct gnttab_unmap_and_replace op = {.status = u->status};

    return copy_field_to_guest(ops + i * sizeof(op), &op, status) ? -EFAULT : 0;
}

long gnttab_unmap_and_replace(uint64_t ops, uint32_t count, uint32_t *done)
{
    return unmap_common(count, done, ops, fetch_replace, store_replace);
}

/* --- death of the mapper -------------------------------------------------- */

/* The entries themselves go with the domain's page tables. */
static void release_handle(struct domain *d, uint32_t handle)
{
    struct maptrack *mt = maptrack_entry(d->grant_table, handle);
    struct domain *rd;
    bool ro;

    if (!mt->flags)
        return;
    rd = get_domain_by_id(mt->domid); /* there, by the handle's reference */
    if (!rd)
        return;
    spin_lock(&rd->grant_table->lock);
    ro = mt->flags & GNTMAP_readonly;
    if (mt->flags & GNTMAP_device_map)
        grant_unpin(rd, mt->ref, ro ? PIN_DEV_RO : PIN_DEV_RW);
    if (mt->flags & GNTMAP_host_map)
        grant_unpin(rd, mt->ref, ro ? PIN_HOST_RO : PIN_HOST_RW);
    mt->flags = 0;
    spin_unlock(&rd->grant_table->lock);
    put_domain(rd); /* the handle's */
    put_domain(rd);
}

int gnttab_release_mappings(struct domain *d)
{
    struct grant_table *gt = d->grant_table;
    uint32_t end = gt->nr_maptrack_frames * MAPTRACK_PER_FRAME;

    while (gt->release_pos < end) {
        release_handle(d, gt->release_pos++);
        if (!(gt->release_pos & 63) && hypercall_preempt_check())
            return -ERESTART;
    }
    return 0;
}
