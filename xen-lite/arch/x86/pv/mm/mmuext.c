/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: pins, roots, TLBs, page helpers.
 *
 * A pin is one type and one general count that belong to the frame's own
 * PGT_pinned bit. A root is one of each that belongs to the vcpu. Roots are
 * switched in the order: reference the new one, load it (which flushes), drop
 * the old one.
 */
#include <asm/log_dirty.h>
#include <asm/pv.h>
#include "mm.h"
#include <hv/smp.h>
#include <xen/xen.h>

#define PREEMPTED (1u << 31) /* in the count of a continued call */

/* --- pins ----------------------------------------------------------------- */

/* The walk over a dying domain's frames may have passed by one that was being
 * validated for a toolstack. */
static int give_up(struct page_info *pg, struct domain *d)
{
    int rc = 0;

    if (get_page(pg, d)) {
        rc = finish_undo(pg);
        put_page(pg);
    }
    return rc ? rc : -EINVAL;
}

/* A use of a table that no entry refers to: a pin or a root. What was
 * interrupted comes first, so that it cannot pile up whoever calls. */
static int take_table(struct page_info *pg, struct domain *d,
                      unsigned int level)
{
    int rc = finish_pending(d);

    return rc ? rc : get_page_and_type(pg, d, table_type(level));
}

static int pin_table(mfn_t mfn, unsigned int level, struct domain *d)
{
    struct page_info *pg;
    int rc;

    if (d->is_special || !mfn_valid(mfn))
        return -EINVAL;
    pg = mfn_to_page(mfn);
    if (unlikely(d->is_dying))
        return give_up(pg, d);
    rc = take_table(pg, d, level);
    if (rc)
        return rc;
    if (atomic_or(&pg->type, PGT_pinned) & PGT_pinned)
        rc = -EINVAL;
    /* After the mark: either that walk finds the mark, or this function finds
     * that the walk is under way. */
    else if (unlikely(READ_ONCE(d->is_dying)) &&
             (atomic_and(&pg->type, ~PGT_pinned) & PGT_pinned))
        rc = -EINVAL;
    if (rc)
        put_page_and_type(pg);
    else
        log_dirty_frame(mfn);
    return rc;
}

static int unpin_table(mfn_t mfn, struct domain *d)
{
    struct page_info *pg = get_page_from_mfn(mfn, d);
    int rc = 0;

    if (!pg)
        return -EINVAL;
    if (atomic_and(&pg->type, ~PGT_pinned) & PGT_pinned) {
        log_dirty_frame(mfn); /* a pin is part of what is saved */
        put_page_and_type(pg);
    } else {
        rc = -EINVAL;
    }
    put_page(pg);
    return rc;
}

/* --- roots ---------------------------------------------------------------- */

int take_root(struct vcpu *v, mfn_t mfn)
{
    if (!mfn_valid(mfn))
        return -EINVAL;
    return take_table(mfn_to_page(mfn), v->domain, 4);
}

static void drop_root(mfn_t mfn)
{
    if (!mfn_eq(mfn, INVALID_MFN))
        put_page_and_type(mfn_to_page(mfn));
}

static mfn_t set_kernel_root(struct vcpu *v, unsigned long mfn)
{
    mfn_t old = v->arch.guest_root;

    v->arch.guest_root = _mfn(mfn);
    if (likely(!v->domain->arch.log)) /* else it has the virtual TLB's */
        v->arch.cr3_kernel = mfn << PAGE_SHIFT;
    return old;
}

static mfn_t set_user_root(struct vcpu *v, unsigned long mfn)
{
    mfn_t old = v->arch.guest_root_user;

    v->arch.guest_root_user = mfn ? _mfn(mfn) : INVALID_MFN;
    v->arch.cr3_user =
        likely(!v->domain->arch.log) ? mfn << PAGE_SHIFT : vtlb_user_cr3(v);
    return old;
}

int new_guest_root(struct vcpu *v, mfn_t mfn)
{
    mfn_t old;
    int rc;

    if (mfn_eq(mfn, v->arch.guest_root)) {
        root_load(v->arch.cr3_kernel, v->domain); /* the guest means a flush */
        return 0;
    }
    rc = take_root(v, mfn);
    if (rc)
        return rc;
    old = set_kernel_root(v, mfn_x(mfn));
    root_load(v->arch.cr3_kernel, v->domain);
    drop_root(old);
    return 0;
}

/* User mode's root is not loaded now, but entries of it may be cached: they
 * are global. */
static int new_user_root(struct vcpu *v, unsigned long mfn)
{
    mfn_t old;
    int rc;

    if (mfn_eq(mfn ? _mfn(mfn) : INVALID_MFN, v->arch.guest_root_user))
        return 0;
    rc = mfn ? take_root(v, _mfn(mfn)) : 0;
    if (rc)
        return rc;
    old = set_user_root(v, mfn);
    root_load(v->arch.cr3_kernel, v->domain);
    drop_root(old);
    return 0;
}

/* The process switch: both roots, one load. */
static int new_root_pair(struct vcpu *v, unsigned long kernel,
                         unsigned long user)
{
    mfn_t old_kernel, old_user;
    int rc = take_root(v, _mfn(kernel));

    if (rc)
        return rc;
    if (user && (rc = take_root(v, _mfn(user)))) {
        drop_root(_mfn(kernel));
        return rc;
    }
    old_kernel = set_kernel_root(v, kernel);
    old_user = set_user_root(v, user);
    root_load(v->arch.cr3_kernel, v->domain);
    drop_root(old_kernel);
    drop_root(old_user);
    return 0;
}

int vcpu_destroy_pagetables(struct vcpu *v)
{
    int rc = finish_pending(v->domain);
    mfn_t root;

    if (rc)
        return rc;
    root = set_user_root(v, 0);
    drop_root(root);
    root = v->arch.guest_root;
    v->arch.guest_root = INVALID_MFN;
    v->arch.cr3_kernel = 0;
    drop_root(root);
    return finish_pending(v->domain);
}

/* --- pages ---------------------------------------------------------------- */

static int clear_page_op(mfn_t mfn, const struct domain *d)
{
    struct page_info *pg = get_writable_page(mfn, d);

    if (!pg)
        return -EINVAL;
    memset(page_to_virt(pg), 0, PAGE_SIZE);
    log_dirty_frame(mfn);
    put_page_and_type(pg);
    return 0;
}

static int copy_page_op(mfn_t to, mfn_t from, const struct domain *d)
{
    struct page_info *src = get_page_from_mfn(from, d), *dst;

    if (!src)
        return -EINVAL;
    dst = get_writable_page(to, d);
    if (dst) {
        memcpy(page_to_virt(dst), page_to_virt(src), PAGE_SIZE);
        log_dirty_frame(to);
        put_page_and_type(dst);
    }
    put_page(src);
    return dst ? 0 : -EINVAL;
}

/* --- TLB ------------------------------------------------------------------ */

static int flush_op(const struct mmuext_op *op)
{
    struct domain *d = current->domain;
    uint64_t va = op->arg1.linear_addr, cpus = READ_ONCE(d->arch.dirty_cpumask);
    unsigned int how = FLUSH_TLB;
    int rc = 0;

    switch (op->cmd) {
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_INVLPG_MULTI:
    case MMUEXT_INVLPG_ALL:
        how = FLUSH_VA;
        if (!guest_addr_ok(va) || !is_canonical(va))
            return 0;
    }
    switch (op->cmd) {
    case MMUEXT_TLB_FLUSH_LOCAL:
    case MMUEXT_INVLPG_LOCAL:
        flush_local(va, how);
        return 0;
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_INVLPG_MULTI:
        cpus = vcpumask_to_cpus(d, (uint64_t)op->arg2.vcpumask.p, &rc);
    }
    if (cpus)
        flush_mask(cpus, va, how);
    return rc;
}

static void wbinvd_cpu(void *unused)
{
    asm volatile("wbinvd" ::: "memory");
}

static int cache_op(unsigned int cmd)
{
    if (!current->domain->is_privileged)
        return cmd == MMUEXT_FLUSH_CACHE ? -EACCES : -EINVAL;
    if (cmd == MMUEXT_FLUSH_CACHE)
        wbinvd_cpu(NULL);
    else
        on_selected_cpus(cpu_online_map, wbinvd_cpu, NULL);
    return 0;
}

/* --- the call ------------------------------------------------------------- */

static int one_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    struct vcpu *v = current;
    mfn_t mfn = _mfn(op->arg1.mfn);

    switch (op->cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE:
        return pin_table(mfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1, pg_owner);
    case MMUEXT_UNPIN_TABLE:
        return unpin_table(mfn, pg_owner);
    case MMUEXT_CLEAR_PAGE:
        return clear_page_op(mfn, pg_owner);
    case MMUEXT_COPY_PAGE:
        return copy_page_op(mfn, _mfn(op->arg2.src_mfn), pg_owner);
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER:
        return -EOPNOTSUPP;
    case MMUEXT_NEW_BASEPTR:
    case MMUEXT_NEW_USER_BASEPTR:
    case MMUEXT_SET_LDT:
        if (pg_owner != v->domain)
            return -EPERM;
    }
    switch (op->cmd) {
    case MMUEXT_NEW_BASEPTR:
        return new_guest_root(v, mfn);
    case MMUEXT_NEW_USER_BASEPTR:
        return new_user_root(v, op->arg1.mfn);
    case MMUEXT_SET_LDT:
        return pv_set_ldt(v, op->arg1.linear_addr, op->arg2.nr_ents);
    case MMUEXT_TLB_FLUSH_LOCAL:
    case MMUEXT_TLB_FLUSH_MULTI:
    case MMUEXT_TLB_FLUSH_ALL:
    case MMUEXT_INVLPG_LOCAL:
    case MMUEXT_INVLPG_MULTI:
    case MMUEXT_INVLPG_ALL:
        return flush_op(op);
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        return pg_owner == v->domain ? cache_op(op->cmd) : -EPERM;
    default:
        return -ENOSYS;
    }
}

/* Both are done, or it is as if nothing had been asked. */
static bool is_root_pair(const struct mmuext_op ops[2], uint32_t left,
                         const struct domain *pg_owner)
{
    return left == 2 && ops[0].cmd == MMUEXT_NEW_BASEPTR &&
           ops[1].cmd == MMUEXT_NEW_USER_BASEPTR && pg_owner == current->domain;
}

static long run_ops(uint64_t uops, uint32_t count, uint32_t *done,
                    struct domain *pg_owner)
{
    struct mmuext_op ops[2];
    long rc = finish_pending(pg_owner);
    uint32_t i = 0;

    if (!rc && count == 2 && !copy_from_guest_raw(ops, uops, sizeof(ops)) &&
        is_root_pair(ops, count, pg_owner)) {
        rc = new_root_pair(current, ops[0].arg1.mfn, ops[1].arg1.mfn);
        if (!rc)
            i = 2;
        else if (rc != -ERESTART)
            rc = 0; /* one by one: the failing one gets the blame */
        if (i)
            rc = finish_pending(pg_owner);
    }
    for (; i < count && !rc; i++) {
        if (i && hypercall_preempt_check()) {
            rc = -ERESTART;
            break;
        }
        if (copy_object_from_guest(ops, uops + i * sizeof(*ops)))
            rc = -EFAULT;
        else
            rc = one_op(ops, pg_owner);
        if (rc)
            break;
        rc = finish_pending(pg_owner);
    }
    *done = i;
    return rc;
}

long do_mmuext_op(uint64_t ops, unsigned int count, uint64_t pdone,
                  unsigned int foreign)
{
    uint32_t before = 0, done = 0;
    struct domain *pg_owner = current->domain;
    long rc;
    int err;

    if (unlikely(count & PREEMPTED)) {
        count &= ~PREEMPTED;
        if (pdone && copy_object_from_guest(&before, pdone))
            return -EFAULT;
    }
    if (unlikely((domid_t)foreign != DOMID_SELF)) {
        pg_owner = get_pg_owner((domid_t)foreign, &err);
        if (!pg_owner)
            return err;
    }
    rc = run_ops(ops, count, &done, pg_owner);
    if (unlikely((domid_t)foreign != DOMID_SELF))
        put_pg_owner(pg_owner);
    before += done;
    if (pdone && copy_object_to_guest(pdone, &before))
        return rc && rc != -ERESTART ? rc : -EFAULT;
    if (rc != -ERESTART)
        return rc;
    hypercall_set_arg(0, ops + done * sizeof(struct mmuext_op));
    hypercall_set_arg(1, (count - done) | PREEMPTED);
    return hypercall_again(__HYPERVISOR_mmuext_op);
}
