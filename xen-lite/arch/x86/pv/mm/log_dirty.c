/* SPDX-License-Identifier: MIT */
/*
 * The dirty log of a domain and the control operation on it.
 *
 * One bit per pfn. Why every write is in it:
 *
 *  - the guest's own writes, and the hypervisor's to the guest's addresses, go
 *    through the virtual TLB, which has writable translations of logged pages
 *    only (vtlb.c);
 *  - page tables, which the guest cannot write itself, are logged by the code
 *    that changes an entry, also by the virtual TLB's Accessed and Dirty, and
 *    when a page becomes or stops being a table: it is saved in another form
 *    then;
 *  - a frame gets another pfn: set_gpfn_from_mfn();
 *  - other domains: grant copies and the end of a writable mapping are logged
 *    when they happen; the pages that others can write at the moment, by grant
 *    or by a privileged domain's page tables, are looked up and logged by each
 *    CLEAN and PEEK, as are those that the hypervisor writes at any time
 *    (vcpu_info, event queues).
 *
 * Bits are set after the write. CLEAN takes bits and then flushes the domain's
 * TLBs: a write before the flush is in the page when the page is read
 * afterwards, one after it is logged again. So the domain need not be stopped.
 *
 * The structure is used without a lock; it is freed when every CPU has left the
 * hypervisor once.
 */
#include <hv/domctl.h>
#include <hv/grant_table.h>
#include <hv/event_channel.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/page_alloc.h>
#include <hv/smp.h>
#include <asm/log_dirty.h>
#include <asm/tlb.h>
#include "mm.h"

#define PFNS_PER_PAGE  (PAGE_SIZE * 8)
#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(unsigned long))
/* pfns beyond what a domain may own, for guests whose memory has holes. */
#define EXTRA_PFNS  (1ul << 20)
#define SCAN_STRIDE 256 /* frames that are no table between two checks */
#define FREE_STRIDE 256 /* pages of a log that are freed at once */

uint32_t nr_logged_domains;

/* --- setting and testing bits --------------------------------------------- */

/* The word and bit of a frame in its owner's log; NULL: not logged. */
static unsigned long *place_of(mfn_t mfn, unsigned int *bit)
{
    const struct log_dirty *log;
    const struct domain *d;
    uint64_t pfn;

    if (!mfn_valid(mfn))
        return NULL;
    d = domain_by_owner_id(mfn_to_page(mfn)->owner);
    log = d ? READ_ONCE(d->arch.log) : NULL;
    if (!log)
        return NULL;
    pfn = get_gpfn_from_mfn(mfn);
    if (pfn / PFNS_PER_PAGE >= log->nr_pages)
        return NULL;
    *bit = pfn % 64;
    return log->page[pfn / PFNS_PER_PAGE] + pfn % PFNS_PER_PAGE / 64;
}

void log_dirty_frame_slow(mfn_t mfn)
{
    unsigned int bit;
    unsigned long *word = place_of(mfn, &bit);

    if (word && !(READ_ONCE(*word) >> bit & 1))
        atomic_or(word, 1ul << bit);
}

bool frame_is_dirty(mfn_t mfn)
{
    unsigned int bit;
    const unsigned long *word = place_of(mfn, &bit);

    return !word || (READ_ONCE(*word) >> bit & 1);
}

/* --- on and off ----------------------------------------------------------- */

/* Some pages at a time: in between, the CPU does what else waits for it. */
static void log_free_rcu(struct rcu_head *head)
{
    struct log_dirty *log = container_of(head, struct log_dirty, rcu);

    for (unsigned int n = 0; n < FREE_STRIDE && log->nr_pages; n++)
        free_xenheap_page(log->page[--log->nr_pages]);
    if (log->nr_pages) {
        call_rcu(&log->rcu, log_free_rcu);
        return;
    }
    for (unsigned int i = 0; i < NR_CPUS; i++)
        vtlb_destroy(&log->vtlb[i]);
    free_xenheap_page(log->buffer);
    xfree(log->page);
    xfree(log->vtlb);
    xfree(log);
}

static void log_free(struct log_dirty *log)
{
    call_rcu(&log->rcu, log_free_rcu);
}

/* No domain has more frames than there are, whatever it may have; which numbers
 * they have is another question, see take_words(). */
static unsigned long log_size(const struct domain *d)
{
    uint64_t max = READ_ONCE(d->shared_info->arch.max_pfn) + 1;
    uint64_t most = MIN((uint64_t)d->max_pages, (uint64_t)max_page);

    max = MIN(max, 2 * most + EXTRA_PFNS);
    return DIV_ROUND_UP(MAX(max, most), PFNS_PER_PAGE);
}

/* Without what it holds: log_fill(). */
static struct log_dirty *log_alloc(const struct domain *d)
{
    struct log_dirty *log = xzalloc(struct log_dirty);

    if (!log)
        return NULL;
    log->nr_pages = log_size(d);
    log->page = xzalloc_array(unsigned long *, log->nr_pages);
    log->vtlb = xzalloc_array(struct vtlb, NR_CPUS);
    log->buffer = alloc_xenheap_page();
    if (log->page && log->vtlb && log->buffer)
        return log;
    free_xenheap_page(log->buffer);
    xfree(log->page);
    xfree(log->vtlb);
    xfree(log);
    return NULL;
}

/* A page of the log, or a CPU's virtual TLB. */
static bool add_piece(struct log_dirty *log, unsigned long n,
                      const struct domain *d)
{
    if (n < log->nr_pages)
        return (log->page[n] = alloc_xenheap_page()) != NULL;
    n -= log->nr_pages;
    return !cpumask_test(n, cpu_online_map) || !vtlb_create(&log->vtlb[n], d);
}

/* 0, -ENOMEM, or -ERESTART between two pieces. */
static long log_fill(struct log_dirty *log, const struct domain *d)
{
    while (log->next < log->nr_pages + NR_CPUS) {
        if (!add_piece(log, log->next, d))
            return -ENOMEM;
        log->next++;
        if (hypercall_preempt_check())
            return -ERESTART;
    }
    log->next = 0;
    return 0;
}

static void drop_new_log(struct domain *d)
{
    if (d->arch.new_log)
        log_free(d->arch.new_log);
    d->arch.new_log = NULL;
}

static long enable(struct domain *d)
{
    long rc = -ENOMEM;

    if (d->arch.log || !d->shared_info)
        return -EINVAL;
    if (!d->arch.new_log)
        d->arch.new_log = log_alloc(d);
    if (d->arch.new_log)
        rc = log_fill(d->arch.new_log, d);
    if (rc == -ERESTART)
        return rc;
    if (rc) {
        drop_new_log(d);
        return rc;
    }
    domain_pause(d);
    d->arch.log = d->arch.new_log;
    d->arch.new_log = NULL;
    atomic_inc(&nr_logged_domains);
    domain_unpause(d); /* each vcpu is entered on a virtual TLB from now on */
    return 0;
}

void log_dirty_end(struct domain *d)
{
    struct log_dirty *log = d->arch.log;
    struct vcpu *v;

    drop_new_log(d);
    if (!log)
        return;
    d->arch.log = NULL;
    for_each_vcpu (d, v)
        set_vcpu_cr3(v);
    /* Idle CPUs may have kept a root of the virtual TLB. */
    flush_mask(READ_ONCE(d->arch.dirty_cpumask), 0, FLUSH_ROOT);
    atomic_dec(&nr_logged_domains);
    log_free(log);
}

static long disable(struct domain *d)
{
    if (!d->arch.log)
        return -EINVAL;
    domain_pause(d);
    log_dirty_end(d);
    domain_unpause(d);
    return 0;
}

/* --- CLEAN and PEEK ------------------------------------------------------- */

/* Frames of d that an L1 table of the privileged domain maps writable. */
static void log_foreign_entries(const struct page_info *table,
                                const struct domain *d)
{
    const pte_t *t = page_to_virt(table);

    for (uint32_t mask = table->entry_mask; mask; mask &= mask - 1) {
        unsigned int first = (ffs64(mask)) * MASK_GROUP;

        for (unsigned int i = first; i < first + MASK_GROUP; i++) {
            pte_t e = READ_ONCE(t[i]);

            if ((e & PTE_PRESENT) && (e & PTE_RW) && mfn_valid(pte_mfn(e)) &&
                mfn_to_page(pte_mfn(e))->owner == d->id)
                log_dirty_frame(pte_mfn(e));
        }
    }
}

static long log_foreign_maps(const struct domain *d, uint64_t *scan)
{
    const struct domain *dom0 = hardware_domain;
    const uint32_t l1 = PGT_l1_table | PGT_validated;
    uint64_t mfn = MAX(*scan, dom0->mfn_lo);
    long rc = 0;

    while (!rc && mfn < dom0->mfn_hi) {
        const struct page_info *pg = mfn_to_page(_mfn(mfn++));
        bool table =
            pg->owner == dom0->id &&
            (READ_ONCE(pg->type) & (PGT_type_mask | PGT_validated)) == l1;

        if (table) /* 512 other frames may be looked at */
            log_foreign_entries(pg, d);
        if ((table || !(mfn % SCAN_STRIDE)) && hypercall_preempt_check())
            rc = -ERESTART;
    }
    *scan = mfn;
    return rc;
}

/* Pages that may be written at any time without our seeing it. A continued
 * call goes on with the scan. */
static long log_live_writers(struct domain *d)
{
    struct log_dirty *log = d->arch.log;
    struct vcpu *v;

    if (!log->scan) {
        for_each_vcpu (d, v)
            log_dirty_frame(v->vcpu_info_mfn);
        evtchn_fifo_log_dirty(d);
        gnttab_log_dirty(d);
    }
    return log_foreign_maps(d, &log->scan);
}

/* The words of one page of the log that hold its first 'bits' bits. Beyond its
 * end nobody knows of writes, so there all is dirty, always. */
static void take_words(struct log_dirty *log, unsigned long page,
                       unsigned long bits, bool clean)
{
    unsigned long *words = page < log->nr_pages ? log->page[page] : NULL;

    for (unsigned long i = 0; i < DIV_ROUND_UP(bits, 64); i++) {
        unsigned long mask = ~0ul;

        if (bits - i * 64 < 64)
            mask = (1ul << (bits - i * 64)) - 1;
        log->buffer[i] = (words ? READ_ONCE(words[i]) : ~0ul) & mask;
        if (words && clean && log->buffer[i])
            log->buffer[i] = atomic_and(&words[i], ~mask) & mask;
        log->dirty_count += hweight64(log->buffer[i]);
    }
}

static long copy_page(struct log_dirty *log, unsigned long page,
                      unsigned long bits, const struct xen_domctl_shadow_op *sc)
{
    bool clean = sc->op == XEN_DOMCTL_SHADOW_OP_CLEAN;
    uint64_t to = (uint64_t)sc->dirty_bitmap.p + page * PAGE_SIZE;
    unsigned long bytes = DIV_ROUND_UP(bits, 8);

    take_words(log, page, bits, clean);
    if (guest_handle_is_null(sc->dirty_bitmap) ||
        !copy_to_guest_raw(to, log->buffer, bytes))
        return 0;
    if (clean && page < log->nr_pages) /* not delivered: still dirty */
        for (unsigned long i = 0; i < DIV_ROUND_UP(bits, 64); i++)
            atomic_or(&log->page[page][i], log->buffer[i]);
    return -EFAULT;
}

static long read_log(struct domain *d, struct xen_domctl_shadow_op *sc)
{
    struct log_dirty *log = d->arch.log;
    struct vcpu *v;
    long rc;

    if (!log || (sc->mode & ~XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL))
        return -EINVAL;
    /* A vcpu that was just suspended may be on its way off a CPU, and still
     * write its run state. No later call would ask for that page. */
    for_each_vcpu (d, v)
        vcpu_sleep_sync(v);
    rc = log_live_writers(d);
    while (!rc && log->next * PFNS_PER_PAGE < sc->pages) {
        if (hypercall_preempt_check())
            return -ERESTART;
        rc = copy_page(
            log, log->next,
            MIN(sc->pages - log->next * PFNS_PER_PAGE, PFNS_PER_PAGE), sc);
        log->next++;
    }
    if (rc == -ERESTART)
        return rc;
    sc->stats = (struct xen_domctl_shadow_op_stats){
        .fault_count = log->faults, .dirty_count = log->dirty_count};
    if (sc->op == XEN_DOMCTL_SHADOW_OP_CLEAN) {
        flush_mask(READ_ONCE(d->arch.dirty_cpumask), 0, FLUSH_TLB);
        log->faults = 0;
    }
    log->scan = log->next = log->dirty_count = 0;
    return rc;
}

long log_dirty_op(struct domain *d, void *arg)
{
    struct xen_domctl_shadow_op *sc = arg;

    if (d->is_dying || !d->vcpu[0])
        return -EINVAL;
    switch (sc->op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        return sc->mode == XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY ? enable(d)
                                                              : -EINVAL;
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
        return enable(d);
    case XEN_DOMCTL_SHADOW_OP_OFF:
        return disable(d);
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        return read_log(d, sc);
    default:
        return -EINVAL;
    }
}
