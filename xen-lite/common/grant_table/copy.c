/* SPDX-License-Identifier: MIT */
/*
 * Copying between frames, each named by a grant or owned by the caller. Both
 * are pinned while the bytes move, through the direct map.
 */
#include "grant_table.h"

struct end {
    struct domain *rd; /* referenced for a grant */
    uint32_t ref;
    mfn_t mfn;
    enum pin pin;
    bool granted;
};

static int acquire(struct end *e, bool granted, domid_t dom, uint64_t where,
                   bool write)
{
    struct domain *ld = current->domain;
    struct page_info *pg;
    int rc;

    e->pin = write ? PIN_HOST_RW : PIN_HOST_RO;
    e->granted = granted;
    if (!granted) {
        if (dom != DOMID_SELF && dom != ld->id)
            return GNTST_permission_denied;
        pg = get_page_from_mfn(_mfn(where), ld);
        if (!pg)
            return GNTST_bad_page;
        if (write && get_page_type(pg, PGT_writable)) {
            put_page(pg);
            return GNTST_general_error;
        }
        e->mfn = _mfn(where);
        return GNTST_okay;
    }
    e->rd = get_domain_by_any_id(dom);
    if (!e->rd)
        return GNTST_bad_domain;
    e->ref = where;
    spin_lock(&e->rd->grant_table->lock);
    rc = grant_pin(ld, e->rd, e->ref, e->pin, &e->mfn);
    spin_unlock(&e->rd->grant_table->lock);
    if (rc)
        put_domain(e->rd);
    return rc;
}

static void release(struct end *e)
{
    if (e->granted) {
        spin_lock(&e->rd->grant_table->lock);
        grant_unpin(e->rd, e->ref, e->pin);
        spin_unlock(&e->rd->grant_table->lock);
        put_domain(e->rd);
    } else {
        grant_put_frame(e->mfn, e->pin);
    }
}

static int copy_one(const struct gnttab_copy *op)
{
    bool src_gref = op->flags & GNTCOPY_source_gref;
    bool dst_gref = op->flags & GNTCOPY_dest_gref;
    struct end src, dst;
    int rc;

    if ((uint32_t)op->source.offset + op->len > PAGE_SIZE ||
        (uint32_t)op->dest.offset + op->len > PAGE_SIZE)
        return GNTST_bad_copy_arg;
    rc = acquire(&src, src_gref, op->source.domid,
                 src_gref ? op->source.u.ref : op->source.u.gmfn, false);
    if (rc)
        return rc;
    rc = acquire(&dst, dst_gref, op->dest.domid,
                 dst_gref ? op->dest.u.ref : op->dest.u.gmfn, true);
    if (!rc) {
        /* May be the same frame, so memmove. */
        memmove(mfn_to_virt(dst.mfn) + op->dest.offset,
                mfn_to_virt(src.mfn) + op->source.offset, op->len);
        release(&dst);
    }
    release(&src);
    return rc;
}

long gnttab_copy(uint64_t ops, uint32_t count, uint32_t *done)
{
    for (; *done < count; ++*done) {
        uint64_t uop = ops + *done * sizeof(struct gnttab_copy);
        struct gnttab_copy op;

        if (*done && hypercall_preempt_check())
            return -ERESTART;
        if (copy_object_from_guest(&op, uop))
            return -EFAULT;
        op.status = copy_one(&op);
        if (copy_field_to_guest(uop, &op, status))
            return -EFAULT;
    }
    return 0;
}
