/* SPDX-License-Identifier: MIT */
/*
 * Dirty logging of PV domains: which of a domain's pages have been written
 * since a toolstack last asked (XEN_DOMCTL_shadow_op).
 *
 *   pv/log_dirty  the log itself and the control operation
 *   pv/vtlb       how the CPU's own writes of a guest are seen
 */
#ifndef ASM_LOG_DIRTY_H
#define ASM_LOG_DIRTY_H

#include <hv/atomic.h>
#include <hv/softirq.h>
#include <hv/types.h>

struct domain;
struct vcpu;
struct xen_domctl;

/* --- the hook ------------------------------------------------------------- */
/*
 * Code that has written to a guest's frame by another way than the guest's own
 * addresses must call this, after the write. It costs one test while no domain
 * is logged.
 */
extern uint32_t nr_logged_domains;
void log_dirty_frame_slow(mfn_t mfn);
static inline void log_dirty_frame(mfn_t mfn)
{
    if (unlikely(READ_ONCE(nr_logged_domains)))
        log_dirty_frame_slow(mfn);
}

/* --- one CPU's virtual TLB for one domain (pv/mm/vtlb.c) ------------------ */
struct vtlb {
    char *pool;              /* table pages; the first two are the roots */
    unsigned int used;       /* pages of the pool */
    const struct vcpu *vcpu; /* whose translations these are */
};

/* 0/-ENOMEM. Destroy after every CPU has left the domain's roots. */
int vtlb_create(struct vtlb *t, const struct domain *d);
void vtlb_destroy(struct vtlb *t);
/* The current CPU is about to run v, whose domain is logged: sets v's cr3
 * values. True: the tree has another vcpu's translations. */
bool vtlb_enter(struct vcpu *v);
/* v (current) has a new user root; 0: none. */
uint64_t vtlb_user_cr3(const struct vcpu *v);
/* [irqs off] From tlb.c: a root of d (NULL: the hypervisor's) gets loaded; what
 * the CPU has cached goes; one address of it goes. */
void vtlb_root_loaded(const struct domain *d);
void vtlb_flush(void);
void vtlb_flush_va(uint64_t va);
/*
 * [irqs off] Handles a page fault at va, of a guest or of an access to guest
 * memory. True: the translation is there now, and the access must be repeated.
 * False: the guest's tables do not allow it, and the present bit of the error
 * code is set to what they say.
 */
bool vtlb_fault(uint64_t va, uint32_t *error_code);

/* --- the log (pv/mm/log_dirty.c) ------------------------------------------ */
struct log_dirty {
    struct rcu_head rcu;
    unsigned long **page; /* [nr_pages] bits by pfn, a page each */
    unsigned long nr_pages;
    unsigned long *buffer; /* a page */
    struct vtlb *vtlb;     /* [NR_CPUS] */
    uint32_t faults;       /* of vtlb_fault(), since the last CLEAN */
    uint64_t scan, next;   /* progress of a continued operation */
    uint64_t dirty_count;  /* found by it */
};

/* Is the frame in its owner's log? True if that domain is not logged. */
bool frame_is_dirty(mfn_t mfn);
long log_dirty_op(struct domain *d, void *op);
/* Ends logging, if it is on or was to be; no vcpu of d runs. */
void log_dirty_end(struct domain *d);

#endif
