/* SPDX-License-Identifier: MIT */
/*
 * The FIFO ABI: a word per port in pages of the guest, linked into queues, one
 * per priority and vcpu, whose heads stand in a control block per vcpu.
 *
 * Everything in these pages is the guest's to scribble on. We keep the tails
 * and the "queue of last linking" on our side, mask every link we read, and
 * bound each retry, so a hostile guest loses its own events and nothing else.
 * We never wait for a guest: all this runs in the sender, interrupts off.
 */
#include "event_channel.h"
#include <hv/mm.h>

#define WORDS_PER_PAGE  (PAGE_SIZE / sizeof(uint32_t))
#define MAX_ARRAY_PAGES (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)

#define PENDING   (1u << EVTCHN_FIFO_PENDING)
#define MASKED    (1u << EVTCHN_FIFO_MASKED)
#define LINKED    (1u << EVTCHN_FIFO_LINKED)
#define BUSY      (1u << EVTCHN_FIFO_BUSY)
#define LINK_MASK EVTCHN_FIFO_LINK_MASK

#define LINK_TRIES 5

struct evtchn_fifo_vcpu {
    struct evtchn_fifo_control_block *control; /* guest page, direct map */
    uint32_t tail[EVTCHN_FIFO_MAX_QUEUES];     /* port last linked, 0 = empty */
    struct evtchn_fifo_vcpu *next;             /* of the domain's */
};
struct evtchn_fifo_domain {
    struct evtchn_fifo_vcpu *vcpus; /* whatever v->evtchn_fifo points to */
    uint32_t nr_pages;
    uint32_t *page[MAX_ARRAY_PAGES];
};

static uint32_t *event_word(const struct domain *d, uint32_t port)
{
    const struct evtchn_fifo_domain *f = d->evtchn->fifo;

    ASSERT_HELD(&d->evtchn->pending_lock);
    if (port / WORDS_PER_PAGE >= atomic_load(&f->nr_pages))
        return NULL;
    return f->page[port / WORDS_PER_PAGE] + port % WORDS_PER_PAGE;
}

/*
 * Links port behind the event at *tail. False if the tail event has been
 * consumed meanwhile: the queue is empty then. While the guest changes the word
 * BUSY asks it not to, since it unmasks events only when that bit is clear.
 */
static bool set_link(struct domain *d, uint32_t *tail, uint32_t port)
{
    uint32_t old = READ_ONCE(*tail);

    for (unsigned int try = 0; (old & LINKED) && try < LINK_TRIES; try++) {
        if (atomic_cas(tail, &old, (old & ~(LINK_MASK | BUSY)) | port))
            return true;
        atomic_or(tail, BUSY);
        old = READ_ONCE(*tail);
    }
    if (old & BUSY)
        atomic_and(tail, ~BUSY);
    if (old & LINKED)
        gprintk(d, "event queue: guest keeps changing the tail of port %u",
                port);
    return old & LINKED; /* then the event is lost */
}

static void enqueue(struct vcpu *v, struct evtchn *chn)
{
    struct domain *d = v->domain;
    struct evtchn_fifo_vcpu *fv = v->evtchn_fifo;
    struct vcpu *old_v = d->vcpu[chn->last_vcpu];
    uint32_t *q = &fv->tail[chn->priority], *tail;
    bool linked = false;

    /* If this port was the tail of another queue, that queue is now empty. */
    if (old_v && old_v->evtchn_fifo) {
        uint32_t *old_q = &old_v->evtchn_fifo->tail[chn->last_priority];

        if (*old_q == chn->port)
            *old_q = 0;
    }
    chn->last_vcpu = v->vcpu_id;
    chn->last_priority = chn->priority;

    tail = *q ? event_word(d, *q) : NULL;
    if (tail)
        linked = set_link(d, tail, chn->port);
    if (!linked)
        WRITE_ONCE(fv->control->head[chn->priority], chn->port);
    *q = chn->port;
    if (!linked && !test_and_set_bit(chn->priority, &fv->control->ready))
        vcpu_mark_events_pending(v);
}

/* Without a look at the vcpus that poll. False: later. */
static bool deliver(struct vcpu *v, struct evtchn *chn)
{
    uint32_t *word = event_word(v->domain, chn->port);

    if (!word || !v->evtchn_fifo) {
        chn->pending = true; /* delivered when the guest adds the page */
        return false;
    }
    /* The guest clears the link when it takes the event off its queue. */
    atomic_or(word, PENDING);
    if (!(READ_ONCE(*word) & MASKED) &&
        !test_and_set_bit(EVTCHN_FIFO_LINKED, word))
        enqueue(v, chn);
    return true;
}

static void fifo_set_pending(struct vcpu *v, struct evtchn *chn)
{
    if (deliver(v, chn))
        evtchn_check_pollers(v->domain, chn->port, chn->port);
}

static void fifo_clear_pending(struct domain *d, struct evtchn *chn)
{
    uint32_t *word = event_word(d, chn->port);

    /* A stale link stays: the guest skips events that are not pending. */
    if (word)
        atomic_and(word, ~PENDING);
    chn->pending = false;
}

static void fifo_unmask(struct domain *d, struct evtchn *chn)
{
    uint32_t *word = event_word(d, chn->port);

    if (!word)
        return;
    atomic_and(word, ~MASKED);
    if (READ_ONCE(*word) & PENDING)
        fifo_set_pending(d->vcpu[chn->notify_vcpu], chn);
}

static bool fifo_is_pending(const struct domain *d, const struct evtchn *chn)
{
    uint32_t *word = event_word(d, chn->port);

    return word ? READ_ONCE(*word) & PENDING : chn->pending;
}

static bool fifo_is_masked(const struct domain *d, const struct evtchn *chn)
{
    uint32_t *word = event_word(d, chn->port);

    return !word || (READ_ONCE(*word) & MASKED);
}

static const struct evtchn_ops evtchn_fifo_ops = {
    .set_pending = fifo_set_pending,
    .clear_pending = fifo_clear_pending,
    .unmask = fifo_unmask,
    .is_pending = fifo_is_pending,
    .is_masked = fifo_is_masked,
    .max_ports = EVTCHN_FIFO_NR_CHANNELS,
};

/* --- set-up: pages of the guest, held by a writable reference ------------- */

static int map_guest_page(struct domain *d, uint64_t gfn, void **va)
{
    struct page_info *pg = get_writable_page(_mfn(gfn), d);

    if (!pg)
        return -EINVAL;
    *va = page_to_virt(pg);
    return 0;
}

static void unmap_guest_page(void *va)
{
    log_dirty_frame(virt_to_mfn(va));
    put_page_and_type(virt_to_page((void *)((uint64_t)va & PAGE_MASK)));
}

/* Ports that are pending in the 2-level bitmaps go on being pending. */
static void switch_domain(struct domain *d)
{
    struct evtchn_domain *ed = d->evtchn;

    ASSERT_HELD(&ed->lock);
    ASSERT_HELD(&ed->pending_lock);
    for (uint32_t port = 1; port < MIN(ed->nr_ports, evtchn_2l_ops.max_ports);
         port++) {
        struct evtchn *chn = evtchn_from_port(d, port);

        if (chn)
            chn->pending = evtchn_2l_ops.is_pending(d, chn);
    }
    ed->ops = &evtchn_fifo_ops;
}

long evtchn_fifo_init_control(struct domain *d, void *arg)
{
    struct evtchn_init_control *op = arg;
    struct evtchn_domain *ed = d->evtchn;
    struct vcpu *v = domain_vcpu(d, op->vcpu);
    struct evtchn_fifo_domain *fifo;
    struct evtchn_fifo_vcpu *fv;
    unsigned long flags;
    void *va = NULL;
    long rc = -ENOMEM;

    op->link_bits = EVTCHN_FIFO_LINK_BITS;
    if (!v)
        return -ENOENT;
    if (op->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) ||
        op->offset % 8)
        return -EINVAL;
    fv = xzalloc(struct evtchn_fifo_vcpu);
    /* Only the lock shows whether this is the domain's first one. */
    fifo = xzalloc(struct evtchn_fifo_domain);
    if (!fv || !fifo)
        goto out;
    rc = map_guest_page(d, op->control_gfn, &va);
    if (rc)
        goto out;
    fv->control = va + op->offset;
    for (unsigned int i = 0; i < EVTCHN_FIFO_MAX_QUEUES; i++)
        fv->control->head[i] = 0;

    flags = spin_lock_irqsave(&ed->lock);
    if (v->evtchn_fifo) {
        rc = -EINVAL;
    } else {
        spin_lock(&ed->pending_lock);
        if (!ed->fifo) {
            ed->fifo = fifo;
            fifo = NULL;
            switch_domain(d);
        }
        fv->next = ed->fifo->vcpus;
        v->evtchn_fifo = ed->fifo->vcpus = fv;
        fv = NULL;
        spin_unlock(&ed->pending_lock);
    }
    spin_unlock_irqrestore(&ed->lock, flags);
    if (rc)
        unmap_guest_page(va);
out:
    xfree(fv);
    xfree(fifo);
    return rc;
}

long evtchn_fifo_expand_array(struct domain *d, void *arg)
{
    const struct evtchn_expand_array *op = arg;
    struct evtchn_domain *ed = d->evtchn;
    unsigned long flags;
    uint32_t first, nr;
    bool some = false;
    void *va;
    long rc;

    if (!READ_ONCE(ed->fifo))
        return -EOPNOTSUPP;
    rc = map_guest_page(d, op->array_gfn, &va);
    if (rc)
        return rc;
    flags = spin_lock_irqsave(&ed->lock);
    if (!ed->fifo) { /* reset by another vcpu meanwhile */
        rc = -EOPNOTSUPP;
        goto fail;
    }
    nr = ed->fifo->nr_pages;
    if (nr >= MAX_ARRAY_PAGES || nr * WORDS_PER_PAGE > d->max_evtchn_port) {
        rc = -ENOSPC;
        goto fail;
    }
    spin_lock(&ed->pending_lock);
    ed->fifo->page[nr] = va;
    atomic_store(&ed->fifo->nr_pages, nr + 1);
    first = nr * WORDS_PER_PAGE;
    for (uint32_t port = MAX(first, 1u);
         port < MIN(first + WORDS_PER_PAGE, ed->nr_ports); port++) {
        struct evtchn *chn = evtchn_from_port(d, port);

        if (chn && chn->pending) {
            chn->pending = false;
            some |= deliver(d->vcpu[chn->notify_vcpu], chn);
        }
    }
    /* Once for all of them: there are many vcpus, and interrupts are off. */
    if (some)
        evtchn_check_pollers(d, first, first + WORDS_PER_PAGE - 1);
    spin_unlock(&ed->pending_lock);
    spin_unlock_irqrestore(&ed->lock, flags);
    return 0;

fail:
    spin_unlock_irqrestore(&ed->lock, flags);
    unmap_guest_page(va);
    return rc;
}

/* The hypervisor writes these pages whenever an event comes. */
void evtchn_fifo_log_dirty(struct domain *d)
{
    const struct evtchn_fifo_domain *fifo;
    unsigned long flags = spin_lock_irqsave(&d->evtchn->lock);
    struct vcpu *v;

    fifo = d->evtchn->fifo;
    for_each_vcpu (d, v)
        if (v->evtchn_fifo)
            log_dirty_frame(virt_to_mfn(v->evtchn_fifo->control));
    for (uint32_t i = 0; fifo && i < fifo->nr_pages; i++)
        log_dirty_frame(virt_to_mfn(fifo->page[i]));
    spin_unlock_irqrestore(&d->evtchn->lock, flags);
}

/*
 * Back to two levels: on death and on EVTCHNOP_reset. All ports are closed.
 * What is detached here is freed without the locks: evtchn_fifo_free().
 */
struct evtchn_fifo_domain *evtchn_fifo_detach(struct domain *d)
{
    struct evtchn_fifo_domain *fifo = d->evtchn->fifo;
    struct vcpu *v;

    ASSERT_HELD(&d->evtchn->lock);
    ASSERT_HELD(&d->evtchn->pending_lock);
    for_each_vcpu (d, v)
        v->evtchn_fifo = NULL;
    d->evtchn->fifo = NULL;
    d->evtchn->ops = &evtchn_2l_ops;
    return fifo;
}

void evtchn_fifo_free(struct evtchn_fifo_domain *fifo)
{
    struct evtchn_fifo_vcpu *fv;

    if (!fifo)
        return;
    while ((fv = fifo->vcpus)) {
        fifo->vcpus = fv->next;
        unmap_guest_page(fv->control);
        xfree(fv);
    }
    for (uint32_t i = 0; i < fifo->nr_pages; i++)
        unmap_guest_page(fifo->page[i]);
    xfree(fifo);
}

#ifdef HV_DEBUG
void evtchn_held_frames(const struct domain *d, hold_fn *hold)
{
    const struct evtchn_fifo_domain *fifo = d->evtchn ? d->evtchn->fifo : NULL;

    if (!fifo)
        return;
    for (const struct evtchn_fifo_vcpu *fv = fifo->vcpus; fv; fv = fv->next)
        hold(virt_to_mfn(fv->control), 1, 1);
    for (uint32_t i = 0; i < fifo->nr_pages; i++)
        hold(virt_to_mfn(fifo->page[i]), 1, 1);
}
#endif
