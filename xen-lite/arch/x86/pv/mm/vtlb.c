/* SPDX-License-Identifier: MIT */
/*
 * The virtual TLB: page tables of the hypervisor's on which a CPU runs a domain
 * whose writes are logged.
 *
 * A guest reads its own page tables, so neither RW nor Dirty may be taken from
 * its entries to catch its writes. Instead each CPU has, for each such domain,
 * a tree that starts empty and is filled by page faults, as a TLB is by misses:
 * a fault walks the guest's tables, sets Accessed and Dirty in them as hardware
 * would, and leaves one translation, writable only if the guest's entry is
 * dirty and the page is in the log. The tree is nothing but a larger TLB of
 * that CPU:
 *
 *  - whatever flushes the CPU's TLB empties it (tlb.c), so everything that
 *    is true because TLBs were flushed stays true: a frame changes its use,
 *    a guest's root goes away, a guest asks for it, a CLEAN of the log;
 *  - a walk runs with interrupts off, so a flush of this CPU waits for its end,
 *    exactly as it would for a walk by hardware: what the walk reads cannot be
 *    freed or turned into something else under it. Nor does this CPU flush
 *    between a walk and its end, of its own accord: others would take what was
 *    read before for gone;
 *  - no other CPU writes it, so there is no lock, and no other part of the
 *    memory core has to know.
 *
 * Each vcpu has two roots, so there are two trees, and nothing in them is
 * global. Upper levels allow everything; the last carries the rights of all
 * levels. When the pool of tables is all but used up the TLB is flushed, before
 * the next walk.
 */
#include <hv/domain.h>
#include <hv/page_alloc.h>
#include <hv/percpu.h>
#include <hv/smp.h>
#include <asm/log_dirty.h>
#include "mm.h"
#include <asm/paging.h>
#include <asm/tlb.h>
#include <asm/traps.h>

#define POOL_ORDER   7 /* 512 KiB: some 100 regions of 2 MiB */
#define POOL_PAGES   (1u << POOL_ORDER)
#define NR_ROOTS     2
#define WAY_PAGES    3  /* of tables between a root and an entry */
#define AROUND       16 /* entries beside the missing one that are taken too */
#define MAX_ATTEMPTS 8  /* to set A and D while others change the entry */
#define UPPER_RIGHTS (PTE_PRESENT | PTE_RW | PTE_USER | PTE_ACCESSED)

static DEFINE_PER_CPU(struct vtlb *, loaded);

enum { KERNEL_ROOT, USER_ROOT };

static pte_t *page_of(const struct vtlb *t, unsigned int i)
{
    return (pte_t *)(t->pool + i * PAGE_SIZE);
}

static uint64_t cr3_of(const struct vtlb *t, unsigned int root)
{
    return virt_to_maddr(page_of(t, root));
}

int vtlb_create(struct vtlb *t, const struct domain *d)
{
    t->pool = alloc_xenheap_pages(POOL_ORDER, 0);
    if (!t->pool)
        return -ENOMEM;
    t->used = NR_ROOTS;
    for (unsigned int i = 0; i < NR_ROOTS; i++)
        init_xen_l4_slots(page_of(t, i), d);
    return 0;
}

void vtlb_destroy(struct vtlb *t)
{
    if (t->pool)
        free_xenheap_pages(t->pool, POOL_ORDER);
}

/* --- which one the CPU runs on -------------------------------------------- */

static struct vtlb *own(const struct domain *d)
{
    return &d->arch.log->vtlb[smp_processor_id()];
}

uint64_t vtlb_user_cr3(const struct vcpu *v)
{
    return mfn_eq(v->arch.guest_root_user, INVALID_MFN)
               ? 0
               : cr3_of(own(v->domain), USER_ROOT);
}

bool vtlb_enter(struct vcpu *v)
{
    struct vtlb *t = own(v->domain);

    v->arch.cr3_kernel = cr3_of(t, KERNEL_ROOT);
    v->arch.cr3_user = vtlb_user_cr3(v);
    return t->vcpu != v;
}

void vtlb_root_loaded(const struct domain *d)
{
    struct vtlb *t = d && unlikely(d->arch.log) ? own(d) : NULL;

    this_cpu(loaded) = t;
    if (t)
        t->vcpu = current;
}

/* --- flushes -------------------------------------------------------------- */

void vtlb_flush(void)
{
    struct vtlb *t = this_cpu(loaded);

    if (likely(!t) || t->used == NR_ROOTS)
        return;
    for (unsigned int i = 0; i < NR_ROOTS; i++) {
        pte_t *root = page_of(t, i);

        memset(root, 0, ROOT_SLOT_FIRST * sizeof(*root));
        memset(root + ROOT_SLOT_LAST + 1, 0,
               (PT_ENTRIES - 1 - ROOT_SLOT_LAST) * sizeof(*root));
    }
    t->used = NR_ROOTS;
}

/* Where the tree has va's last-level entry, or NULL. grow: make the way there,
 * for which there is room. */
static pte_t *leaf_of(struct vtlb *t, pte_t *table, uint64_t va, bool grow)
{
    for (unsigned int level = 4; level > 1; level--) {
        pte_t *e = &table[PT_INDEX(va, level)];

        if (!(*e & PTE_PRESENT)) {
            if (!grow)
                return NULL;
            memset(page_of(t, t->used), 0, PAGE_SIZE);
            *e = pte_make(virt_to_mfn(page_of(t, t->used++)), UPPER_RIGHTS);
        }
        table = mfn_to_virt(pte_mfn(*e));
    }
    return &table[PT_INDEX(va, 1)];
}

void vtlb_flush_va(uint64_t va)
{
    struct vtlb *t = this_cpu(loaded);

    if (likely(!t) || !guest_addr_ok(va) || !is_canonical(va))
        return;
    for (unsigned int i = 0; i < NR_ROOTS; i++) {
        pte_t *leaf = leaf_of(t, page_of(t, i), va, false);

        if (leaf)
            *leaf = 0;
    }
}

/* --- misses --------------------------------------------------------------- */

struct walk {
    pte_t *at[5]; /* the guest's entries on the way, by level */
    pte_t e[5];   /* as they were read */
    uint64_t rw;  /* PTE_RW if all allow it */
    uint64_t nx;  /* PTE_NX if one forbids */
};

/* True: va is mapped in the guest's tables. */
static bool walk_guest(struct walk *w, mfn_t root, uint64_t va)
{
    pte_t *table;

    w->rw = PTE_RW;
    w->nx = 0;
    for (unsigned int level = 4; level; level--) {
        table = mfn_to_virt(level == 4 ? root : pte_mfn(w->e[level + 1]));
        w->at[level] = &table[PT_INDEX(va, level)];
        w->e[level] = READ_ONCE(*w->at[level]);
        if (!(w->e[level] & PTE_PRESENT))
            return false;
        w->rw &= w->e[level];
        w->nx |= w->e[level] & PTE_NX;
    }
    return true;
}

/* As hardware does it. False: an entry has changed since it was read. */
static bool set_accessed_dirty(struct walk *w, bool write)
{
    for (unsigned int level = 4; level; level--) {
        pte_t old = w->e[level], new = old | PTE_ACCESSED;

        if (level == 1 && write)
            new |= PTE_DIRTY;
        if (new == old)
            continue;
        if (!atomic_cas(w->at[level], &old, new))
            return false;
        w->e[level] = new;
        log_dirty_frame(virt_to_mfn(w->at[level]));
    }
    return true;
}

/* The guest's entry e as it stands in the tree. */
static pte_t translate(const struct walk *w, pte_t e)
{
    pte_t copy = (e & ~(PTE_GLOBAL | PTE_RW)) | w->nx | PTE_DIRTY;

    if ((e & w->rw) && (e & PTE_DIRTY) && frame_is_dirty(pte_mfn(e)))
        copy |= PTE_RW;
    return copy;
}

/* The neighbours that hardware might have cached as well: they are accessed. */
static void fill_around(pte_t *leaf, struct walk *w, uint64_t va)
{
    unsigned int first = PT_INDEX(va, 1) & ~(AROUND - 1);
    pte_t *to = leaf - PT_INDEX(va, 1), *from = w->at[1] - PT_INDEX(va, 1);

    /* The rights of the levels above alone. */
    w->rw = w->e[4] & w->e[3] & w->e[2] & PTE_RW;
    w->nx = (w->e[4] | w->e[3] | w->e[2]) & PTE_NX;
    for (unsigned int i = first; i < first + AROUND; i++) {
        pte_t e = READ_ONCE(from[i]);

        if (!(to[i] & PTE_PRESENT) &&
            (e & (PTE_PRESENT | PTE_ACCESSED)) == (PTE_PRESENT | PTE_ACCESSED))
            to[i] = translate(w, e);
    }
}

/* For one way to a last-level entry. */
static void make_room(const struct vtlb *t)
{
    if (t->used > POOL_PAGES - WAY_PAGES)
        flush_local(0, FLUSH_TLB);
}

static void fill(struct vtlb *t, unsigned int root, struct walk *w, uint64_t va,
                 bool write)
{
    pte_t *leaf = leaf_of(t, page_of(t, root), va, true);

    if (write)
        log_dirty_frame(pte_mfn(w->e[1]));
    *leaf = translate(w, w->e[1]);
    fill_around(leaf, w, va);
    invlpg(va);
}

bool vtlb_fault(uint64_t va, uint32_t *error_code)
{
    struct vtlb *t = this_cpu(loaded);
    bool write = *error_code & PFEC_write, mapped;
    unsigned int root;
    struct walk w;
    mfn_t top;

    if (likely(!t) || !guest_addr_ok(va) || !is_canonical(va))
        return false;
    root = READ_CR(3) == cr3_of(t, USER_ROOT) ? USER_ROOT : KERNEL_ROOT;
    top = root == USER_ROOT ? current->arch.guest_root_user
                            : current->arch.guest_root;
    current->domain->arch.log->faults++;
    for (unsigned int i = 0; i < MAX_ATTEMPTS; i++) {
        make_room(t);
        mapped = walk_guest(&w, top, va);
        if (!mapped || (write && !w.rw) ||
            ((*error_code & PFEC_insn) && w.nx)) {
            *error_code &= ~PFEC_present;
            *error_code |= mapped ? PFEC_present : 0;
            return false;
        }
        if (set_accessed_dirty(&w, write)) {
            fill(t, root, &w, va, write);
            break;
        }
    }
    return true; /* or another vcpu keeps changing it: after interrupts */
}
