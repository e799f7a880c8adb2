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
#include <asm/tlb.h>
#include "mm.h"
#include <hv/smp.h>
#include <xen/xen.h>

/* --- pins ----------------------------------------------------------------- */

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
        return -EINVAL;
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

/* The process switch: both roots, one load. *done is how many of the two have
 * been switched. If the user's is not to be had, or not yet, the kernel's is
 * switched all the same: to give it back would undo it, and an interrupted call
 * would validate it and undo it again for ever. */
static int new_root_pair(struct vcpu *v, unsigned long kernel,
                         unsigned long user, uint32_t *done)
{
    mfn_t old_kernel, old_user = INVALID_MFN;
    int rc = take_root(v, _mfn(kernel));

    if (rc)
        return rc;
    rc = user ? take_root(v, _mfn(user)) : 0;
    old_kernel = set_kernel_root(v, kernel);
    if (!rc)
        old_user = set_user_root(v, user);
    root_load(v->arch.cr3_kernel, v->domain);
    drop_root(old_kernel);
    drop_root(old_user);
    *done = rc ? 1 : 2;
    return rc;
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

static int clear_frame(mfn_t mfn, const struct domain *d)
{
    struct page_info *pg = get_writable_page(mfn, d);

    if (!pg)
        return -EINVAL;
    memset(page_to_virt(pg), 0, PAGE_SIZE);
    log_dirty_frame(mfn);
    put_page_and_type(pg);
    return 0;
}

static int copy_frame(mfn_t to, mfn_t from, const struct domain *d)
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

/* --- one handler for each operation --------------------------------------- */

static int pin_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return pin_table(_mfn(op->arg1.mfn), op->cmd - MMUEXT_PIN_L1_TABLE + 1,
                     pg_owner);
}

static int unpin_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return unpin_table(_mfn(op->arg1.mfn), pg_owner);
}

static int kernel_root_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return new_guest_root(current, _mfn(op->arg1.mfn));
}

static int user_root_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return new_user_root(current, op->arg1.mfn);
}

static int set_ldt_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return pv_set_ldt(current, op->arg1.linear_addr, op->arg2.nr_ents);
}

static int clear_page_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return clear_frame(_mfn(op->arg1.mfn), pg_owner);
}

static int copy_page_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return copy_frame(_mfn(op->arg1.mfn), _mfn(op->arg2.src_mfn), pg_owner);
}

static int refused_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return -EOPNOTSUPP;
}

static int flush_vcpus(const struct mmuext_op *op, uint64_t va,
                       unsigned int how)
{
    int rc;
    uint64_t cpus =
        vcpumask_to_cpus(current->domain, (uint64_t)op->arg2.vcpumask.p, &rc);

    if (cpus)
        flush_mask(cpus, va, how);
    return rc;
}

static void flush_all(uint64_t va, unsigned int how)
{
    uint64_t cpus = READ_ONCE(current->domain->arch.dirty_cpumask);

    if (cpus)
        flush_mask(cpus, va, how);
}

static int tlb_local_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    flush_local(0, FLUSH_TLB);
    return 0;
}

static int tlb_multi_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return flush_vcpus(op, 0, FLUSH_TLB);
}

static int tlb_all_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    flush_all(0, FLUSH_TLB);
    return 0;
}

static int invlpg_local_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    flush_local(op->arg1.linear_addr, FLUSH_VA);
    return 0;
}

static int invlpg_multi_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    return flush_vcpus(op, op->arg1.linear_addr, FLUSH_VA);
}

static int invlpg_all_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    flush_all(op->arg1.linear_addr, FLUSH_VA);
    return 0;
}

static void wbinvd_cpu(void *unused)
{
    asm volatile("wbinvd" ::: "memory");
}

static int cache_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    if (!current->domain->is_privileged)
        return -EACCES;
    wbinvd_cpu(NULL);
    return 0;
}

static int cache_global_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    if (!current->domain->is_privileged)
        return -EINVAL;
    on_selected_cpus(cpu_online_map, wbinvd_cpu, NULL);
    return 0;
}

/* --- the call ------------------------------------------------------------- */

/* Rows of their own kind: many operations come in one call, for one owner. */
static const struct {
    int (*fn)(const struct mmuext_op *op, struct domain *pg_owner);
    bool own; /* -EPERM for another domain */
} mmuext_table[] = {
    [MMUEXT_PIN_L1_TABLE] = {.fn = pin_op},
    [MMUEXT_PIN_L2_TABLE] = {.fn = pin_op},
    [MMUEXT_PIN_L3_TABLE] = {.fn = pin_op},
    [MMUEXT_PIN_L4_TABLE] = {.fn = pin_op},
    [MMUEXT_UNPIN_TABLE] = {.fn = unpin_op},
    [MMUEXT_NEW_BASEPTR] = {.fn = kernel_root_op, .own = true},
    [MMUEXT_TLB_FLUSH_LOCAL] = {.fn = tlb_local_op, .own = true},
    [MMUEXT_INVLPG_LOCAL] = {.fn = invlpg_local_op, .own = true},
    [MMUEXT_TLB_FLUSH_MULTI] = {.fn = tlb_multi_op, .own = true},
    [MMUEXT_INVLPG_MULTI] = {.fn = invlpg_multi_op, .own = true},
    [MMUEXT_TLB_FLUSH_ALL] = {.fn = tlb_all_op, .own = true},
    [MMUEXT_INVLPG_ALL] = {.fn = invlpg_all_op, .own = true},
    [MMUEXT_FLUSH_CACHE] = {.fn = cache_op, .own = true},
    [MMUEXT_SET_LDT] = {.fn = set_ldt_op, .own = true},
    [MMUEXT_NEW_USER_BASEPTR] = {.fn = user_root_op, .own = true},
    [MMUEXT_CLEAR_PAGE] = {.fn = clear_page_op},
    [MMUEXT_COPY_PAGE] = {.fn = copy_page_op},
    [MMUEXT_FLUSH_CACHE_GLOBAL] = {.fn = cache_global_op, .own = true},
    [MMUEXT_MARK_SUPER] = {.fn = refused_op},
    [MMUEXT_UNMARK_SUPER] = {.fn = refused_op},
};

static int one_op(const struct mmuext_op *op, struct domain *pg_owner)
{
    if (op->cmd >= ARRAY_SIZE(mmuext_table) || !mmuext_table[op->cmd].fn)
        return -ENOSYS;
    if (mmuext_table[op->cmd].own && pg_owner != current->domain)
        return -EPERM;
    return mmuext_table[op->cmd].fn(op, pg_owner);
}

static bool is_root_pair(const struct mmuext_op ops[2],
                         const struct domain *pg_owner)
{
    return ops[0].cmd == MMUEXT_NEW_BASEPTR &&
           ops[1].cmd == MMUEXT_NEW_USER_BASEPTR && pg_owner == current->domain;
}

static long run_ops(uint64_t uops, uint32_t count, uint32_t *done,
                    struct domain *pg_owner)
{
    struct mmuext_op ops[2];
    long rc = finish_pending(pg_owner);
    uint32_t i = 0;

    if (!rc && count == 2 && !copy_from_guest_raw(ops, uops, sizeof(ops)) &&
        is_root_pair(ops, pg_owner)) {
        rc = new_root_pair(current, ops[0].arg1.mfn, ops[1].arg1.mfn, &i);
        if (!rc)
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
        if (unlikely(rc)) {
            rc = after_failure(pg_owner, rc);
            break;
        }
        rc = finish_pending(pg_owner);
    }
    *done = i;
    return rc;
}

long do_mmuext_op(uint64_t ops, unsigned int count, uint64_t pdone,
                  unsigned int foreign)
{
    struct batch b = {.call = __HYPERVISOR_mmuext_op,
                      .size = sizeof(struct mmuext_op),
                      .reqs = ops,
                      .pdone = pdone,
                      .count = count};
    struct domain *pg_owner = current->domain;
    uint32_t done;
    long rc = batch_begin(&b);
    int err;

    if (rc)
        return rc;
    if (unlikely((domid_t)foreign != DOMID_SELF)) {
        pg_owner = get_pg_owner((domid_t)foreign, &err);
        if (!pg_owner)
            return err;
    }
    rc = run_ops(ops, b.count, &done, pg_owner);
    if (unlikely((domid_t)foreign != DOMID_SELF))
        put_pg_owner(pg_owner);
    return batch_end(&b, done, rc);
}
