/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: life, size, pins, and HYPERVISOR_grant_table_op.
 */
#include <hv/console.h>
#include "grant_table.h"

/* --- size ----------------------------------------------------------------- */

/* 0/-errno; what was added stays. */
static int grow(struct domain *d, uint32_t frames)
{
    struct grant_table *gt = d->grant_table;

    ASSERT_HELD(&gt->lock);
    if (frames > gt->max_frames)
        return -EINVAL;
    while (gt->nr_frames < frames) {
        grant_entry_t *page = alloc_xenheap_page();
        struct active_grant *act =
            xzalloc_array(struct active_grant, ENTRIES_PER_FRAME);

        if (!page || !act) {
            if (page)
                free_xenheap_page(page);
            xfree(act);
            return -ENOMEM;
        }
        share_xen_page_with_guest(virt_to_page(page), d, false);
        gt->active[gt->nr_frames] = act;
        gt->shared[gt->nr_frames] = page;
        smp_wmb(); /* entries before the count that admits them */
        WRITE_ONCE(gt->nr_frames, gt->nr_frames + 1);
    }
    return 0;
}

int grant_table_init(struct domain *d, uint32_t max_frames,
                     uint32_t max_maptrack_frames)
{
    struct grant_table *gt = xzalloc(struct grant_table);
    int rc;

    if (!gt)
        return -ENOMEM;
    d->grant_table = gt;
    spin_lock_init(&gt->lock, LOCK_GNTTAB);
    spin_lock_init(&gt->maptrack_lock, LOCK_MAPTRACK);
    gt->max_frames = max_frames;
    gt->max_maptrack_frames = max_maptrack_frames;
    gt->free_handle = NO_HANDLE;
    gt->shared = xzalloc_array(grant_entry_t *, MAX(max_frames, 1u));
    gt->active = xzalloc_array(struct active_grant *, MAX(max_frames, 1u));
    gt->maptrack =
        xzalloc_array(struct maptrack *, MAX(max_maptrack_frames, 1u));
    if (!gt->shared || !gt->active || !gt->maptrack)
        return -ENOMEM;
    spin_lock(&gt->lock);
    rc = grow(d, MIN(max_frames, 1u));
    spin_unlock(&gt->lock);
    return rc;
}

void grant_table_destroy(struct domain *d)
{
    struct grant_table *gt = d->grant_table;

    if (!gt)
        return;
    d->grant_table = NULL;
    for (uint32_t i = 0; i < gt->nr_frames; i++) {
        free_xenheap_page(gt->shared[i]);
        xfree(gt->active[i]);
    }
    for (uint32_t i = 0; i < gt->nr_maptrack_frames; i++)
        free_xenheap_page(gt->maptrack[i]);
    xfree(gt->shared);
    xfree(gt->active);
    xfree(gt->maptrack);
    xfree(gt);
}

int gnttab_get_shared_frame(struct domain *d, unsigned long idx, mfn_t *mfn)
{
    struct grant_table *gt = d->grant_table;
    int rc = -EINVAL;

    spin_lock(&gt->lock);
    if (idx < gt->max_frames && !d->is_dying)
        rc = grow(d, idx + 1);
    if (!rc)
        *mfn = virt_to_mfn(gt->shared[idx]);
    spin_unlock(&gt->lock);
    return rc;
}

/* --- handles -------------------------------------------------------------- */

uint32_t maptrack_get(struct grant_table *gt)
{
    uint32_t handle;

    spin_lock(&gt->maptrack_lock);
    if (gt->free_handle == NO_HANDLE &&
        gt->nr_maptrack_frames < gt->max_maptrack_frames) {
        struct maptrack *page = alloc_xenheap_page();
        uint32_t base = gt->nr_maptrack_frames * MAPTRACK_PER_FRAME;

        if (page) {
            for (uint32_t i = 0; i < MAPTRACK_PER_FRAME; i++)
                page[i].ref =
                    i + 1 < MAPTRACK_PER_FRAME ? base + i + 1 : NO_HANDLE;
            gt->maptrack[gt->nr_maptrack_frames] = page;
            atomic_store(&gt->nr_maptrack_frames, gt->nr_maptrack_frames + 1);
            gt->free_handle = base;
        }
    }
    handle = gt->free_handle;
    if (handle != NO_HANDLE)
        gt->free_handle = maptrack_entry(gt, handle)->ref;
    spin_unlock(&gt->maptrack_lock);
    return handle;
}

void maptrack_put(struct grant_table *gt, uint32_t handle)
{
    struct maptrack *mt = maptrack_entry(gt, handle);

    spin_lock(&gt->maptrack_lock);
    mt->flags = 0;
    mt->ref = gt->free_handle;
    gt->free_handle = handle;
    spin_unlock(&gt->maptrack_lock);
}

/* --- pins ----------------------------------------------------------------- */

static bool is_rw(enum pin pin)
{
    return pin == PIN_HOST_RW || pin == PIN_DEV_RW;
}

static bool pinned(const struct active_grant *act)
{
    return act->pins[0] | act->pins[1] | act->pins[2] | act->pins[3];
}

static bool pinned_rw(const struct active_grant *act)
{
    return act->pins[PIN_HOST_RW] | act->pins[PIN_DEV_RW];
}

/*
 * Marks the shared entry in use. flags and domid change together by one
 * compare-and-swap, so what was checked is what was marked; the guest may
 * rewrite the entry for ever, so the attempts are few.
 */
static int mark_in_use(struct domain *rd, struct domain *ld, grant_entry_t *sha,
                       bool rw)
{
    uint32_t *both = (uint32_t *)sha; /* flags, domid */
    uint32_t old = READ_ONCE(*both);

    for (unsigned int try = 0; try < 5; try++) {
        uint16_t flags = old, domid = old >> 16;

        if ((flags & GTF_type_mask) != GTF_permit_access || domid != ld->id) {
            gprintk(rd, "bad flags %x or domid %d for grant to d%d", flags,
                    domid, ld->id);
            return GNTST_general_error;
        }
        if (rw && (flags & GTF_readonly))
            return GNTST_general_error;
        if (atomic_cas(both, &old, old | GTF_reading | (rw ? GTF_writing : 0)))
            return GNTST_okay;
    }
    gprintk(rd, "grant entry keeps changing");
    return GNTST_general_error;
}

static int take_frame(struct domain *rd, mfn_t mfn, enum pin pin)
{
    struct page_info *pg = get_page_from_mfn(mfn, rd);

    if (!pg)
        return GNTST_bad_page;
    if (is_rw(pin) && get_page_type(pg, PGT_writable)) {
        put_page(pg);
        return GNTST_general_error;
    }
    return GNTST_okay;
}

void grant_put_frame(mfn_t mfn, enum pin pin)
{
    struct page_info *pg = mfn_to_page(mfn);

    if (is_rw(pin)) {
        log_dirty_frame(mfn);
        put_page_type(pg);
    }
    put_page(pg);
}

/* Frames of d that others can write now. */
void gnttab_log_dirty(struct domain *d)
{
    struct grant_table *gt = d->grant_table;

    spin_lock(&gt->lock);
    for (uint32_t ref = 0; ref < nr_grant_entries(gt); ref++)
        if (pinned_rw(active_entry(gt, ref)))
            log_dirty_frame(_mfn(active_entry(gt, ref)->mfn));
    spin_unlock(&gt->lock);
}

static void clear_in_use(grant_entry_t *sha, const struct active_grant *act)
{
    uint16_t keep = 0xffff;

    if (!pinned_rw(act))
        keep &= ~GTF_writing;
    if (!pinned(act))
        keep &= ~GTF_reading;
    if (keep != 0xffff)
        atomic_and(&sha->flags, keep);
}

int grant_pin(struct domain *ld, struct domain *rd, uint32_t ref, enum pin pin,
              mfn_t *mfn)
{
    struct grant_table *gt = rd->grant_table;
    struct active_grant *act;
    grant_entry_t *sha;
    int rc;

    ASSERT_HELD(&gt->lock);
    if (rd->is_dying)
        return GNTST_bad_domain;
    if (ref >= nr_grant_entries(gt))
        return GNTST_bad_gntref;
    act = active_entry(gt, ref);
    sha = shared_entry(gt, ref);
    if (pinned(act) && act->grantee != ld->id)
        return GNTST_general_error;
    if (act->pins[pin] == MAX_PINS)
        return GNTST_no_device_space;
    if (!pinned(act) || (is_rw(pin) && !pinned_rw(act))) {
        rc = mark_in_use(rd, ld, sha, is_rw(pin));
        if (rc)
            return rc;
    }
    if (!pinned(act)) {
        act->grantee = ld->id;
        act->mfn = READ_ONCE(sha->frame);
    }
    rc = take_frame(rd, _mfn(act->mfn), pin);
    if (rc) {
        clear_in_use(sha, act);
        return rc;
    }
    act->pins[pin]++;
    *mfn = _mfn(act->mfn);
    return GNTST_okay;
}

void grant_unpin(struct domain *rd, uint32_t ref, enum pin pin)
{
    struct active_grant *act = active_entry(rd->grant_table, ref);

    ASSERT_HELD(&rd->grant_table->lock);
    /* First: the granter may give the frame a new use when it sees the flags
     * clear, and as a page table it must not be writable any more. */
    grant_put_frame(_mfn(act->mfn), pin);
    act->pins[pin]--;
    clear_in_use(shared_entry(rd->grant_table, ref), act);
}

/* --- small operations ----------------------------------------------------- */

static struct domain *target(domid_t dom, int16_t *status)
{
    struct domain *d = get_domain_by_any_id(dom);

    if (!d) {
        *status = GNTST_bad_domain;
    } else if (d != current->domain && !current->domain->is_privileged) {
        put_domain(d);
        d = NULL;
        *status = GNTST_permission_denied;
    }
    return d;
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

static long setup_table(uint64_t uop, uint32_t count)
{
    struct gnttab_setup_table op;
    struct domain *d;

    if (count != 1)
        return -EINVAL;
    if (copy_object_from_guest(&op, uop))
        return -EFAULT;
    op.status = GNTST_okay;
    d = target(op.dom, &op.status);
    if (d) {
        op.status = list_frames(d, &op);
        put_domain(d);
    }
    return copy_field_to_guest(uop, &op, status) ? -EFAULT : 0;
}

static long query_size(uint64_t uop, uint32_t count)
{
    struct gnttab_query_size op;
    struct domain *d;

    if (count != 1)
        return -EINVAL;
    if (copy_object_from_guest(&op, uop))
        return -EFAULT;
    op.status = GNTST_okay;
    d = target(op.dom, &op.status);
    if (d) {
        op.nr_frames = d->grant_table->nr_frames;
        op.max_nr_frames = d->grant_table->max_frames;
        put_domain(d);
    }
    return copy_object_to_guest(uop, &op) ? -EFAULT : 0;
}

static long set_version(uint64_t uop)
{
    struct gnttab_set_version op;

    if (copy_object_from_guest(&op, uop))
        return -EFAULT;
    if (op.version != 1 && op.version != 2)
        return -EINVAL;
    if (op.version == 2)
        return -ENOSYS;
    return copy_object_to_guest(uop, &op) ? -EFAULT : 0;
}

static long get_version(uint64_t uop)
{
    struct gnttab_get_version op;
    int16_t status = GNTST_okay;
    struct domain *d;

    if (copy_object_from_guest(&op, uop))
        return -EFAULT;
    d = target(op.dom, &status);
    if (!d)
        return status == GNTST_permission_denied ? -EPERM : -ESRCH;
    put_domain(d);
    op.version = 1;
    return copy_object_to_guest(uop, &op) ? -EFAULT : 0;
}

/* Version 2 only; with version 1 each request is refused in its status. */
static long get_status_frames(uint64_t uop, uint32_t count)
{
    struct gnttab_get_status_frames op;
    struct domain *d;

    if (count != 1)
        return -EINVAL;
    if (copy_object_from_guest(&op, uop))
        return -EFAULT;
    d = target(op.dom, &op.status);
    if (d) {
        put_domain(d);
        op.status = GNTST_general_error;
    }
    return copy_field_to_guest(uop, &op, status) ? -EFAULT : 0;
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

long do_grant_table_op(unsigned int cmd, uint64_t ops, unsigned int count)
{
    /* Each row: done counts elements finished, for the continuation. */
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
                                        sizeof(
                                            struct gnttab_unmap_and_replace)},
        [GNTTABOP_swap_grant_ref] = {swap_grant_ref,
                                     sizeof(struct gnttab_swap_grant_ref)},
    };
    uint32_t done = 0;
    long rc;

    if ((int)count < 0)
        return -EINVAL;
    if (cmd < ARRAY_SIZE(batch) && batch[cmd].fn) {
        if (!guest_index_ok(ops, count, batch[cmd].size))
            return -EFAULT;
        rc = batch[cmd].fn(ops, count, &done);
        if (rc != -ERESTART)
            return rc;
        hypercall_set_arg(1, ops + (uint64_t)done * batch[cmd].size);
        hypercall_set_arg(2, count - done);
        return hypercall_again(__HYPERVISOR_grant_table_op);
    }
    switch (cmd) {
    case GNTTABOP_setup_table:
        return setup_table(ops, count);
    case GNTTABOP_query_size:
        return query_size(ops, count);
    case GNTTABOP_set_version:
        return set_version(ops);
    case GNTTABOP_get_version:
        return get_version(ops);
    case GNTTABOP_get_status_frames:
        return get_status_frames(ops, count);
    case GNTTABOP_transfer:
        return -EOPNOTSUPP; /* frames do not change hands by grants */
    default:
        return -ENOSYS;
    }
}

/* The lock is held for one entry at a time, so that printing delays no other
 * CPU. */
void gnttab_dump(struct domain *d)
{
    struct grant_table *gt = d->grant_table;
    struct active_grant act;

    printk("Grants of d%d: %u of %u frames, %u maptrack frames\n", d->id,
           gt->nr_frames, gt->max_frames, gt->nr_maptrack_frames);
    for (uint32_t ref = 0; dump_goes_on(); ref++) {
        spin_lock(&gt->lock);
        if (ref >= nr_grant_entries(gt)) {
            spin_unlock(&gt->lock);
            return;
        }
        act = *active_entry(gt, ref);
        spin_unlock(&gt->lock);
        if (pinned(&act))
            printk("  ref %u: mfn %lx to d%d, pins %u %u %u %u\n", ref, act.mfn,
                   act.grantee, act.pins[0], act.pins[1], act.pins[2],
                   act.pins[3]);
    }
}
