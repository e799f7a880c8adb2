/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that write page-table entries: mmu_update, update_va_mapping.
 *
 * Nearly all requests set an absent entry of a validated L1 table: lock the
 * table, take the new frame, store, unlock. A table's frame needs no reference
 * of its own meanwhile: a validated table that is locked cannot lose its last
 * use, so it cannot go away or change its owner. The owner is looked at under
 * the lock, therefore.
 *
 * A request aimed at a page that is no table is a plain store (guests fill a
 * table before they pin it).
 */
#include "mm.h"
#include <asm/tlb.h>
#include <asm/uaccess.h>
#include <xen/xen.h>

/* --- one request ---------------------------------------------------------- */

/* The frame is no validated table: only a page that could be written anyway. */
static int write_plain(mfn_t mfn, unsigned int slot, pte_t val,
                       const struct domain *d)
{
    struct page_info *pg = get_writable_page(mfn, d);

    if (!pg)
        return -EINVAL;
    WRITE_ONCE(((pte_t *)page_to_virt(pg))[slot], val);
    log_dirty_frame(mfn);
    put_page_and_type(pg);
    return 0;
}

static int update_entry(uint64_t maddr, pte_t val, enum write_mode mode,
                        struct domain *pt_owner, struct domain *pg_owner)
{
    mfn_t mfn = _mfn(maddr >> PAGE_SHIFT);
    unsigned int slot = (maddr & ~PAGE_MASK) / sizeof(pte_t), level;
    struct page_info *table;
    uint32_t type;
    pte_t old;
    int rc;

    if (unlikely(!mfn_valid(mfn)))
        return -EINVAL;
    table = mfn_to_page(mfn);
    /* Another domain's frame, or not even RAM: there is nothing to lock. */
    if (unlikely(READ_ONCE(table->owner) != pt_owner->id))
        return -EINVAL;
    type = READ_ONCE(table->type);
    if (table_level(type) > 1 && (type & PGT_validated))
        return upper_write(table, table_level(type), slot, val, mode, pt_owner);
    level = table_lock(table);
    if (!level)
        return write_plain(mfn, slot, val, pt_owner);
    if (unlikely(level > 1))
        rc = -ERESTART; /* since a moment ago */
    else if (likely(table->owner == pt_owner->id))
        rc = l1_write(table, slot, val, mode, &old, pt_owner, pg_owner);
    else
        rc = -EINVAL;
    table_unlock(table);
    return rc;
}

static int update_machphys(uint64_t maddr, uint64_t gpfn,
                           const struct domain *pg_owner)
{
    if (pg_owner->is_special ||
        !set_owned_gpfn(_mfn(maddr >> PAGE_SHIFT), gpfn, pg_owner))
        return -EINVAL;
    return 0;
}

static int one_update(const struct mmu_update *req, struct domain *pt_owner,
                      struct domain *pg_owner)
{
    uint64_t ptr = req->ptr & ~(uint64_t)(sizeof(pte_t) - 1);

    switch (req->ptr & (sizeof(pte_t) - 1)) {
    case MMU_NORMAL_PT_UPDATE:
    case MMU_PT_UPDATE_NO_TRANSLATE:
        return update_entry(ptr, req->val, WRITE_NORMAL, pt_owner, pg_owner);
    case MMU_PT_UPDATE_PRESERVE_AD:
        return update_entry(ptr, req->val, WRITE_PRESERVE_AD, pt_owner,
                            pg_owner);
    case MMU_MACHPHYS_UPDATE:
        return update_machphys(ptr, req->val, pg_owner);
    default:
        return -ENOSYS;
    }
}

/* --- mmu_update(requests, count, &done, foreign) -------------------------- */

/* 0: the caller itself, else a number + 1. *d is referenced. A domain that dies
 * has none to be updated any more, once what this call has left there when it
 * was interrupted is finished: who destroys it may have been by already. */
static int find_table_owner(uint32_t number, struct domain **d)
{
    struct domain *cd = current->domain;
    int rc;

    *d = cd;
    if (!number || number - 1 == cd->id)
        return get_domain(cd) ? 0 : -ESRCH;
    if (!cd->is_privileged)
        return -EPERM;
    *d = get_domain_by_id(number - 1);
    if (!*d)
        return -ESRCH;
    if (!(*d)->is_special && !(*d)->is_dying)
        return 0;
    rc = (*d)->is_special ? -ESRCH : (int)after_failure(*d, -ESRCH);
    put_domain(*d);
    return rc;
}

/* foreign: owner of the frames; in the upper half owner of the tables + 1. */
static int find_owners(uint32_t foreign, struct domain **pt_owner,
                       struct domain **pg_owner)
{
    int rc = find_table_owner(foreign >> 16, pt_owner);

    if (rc)
        return rc;
    *pg_owner = get_pg_owner((domid_t)foreign, &rc);
    if (*pg_owner)
        return 0;
    rc = after_failure(*pt_owner, rc);
    put_domain(*pt_owner);
    return rc;
}

/*
 * The most frequent request by far: an absent entry of one of the caller's L1
 * tables gets a frame of the caller's own. False: nothing has been done.
 */
static inline bool set_absent_entry(struct domain *d, uint64_t maddr, pte_t e)
{
    mfn_t mfn = _mfn(maddr >> PAGE_SHIFT);
    unsigned int slot = (maddr & ~PAGE_MASK) / sizeof(pte_t);
    struct page_info *table;
    bool done = false;
    uint32_t x;
    pte_t *p;

    if (!mfn_valid(mfn) || !(e & PTE_PRESENT))
        return false;
    table = mfn_to_page(mfn);
    if (READ_ONCE(table->owner) != d->id)
        return false;
    p = (pte_t *)mfn_to_virt(mfn) + slot;
    x = READ_ONCE(table->type);
    if ((x & (PGT_type_mask | PGT_validated | PGT_locked)) !=
            (PGT_l1_table | PGT_validated) ||
        !atomic_cas(&table->type, &x, x | PGT_locked))
        return false;
    if (table->owner == d->id && !(*p & PTE_PRESENT) &&
        entry_take_plain(&e, d)) {
        WRITE_ONCE(*p, e);
        entry_stored(table, slot, e);
        done = true;
    }
    table_unlock(table);
    return done;
}

/* One request of one's own: as set_absent_entry(). */
static inline bool fast_update(uint64_t req)
{
    struct domain *d = current->domain;
    uint64_t ptr, val;

    if (READ_ONCE(d->arch.nr_pending_undo) ||
        !guest_range_ok(req, sizeof(struct mmu_update)))
        return false;
    stac();
    get_guest_word(req, ptr, fault);
    get_guest_word(req + 8, val, fault);
    clac();
    /* The lower three bits are the kind. Kinds 0 (normal) and 2 (preserve A and
     * D) mean the same for an absent entry, which has no A and D to keep. */
    return !(ptr & 5) && set_absent_entry(d, ptr, val);
fault:
    clac();
    return false;
}

static long run_updates(uint64_t reqs, uint32_t count, uint32_t *done,
                        struct domain *pt_owner, struct domain *pg_owner)
{
    uint32_t i;
    long rc = finish_pending(pt_owner);

    for (i = 0; i < count && !rc; i++) {
        struct mmu_update req;

        if (i && hypercall_preempt_check()) {
            rc = -ERESTART;
            break;
        }
        if (unlikely(copy_object_from_guest(&req, reqs + i * sizeof(req))))
            rc = -EFAULT;
        else
            rc = one_update(&req, pt_owner, pg_owner);
        if (unlikely(rc)) {
            rc = after_failure(pt_owner, rc);
            break;
        }
        rc = finish_pending(pt_owner);
    }
    *done = i;
    return rc;
}

long do_mmu_update(uint64_t reqs, unsigned int count, uint64_t pdone,
                   unsigned int foreign)
{
    struct batch b = {.call = __HYPERVISOR_mmu_update,
                      .size = sizeof(struct mmu_update),
                      .reqs = reqs,
                      .pdone = pdone,
                      .count = count};
    struct domain *pt_owner, *pg_owner;
    uint32_t done;
    long rc;

    if (likely(count == 1 && !pdone && foreign == DOMID_SELF) &&
        fast_update(reqs))
        return 0;
    rc = batch_begin(&b);
    if (rc)
        return rc;
    pt_owner = pg_owner = current->domain;
    if (unlikely(foreign != DOMID_SELF)) {
        rc = find_owners(foreign, &pt_owner, &pg_owner);
        if (rc)
            return rc == -ERESTART ? batch_end(&b, 0, rc) : rc;
    }
    rc = run_updates(reqs, b.count, &done, pt_owner, pg_owner);
    if (unlikely(foreign != DOMID_SELF)) {
        put_domain(pt_owner);
        put_pg_owner(pg_owner);
    }
    return batch_end(&b, done, rc);
}

/* --- update_va_mapping(va, entry, flags) ---------------------------------- */

uint64_t vcpumask_to_cpus(struct domain *d, uint64_t bitmap, int *rc)
{
    uint8_t bits[MAX_VCPUS / 8] = {0};
    uint64_t cpus = 0;
    struct vcpu *v;

    *rc = 0;
    if (copy_from_guest_raw(bits, bitmap, DIV_ROUND_UP(d->max_vcpus, 8))) {
        *rc = -EFAULT;
        return 0;
    }
    for_each_vcpu (d, v) {
        unsigned int cpu = READ_ONCE(v->arch.tlb_cpu);

        if (cpu < NR_CPUS && (bits[v->vcpu_id / 8] & (1u << (v->vcpu_id % 8))))
            cpus |= 1ull << cpu;
    }
    return cpus & READ_ONCE(d->arch.dirty_cpumask);
}

static int flush_after(struct domain *d, uint64_t va, uint64_t flags)
{
    uint64_t where = flags & ~UVMF_FLUSHTYPE_MASK, cpus;
    unsigned int how;
    int rc = 0;

    switch (flags & UVMF_FLUSHTYPE_MASK) {
    case UVMF_TLB_FLUSH:
        how = FLUSH_TLB;
        break;
    case UVMF_INVLPG:
        how = FLUSH_VA;
        break;
    default:
        return 0;
    }
    if (where == UVMF_LOCAL) {
        flush_local(va, how);
        return 0;
    }
    if (where == UVMF_ALL)
        cpus = READ_ONCE(d->arch.dirty_cpumask);
    else
        cpus = vcpumask_to_cpus(d, where, &rc);
    if (cpus)
        flush_mask(cpus, va, how);
    return rc;
}

static long update_va(uint64_t va, pte_t val, uint64_t flags,
                      struct domain *pg_owner)
{
    struct vcpu *v = current;
    struct page_info *table;
    long rc = finish_pending(v->domain);
    int rc2;
    pte_t old;

    if (rc)
        return rc;
    table = walk_to_l1(v, va);
    if (!table)
        return -EINVAL;
    rc = -EINVAL;
    switch (table_lock(table)) {
    case 1:
        rc = l1_write(table, PT_INDEX(va, 1), val, WRITE_NORMAL, &old,
                      v->domain, pg_owner);
        table_unlock(table);
        break;
    case 0:
        break;
    default: /* another vcpu made it a table of another level */
        table_unlock(table);
    }
    put_page(table);
    if (flags) {
        rc2 = flush_after(v->domain, va, flags);
        rc = rc ? rc : rc2;
    }
    return rc;
}

long do_update_va_mapping(uint64_t va, uint64_t val, uint64_t flags)
{
    long rc = update_va(va, val, flags, current->domain);

    return rc == -ERESTART ? hypercall_again(__HYPERVISOR_update_va_mapping)
                           : rc;
}

long do_update_va_mapping_otherdomain(uint64_t va, uint64_t val, uint64_t flags,
                                      unsigned int domid)
{
    struct domain *pg_owner;
    int err;
    long rc;

    pg_owner = get_pg_owner((domid_t)domid, &err);
    if (!pg_owner)
        return err;
    rc = update_va(va, val, flags, pg_owner);
    put_pg_owner(pg_owner);
    return rc == -ERESTART
               ? hypercall_again(__HYPERVISOR_update_va_mapping_otherdomain)
               : rc;
}
