/* SPDX-License-Identifier: MIT */
/*
 * All memory of a dying domain, by a walk over the frame table.
 *
 * Its vcpus hold no roots any more. Each frame loses its pin, a half-done
 * undo is finished, and the allocation's reference goes; tables give back what
 * they refer to, so the order of frames does not matter. A frame that another
 * domain still maps stays, and keeps the domain's id taken, until that mapping
 * goes. The walk ends early when nothing is left.
 */
#include "mm.h"

#define STRIDE 256 /* frames of others between preemption checks */

static int relinquish_frame(struct page_info *pg)
{
    int rc = finish_undo(pg);

    if (rc)
        return rc;
    if (atomic_and(&pg->type, ~PGT_pinned) & PGT_pinned)
        put_page_and_type(pg);
    if (atomic_and(&pg->count, ~PGC_allocated) & PGC_allocated)
        put_page(pg);
    return 0;
}

/* False: it is not d's. *rc: 0/-ERESTART */
static bool relinquish_if_owned(struct domain *d, struct page_info *pg, int *rc)
{
    if (READ_ONCE(pg->owner) != d->id || !get_page(pg, d))
        return false;
    /* The code that lent a frame takes it back. */
    if (!(READ_ONCE(pg->count) & PGC_xenheap))
        *rc = relinquish_frame(pg);
    put_page(pg);
    if (!*rc)
        *rc = mm_finish_pending(d);
    return true;
}

int relinquish_memory(struct domain *d)
{
    struct arch_domain *a = &d->arch;
    int rc = mm_finish_pending(d);
    uint64_t mfn = MAX(a->relinquish_mfn, d->mfn_lo);

    while (!rc && mfn < d->mfn_hi && READ_ONCE(d->owned_frames)) {
        bool owned = relinquish_if_owned(d, mfn_to_page(_mfn(mfn)), &rc);

        if (rc)
            break;
        mfn++;
        /* One that was owned may have been a table with 512 entries. The check
         * comes last, so that each call gets further. */
        if ((owned || !(mfn % STRIDE)) && hypercall_preempt_check())
            rc = -ERESTART;
    }
    a->relinquish_mfn = mfn;
    return rc;
}
