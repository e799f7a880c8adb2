/* SPDX-License-Identifier: MIT */
/*
 * Guest descriptor tables.
 *
 * GDT and LDT pages are guest frames of type descriptor: their entries have
 * been checked and the guest cannot write them. They are mapped into the vcpu's
 * window in slot 260, GDT pages at once, LDT pages when the CPU first looks for
 * an entry there. Entries change by update_descriptor only, and what may be in
 * one is decided in descriptor_check.c.
 */
#include <hv/lib.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <hv/page_alloc.h>
#include <asm/paging.h>
#include <asm/pv.h>
#include <asm/tlb.h>

#define LDT_PAGES        16
#define ENTRIES_PER_PAGE 512
#define HV_PTE_DESC      (HV_PTE_RW & ~PTE_GLOBAL) /* differs between domains */

static uint8_t no_descriptors[PAGE_SIZE] __section(".bss.page_aligned")
    __aligned(4096);

/* --- GDT ------------------------------------------------------------------ */

static pte_t empty_window_page(void)
{
    return pte_make(virt_to_mfn(no_descriptors), HV_PTE_RO & ~PTE_GLOBAL);
}

/* A new vcpu's window: no entries, and the CPU need not fault to see that. */
void pv_init_gdt_window(struct vcpu *v)
{
    for (unsigned int i = 0; i < FIRST_RESERVED_GDT_PAGE; i++)
        WRITE_ONCE(*perdomain_l1e(v, i), empty_window_page());
}

/* Maps the CPU's own page of entries into the window of the vcpu that runs on
 * it. */
void pv_map_cpu_gdt_page(struct vcpu *v)
{
    pte_t *slot = perdomain_l1e(v, FIRST_RESERVED_GDT_PAGE);
    pte_t entry = pte_make(virt_to_mfn(this_cpu_gdt_page()), HV_PTE_DESC);

    if (*slot == entry)
        return;
    WRITE_ONCE(*slot, entry);
    invlpg(GDT_VIRT_START(v) + FIRST_RESERVED_GDT_BYTE);
}

static void note_flat_segments(struct vcpu *v)
{
    v->arch.flat_user_segments =
        v->arch.gdt_ents > 6 &&
        gdt_has_flat_user_segments(mfn_to_virt(v->arch.gdt_frames[0]));
    pv_update_fast_paths(v);
}

static void put_gdt_frames(const mfn_t *frames, unsigned int n)
{
    while (n--)
        put_page_and_type(mfn_to_page(frames[n]));
}

/* What CPUs still have of the window is harmless: they flush before a frame has
 * another use, and pv_set_gdt() before the vcpu has another table. */
void pv_destroy_gdt(struct vcpu *v)
{
    unsigned int nr = DIV_ROUND_UP(v->arch.gdt_ents, ENTRIES_PER_PAGE);

    if (!nr)
        return;
    v->arch.gdt_ents = 0;
    note_flat_segments(v);
    for (unsigned int i = 0; i < nr; i++)
        WRITE_ONCE(*perdomain_l1e(v, i), empty_window_page());
    put_gdt_frames(v->arch.gdt_frames, nr);
}

int pv_set_gdt(struct vcpu *v, const unsigned long *frames, uint32_t entries)
{
    struct domain *d = v->domain;
    unsigned int nr = DIV_ROUND_UP(entries, ENTRIES_PER_PAGE);
    mfn_t taken[16];

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    for (unsigned int i = 0; i < nr; i++) {
        taken[i] = _mfn(frames[i]);
        if (!mfn_valid(taken[i]) ||
            get_page_and_type(mfn_to_page(taken[i]), d, PGT_descriptor)) {
            put_gdt_frames(taken, i);
            return -EINVAL;
        }
    }
    pv_destroy_gdt(v);
    for (unsigned int i = 0; i < nr; i++) {
        v->arch.gdt_frames[i] = taken[i];
        WRITE_ONCE(*perdomain_l1e(v, i), pte_make(taken[i], HV_PTE_DESC));
    }
    /* Idle CPUs that v has left may keep its root, and so old translations. */
    flush_mask(READ_ONCE(d->arch.dirty_cpumask), 0, FLUSH_TLB);
    v->arch.gdt_ents = entries;
    note_flat_segments(v);
    return 0;
}

long do_set_gdt(uint64_t frame_list, unsigned int entries)
{
    unsigned long frames[16];

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    if (copy_from_guest_raw(frames, frame_list,
                            DIV_ROUND_UP(entries, ENTRIES_PER_PAGE) *
                                sizeof(frames[0])))
        return -EFAULT;
    return pv_set_gdt(current, frames, entries);
}

/* --- LDT ------------------------------------------------------------------ */

/* The CPU's LDT register, by way of the descriptor in our GDT page. */
void load_ldt(struct vcpu *v)
{
    uint64_t *slot =
        this_cpu_gdt_page() + (LDT_SELECTOR - FIRST_RESERVED_GDT_BYTE) / 8;
    uint64_t base = LDT_VIRT_START(v);
    uint64_t limit = (uint64_t)v->arch.ldt_ents * 8 - 1;

    if (!v->arch.ldt_ents) {
        asm volatile("lldt %w0" ::"r"(0));
        return;
    }
    slot[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | 0x82ULL << 40 |
              ((limit >> 16) & 0xf) << 48 | ((base >> 24) & 0xff) << 56;
    slot[1] = base >> 32;
    asm volatile("lldt %w0" ::"r"(LDT_SELECTOR));
}

int pv_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries)
{
    if ((base & ~PAGE_MASK) || entries > LDT_PAGES * ENTRIES_PER_PAGE ||
        (entries && !guest_range_ok(base, entries * 8UL)))
        return -EINVAL;
    if (v->arch.ldt_ents || entries) {
        invalidate_ldt(v);
        v->arch.ldt_base = base;
        v->arch.ldt_ents = entries;
        if (v == current)
            load_ldt(v);
    }
    return 0;
}

/* --- one entry ------------------------------------------------------------ */

/* Entries 5 and 6 of the first page of some vcpu's GDT may have changed.
 * Another vcpu, which may run at any moment, takes the slow path from now on,
 * which is right with any segments, until it changes its table itself: its
 * arch.flags belong to its own CPU. */
static void recheck_flat_segments(struct domain *d, mfn_t mfn)
{
    struct vcpu *v;

    for_each_vcpu (d, v) {
        if (!v->arch.gdt_ents || !mfn_eq(v->arch.gdt_frames[0], mfn))
            continue;
        if (v == current) {
            note_flat_segments(v);
        } else {
            v->arch.flat_user_segments = false;
            WRITE_ONCE(v->arch.sysret_cs, 0);
        }
    }
}

long do_update_descriptor(uint64_t maddr, uint64_t desc)
{
    struct domain *d = current->domain;
    uint64_t *slot;
    struct page_info *pg;
    long rc = -EINVAL;
    uint32_t type;

    if ((maddr & 7) || maddr >> PADDR_BITS || !fixup_guest_descriptor(&desc))
        return -EINVAL;
    pg = get_page_from_mfn(_mfn(maddr >> PAGE_SHIFT), d);
    if (!pg)
        return -EINVAL;
    /* A table in use takes a checked entry; plain memory anything. */
    type = (READ_ONCE(pg->type) & PGT_type_mask) == PGT_descriptor &&
                   (READ_ONCE(pg->type) & PGT_count_mask)
               ? PGT_descriptor
               : PGT_writable;
    if (!get_page_type(pg, type)) {
        slot = (uint64_t *)((char *)page_to_virt(pg) + (maddr & ~PAGE_MASK));
        WRITE_ONCE(*slot, desc);
        log_dirty_frame(page_to_mfn(pg));
        put_page_type(pg);
        if (type == PGT_descriptor && (maddr & ~PAGE_MASK) < 7 * 8)
            recheck_flat_segments(d, page_to_mfn(pg));
        rc = 0;
    }
    put_page(pg);
    return rc;
}
