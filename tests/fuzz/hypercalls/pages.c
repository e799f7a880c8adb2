/* SPDX-License-Identifier: MIT */
/* Page tables and descriptor tables. */
#include "fuzz.h"

static uint64_t any_flush(struct cpu *c)
{
    static uint64_t masks[4] = {~0UL, 2, 0xf, 0};

    switch (below(c, 6)) {
    case 0:
        return UVMF_NONE;
    case 1:
        return UVMF_TLB_FLUSH | UVMF_ALL;
    case 2:
        return UVMF_INVLPG | UVMF_ALL;
    case 3:
        return odd(c, masks + below(c, 4)) | below(c, 4);
    case 4:
        return one_in(c, 8) ? rnd(c) : UVMF_TLB_FLUSH;
    default:
        return UVMF_INVLPG;
    }
}

/* The window's own mapping of a frame of the pool: as it is needed to fill a
 * table, or to use it. */
long window(struct cpu *c, unsigned int frame, uint64_t flags)
{
    return call(c, __HYPERVISOR_update_va_mapping,
                (uint64_t)frame_address(frame),
                flags ? frame_mfn(frame) * PAGE_SIZE | flags : 0,
                one_in(c, 8) ? UVMF_NONE : UVMF_INVLPG | UVMF_ALL, 0);
}

long op_window(struct cpu *c)
{
    static const uint64_t flags[] = {RW, RO, RO, 0};

    return window(c, any_frame(c), flags[below(c, 4)]);
}

long op_update_va(struct cpu *c)
{
    return call(c, __HYPERVISOR_update_va_mapping, any_address(c),
                any_entry(c, 1), any_flush(c), 0);
}

long op_update_other(struct cpu *c)
{
    return call(c, __HYPERVISOR_update_va_mapping_otherdomain, any_address(c),
                any_entry(c, 1), any_flush(c), any_domid(c));
}

long op_mmu_update(struct cpu *c)
{
    uint32_t n = one_in(c, 12) ? 200 : 1 + below(c, 4), count;
    struct mmu_update *u = arg(c, n * sizeof(*u));
    uint32_t *done = arg(c, 4);
    uint64_t foreign = one_in(c, 10) ? any_domid(c) : DOMID_SELF;

    for (uint32_t i = 0; i < n; i++) {
        unsigned int level;

        u[i].ptr = any_entry_maddr(c, &level);
        u[i].val = any_entry(c, level);
        if (one_in(c, 10)) {
            u[i].ptr |= below(c, 4);
            if ((u[i].ptr & 3) == MMU_MACHPHYS_UPDATE)
                u[i].val = pool_pfn + any_frame(c);
        }
    }
    if (one_in(c, 50))
        foreign |= (any_domid(c) + 1UL) << 16;
    count = one_in(c, 60) ? any_count(c, n) : n;
    return call(c, __HYPERVISOR_mmu_update, odd(c, u), count,
                one_in(c, 3) ? 0 : odd(c, done), foreign);
}

static void any_mmuext(struct cpu *c, struct mmuext_op *op)
{
    static const uint8_t usual[] = {
        MMUEXT_PIN_L1_TABLE,       MMUEXT_PIN_L2_TABLE,  MMUEXT_PIN_L3_TABLE,
        MMUEXT_PIN_L4_TABLE,       MMUEXT_UNPIN_TABLE,   MMUEXT_UNPIN_TABLE,
        MMUEXT_TLB_FLUSH_LOCAL,    MMUEXT_INVLPG_LOCAL,  MMUEXT_TLB_FLUSH_MULTI,
        MMUEXT_INVLPG_MULTI,       MMUEXT_TLB_FLUSH_ALL, MMUEXT_INVLPG_ALL,
        MMUEXT_FLUSH_CACHE,        MMUEXT_CLEAR_PAGE,    MMUEXT_COPY_PAGE,
        MMUEXT_FLUSH_CACHE_GLOBAL, MMUEXT_MARK_SUPER,    MMUEXT_UNMARK_SUPER,
    };

    op->cmd = usual[below(c, sizeof(usual))];
    if (one_in(c, 40))
        op->cmd = one_in(c, 2) ? below(c, 32) : rnd(c);
    if (op->cmd == MMUEXT_NEW_BASEPTR)
        op->cmd = MMUEXT_NEW_USER_BASEPTR; /* see op_roots() */
    op->arg1.mfn = any_mfn(c);
    if (op->cmd <= MMUEXT_PIN_L4_TABLE)
        op->arg1.mfn = frame_mfn(frame_for(c, op->cmd + 1));
    if (op->cmd >= MMUEXT_TLB_FLUSH_LOCAL && op->cmd <= MMUEXT_INVLPG_ALL)
        op->arg1.linear_addr = any_address(c);
    op->arg2.src_mfn = any_mfn(c);
    if (op->cmd == MMUEXT_TLB_FLUSH_MULTI || op->cmd == MMUEXT_INVLPG_MULTI) {
        uint64_t *mask = arg(c, 8);

        *mask = rnd(c);
        op->arg2.vcpumask.p = (void *)odd(c, mask);
    }
}

long op_mmuext(struct cpu *c)
{
    uint32_t n = one_in(c, 12) ? 60 : 1 + below(c, 4);
    struct mmuext_op *op = arg(c, n * sizeof(*op));
    uint32_t *done = arg(c, 4);

    for (uint32_t i = 0; i < n; i++)
        any_mmuext(c, op + i);
    return call(c, __HYPERVISOR_mmuext_op, odd(c, op),
                one_in(c, 60) ? any_count(c, n) : n,
                one_in(c, 3) ? 0 : odd(c, done),
                one_in(c, 10) ? any_domid(c) : DOMID_SELF);
}

long mmuext_mfn(struct cpu *c, unsigned int cmd, uint64_t mfn)
{
    struct mmuext_op *op = arg(c, sizeof(*op));

    op->cmd = cmd;
    op->arg1.mfn = mfn;
    return call(c, __HYPERVISOR_mmuext_op, (uint64_t)op, 1, 0, DOMID_SELF);
}

/* --- tables --------------------------------------------------------------- */

struct filling {
    uint64_t *table;
    unsigned int level, entries;
    bool keep; /* what it has already */
    struct cpu *c;
};

static long fill(void *arg)
{
    struct filling *f = arg;

    if (!f->keep)
        memset(f->table, 0, PAGE_SIZE);
    for (unsigned int i = 0; i < f->entries; i++)
        f->table[below(f->c, one_in(f->c, 10) ? 512 : 32)] =
            any_entry(f->c, f->level);
    if (f->level == 4 && !one_in(f->c, 4))
        for (unsigned int i = 272; i < 512; i++) /* it may live on it */
            f->table[i] = ((uint64_t *)start_info->pt_base)[i];
    return 0;
}

/* A frame becomes a table as a kernel makes one: filled, mapped read-only,
 * pinned; or used by the next entry that refers to it. */
long op_make_table(struct cpu *c)
{
    struct filling f = {.level = 1 + below(c, 4), .c = c};
    unsigned int frame = frame_for(c, f.level);
    long rc;

    f.table = frame_address(frame);
    f.entries = one_in(c, 8) ? 300 : below(c, 12);
    f.keep = one_in(c, 6);
    if (window(c, frame, RW) || attempt(fill, &f))
        return -1;
    rc = window(c, frame, RO);
    if (one_in(c, 3))
        return rc;
    return mmuext_mfn(c, MMUEXT_PIN_L1_TABLE + f.level - 1, frame_mfn(frame));
}

long op_pin(struct cpu *c)
{
    unsigned int level = 1 + below(c, 4), frame = frame_for(c, level);

    if (one_in(c, 2))
        window(c, frame, RO);
    return mmuext_mfn(c, MMUEXT_PIN_L1_TABLE + level - 1, frame_mfn(frame));
}

long op_unpin(struct cpu *c)
{
    return mmuext_mfn(c, MMUEXT_UNPIN_TABLE,
                      frame_mfn(frame_for(c, 1 + below(c, 4))));
}

/* The kernel's root is one on which the guest can go on, nearly always. */
long op_roots(struct cpu *c)
{
    uint64_t mfn = frame_mfn(frame_for(c, 4));

    if (one_in(c, 2))
        return mmuext_mfn(c, MMUEXT_NEW_USER_BASEPTR,
                          one_in(c, 3) ? user_root / PAGE_SIZE : mfn);
    return mmuext_mfn(c, MMUEXT_NEW_BASEPTR,
                      one_in(c, 30)
                          ? mfn
                          : (one_in(c, 2) ? real_root : user_root) / PAGE_SIZE);
}

/* --- loads and stores ----------------------------------------------------- */

struct store {
    void *p;
    uint64_t v, old;
    unsigned int kind;
};

static long store(void *arg)
{
    struct store *s = arg;
    uint64_t old = s->old;
    volatile uint64_t *p = s->p;

    switch (s->kind) {
    case 0:
        *p = s->v;
        break;
    case 1:
        *(volatile uint32_t *)p = s->v;
        break;
    case 2:
        *(volatile uint8_t *)p = s->v;
        break;
    case 3:
        asm volatile("xchg %0, %1" : "+r"(s->v), "+m"(*p));
        break;
    case 4:
        asm volatile("lock cmpxchg %2, %1" : "+a"(old), "+m"(*p) : "r"(s->v));
        break;
    case 5:
        asm volatile("lock orq %1, %0" : "+m"(*p) : "r"(s->v));
        break;
    case 6:
        asm volatile("lock andq %1, %0" : "+m"(*p) : "r"(s->v));
        break;
    case 7:
        asm volatile("btsq $1, %0" : "+m"(*p));
        break;
    case 8:
        asm volatile("lock btrq $0, %0" : "+m"(*p));
        break;
    case 9:
        asm volatile("addq %1, %0" : "+m"(*p) : "r"(s->v));
        break;
    case 10:
        asm volatile("movq $0, %0" : "=m"(*p));
        break;
    case 11:
        asm volatile("incq %0" : "+m"(*p));
        break;
    default:
        asm volatile("notq %0" : "+m"(*p));
        break;
    }
    return 0;
}

static long load(void *p)
{
    (void)*(volatile uint64_t *)p;
    return 0;
}

/* Into what may be a table: the hypervisor carries it out if it is an L1. */
long op_store(struct cpu *c)
{
    struct store s = {.v = any_entry(c, 1), .kind = below(c, 13)};
    unsigned int frame = frame_for(c, one_in(c, 4) ? below(c, 5) : 1);
    uint64_t *entry = (uint64_t *)frame_address(frame) + below(c, 24);

    if (one_in(c, 4))
        window(c, frame, RO);
    s.p = (uint8_t *)entry + (one_in(c, 6) ? below(c, 8) : 0);
    if (s.kind == 4 && attempt(load, entry) == 0)
        s.old = *(volatile uint64_t *)entry;
    return attempt(store, &s);
}

long op_touch(struct cpu *c)
{
    struct store s = {.v = rnd(c), .kind = below(c, 3)};

    s.p = (void *)any_address(c);
    return one_in(c, 2) ? attempt(load, s.p) : attempt(store, &s);
}

/* --- descriptor tables ---------------------------------------------------- */

static uint64_t any_descriptor(struct cpu *c)
{
    static const uint64_t usual[] = {
        0,
        0x00cf9a000000ffff,
        0x00cf92000000ffff,
        0x00affa000000ffff,
        0x00cff2000000ffff,
        0x00cffa000000ffff,
        0x00008b0000000067,
        0x0000ec0000000000,
    };

    return one_in(c, 3) ? rnd(c) : usual[below(c, 8)];
}

static long fill_descriptors(void *arg)
{
    struct filling *f = arg;

    memset(f->table, 0, PAGE_SIZE);
    for (unsigned int i = 0; i < f->entries; i++)
        f->table[below(f->c, 512)] = any_descriptor(f->c);
    return 0;
}

long op_set_gdt(struct cpu *c)
{
    uint64_t *frames = arg(c, 16 * 8);
    unsigned int n = one_in(c, 6) ? 14 : below(c, 3);
    struct filling f = {.entries = below(c, 3), .c = c};

    for (unsigned int i = 0; i < 16; i++) {
        unsigned int frame = frame_for(c, 0);

        if (i < n && !one_in(c, 4)) {
            f.table = frame_address(frame);
            if (!window(c, frame, RW))
                attempt(fill_descriptors, &f);
            window(c, frame, RO);
        }
        frames[i] = one_in(c, 20) ? any_mfn(c) : frame_mfn(frame);
    }
    return call(c, __HYPERVISOR_set_gdt, odd(c, frames),
                one_in(c, 20) ? any_count(c, 7168) : n * 512, 0, 0);
}

long op_descriptor(struct cpu *c)
{
    return call(c, __HYPERVISOR_update_descriptor,
                any_mfn(c) * PAGE_SIZE + below(c, 512) * 8 +
                    (one_in(c, 20) ? below(c, 8) : 0),
                any_descriptor(c), 0, 0);
}

long op_ldt(struct cpu *c)
{
    struct mmuext_op *op = arg(c, sizeof(*op));

    op->cmd = MMUEXT_SET_LDT;
    op->arg1.linear_addr = any_address(c);
    op->arg2.nr_ents = one_in(c, 10) ? rnd(c) : below(c, 8193);
    return call(c, __HYPERVISOR_mmuext_op, (uint64_t)op, 1, 0, DOMID_SELF);
}
