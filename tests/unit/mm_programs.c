/* SPDX-License-Identifier: MIT */
/*
 * Random hypercall programs for the memory core: pins, updates, roots, trapped
 * writes, memory operations, foreign maps, grants, and the death of domains,
 * with arguments that are sensible often enough to get somewhere.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include "mm_programs.h"
#include <xen/grant_table.h>
#include <xen/memory.h>

__thread int program_vcpu = -1;

static unsigned int below(unsigned int n)
{
    return world_rnd() % n;
}

static bool chance(unsigned int percent)
{
    return below(100) < percent;
}

/* --- picking things ------------------------------------------------------- */

static unsigned int any_slot(void)
{
    return world_slots[below(NR_WORLD_SLOTS)];
}

/* A frame of d whose type word has the bits want under mask; or any number. */
static unsigned long frame_of(const struct domain *d, uint32_t mask,
                              uint32_t want)
{
    unsigned int start = below(WORLD_FRAMES);

    for (unsigned int i = 0; i < WORLD_FRAMES; i++) {
        unsigned int f = (start + i) % WORLD_FRAMES;

        if (frame_table[f].owner == d->id &&
            (frame_table[f].type & mask) == want)
            return f;
    }
    return below(WORLD_FRAMES + 8);
}

static unsigned long some_frame(const struct domain *d)
{
    if (chance(5))
        return below(WORLD_FRAMES + 8);
    return frame_of(d, 0, 0);
}

static unsigned long table_of(const struct domain *d, unsigned int level)
{
    return frame_of(d, PGT_type_mask | PGT_validated,
                    table_type(level) | PGT_validated);
}

static pte_t some_flags(void)
{
    pte_t e = 0;

    if (chance(85))
        e |= PTE_PRESENT;
    if (chance(50))
        e |= PTE_RW;
    if (chance(50))
        e |= PTE_USER;
    if (chance(40))
        e |= PTE_ACCESSED | PTE_DIRTY;
    if (chance(20))
        e |= PTE_NX;
    if (chance(3))
        e |= 1ul << below(12);
    if (chance(2))
        e |= 1ul << (40 + below(24));
    return e;
}

static pte_t some_entry(const struct domain *d)
{
    unsigned long f;

    if (chance(25))
        return 0;
    f = chance(60) ? table_of(d, 1 + below(3)) : some_frame(d);
    return pte_make(_mfn(f), some_flags());
}

static uint64_t some_va(void)
{
    uint64_t va = 0;

    for (unsigned int level = 1; level <= 4; level++)
        va |= (uint64_t)any_slot() << PT_SHIFT(level);
    return (int64_t)(va << 16) >> 16;
}

/* --- calls ---------------------------------------------------------------- */

static struct domain *me(void)
{
    return current->domain;
}

static long mmu_update(uint64_t ptr, uint64_t val, uint32_t foreign)
{
    struct mmu_update req = {ptr, val};
    uint32_t done = 0;

    return world_call(__HYPERVISOR_mmu_update, (uint64_t)&req, 1,
                      (uint64_t)&done, foreign);
}

static long mmuext(unsigned int cmd, unsigned long mfn, domid_t id)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = mfn};
    uint32_t done = 0;

    return world_call(__HYPERVISOR_mmuext_op, (uint64_t)&op, 1, (uint64_t)&done,
                      id);
}

static void op_update(void)
{
    unsigned long t =
        chance(70) ? table_of(me(), 1 + below(4)) : some_frame(me());
    uint64_t ptr = t << PAGE_SHIFT | any_slot() * 8;
    pte_t e = some_entry(me());

    if (chance(10))
        ptr |= below(4);
    if (chance(10)) /* what only a root may do, and not to write */
        e = pte_make(_mfn(t), some_flags());
    mmu_update(ptr, e, DOMID_SELF);
}

static void op_batch(void)
{
    struct mmu_update req[12];
    uint32_t done = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(req); i++) {
        req[i].ptr = table_of(me(), 1 + below(4)) << PAGE_SHIFT |
                     any_slot() * 8 | (chance(30) ? 2 : 0);
        req[i].val = some_entry(me());
    }
    world_call(__HYPERVISOR_mmu_update, (uint64_t)req, ARRAY_SIZE(req),
               (uint64_t)&done, DOMID_SELF);
    assert_true(done <= ARRAY_SIZE(req));
}

static void op_pin(void)
{
    mmuext(MMUEXT_PIN_L1_TABLE + below(4), some_frame(me()), DOMID_SELF);
}

static void op_unpin(void)
{
    unsigned long f = frame_of(me(), PGT_pinned, PGT_pinned);

    mmuext(MMUEXT_UNPIN_TABLE, f, DOMID_SELF);
}

static void op_root(void)
{
    unsigned long f = chance(90) ? table_of(me(), 4) : some_frame(me());

    mmuext(chance(50) ? MMUEXT_NEW_BASEPTR : MMUEXT_NEW_USER_BASEPTR,
           chance(10) ? 0 : f, DOMID_SELF);
}

static void op_root_pair(void)
{
    struct mmuext_op ops[2] = {
        {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = table_of(me(), 4)},
        {.cmd = MMUEXT_NEW_USER_BASEPTR,
         .arg1.mfn = chance(20) ? 0 : table_of(me(), 4)},
    };
    uint32_t done = 0;

    world_call(__HYPERVISOR_mmuext_op, (uint64_t)ops, 2, (uint64_t)&done,
               DOMID_SELF);
}

static void op_va(void)
{
    world_call(__HYPERVISOR_update_va_mapping, some_va(), some_entry(me()),
               below(8), 0);
}

static void op_page(void)
{
    struct mmuext_op op = {.cmd = chance(50) ? MMUEXT_CLEAR_PAGE
                                             : MMUEXT_COPY_PAGE,
                           .arg1.mfn = some_frame(me()),
                           .arg2.src_mfn = some_frame(me())};
    uint32_t done = 0;

    world_call(__HYPERVISOR_mmuext_op, (uint64_t)&op, 1, (uint64_t)&done,
               DOMID_SELF);
}

/* A whole tree of fresh pages, the way a kernel makes a process. */
static void op_tree(void)
{
    unsigned long f[4], slot = any_slot();

    for (unsigned int i = 0; i < 4; i++) {
        f[i] = frame_of(me(), ~0u & ~PGT_was_table, PGT_none);
        if (mmuext(MMUEXT_CLEAR_PAGE, f[i], DOMID_SELF))
            return;
    }
    for (unsigned int n = 0; n < 4; n++)
        mmu_update(f[0] << PAGE_SHIFT | any_slot() * 8,
                   pte_make(_mfn(frame_of(me(), PGT_type_mask, PGT_none)),
                            PTE_PRESENT | (chance(70) ? PTE_RW : 0)),
                   DOMID_SELF);
    for (unsigned int i = 1; i < 4; i++) {
        mmu_update(f[i] << PAGE_SHIFT | slot * 8,
                   pte_make(_mfn(f[i - 1]), PTE_PRESENT | PTE_RW | PTE_USER),
                   DOMID_SELF);
        slot = world_slots[below(6)];
    }
    mmuext(MMUEXT_PIN_L4_TABLE, f[3], DOMID_SELF);
}

static void op_trapped_write(void)
{
    static const uint8_t code[][5] = {
        {0x48, 0x87, 0x03},             /* xchg */
        {0x48, 0x89, 0x03},             /* mov */
        {0x3e, 0x80, 0x23, 0xfd},       /* ds and byte, ~2 */
        {0xf0, 0x48, 0x0f, 0xb1, 0x0b}, /* lock cmpxchg, rcx */
    };
    uint8_t insn[16];
    struct cpu_regs regs = {.rip = (uint64_t)insn};
    uint64_t va = some_va();

    memset(insn, 0x90, sizeof(insn));
    memcpy(insn, code[below(4)], 5);
    regs.rax = regs.rcx = some_entry(me());
    ptwr_do_page_fault(current, va, &regs);
}

static void op_memory(void)
{
    xen_pfn_t list[8];
    struct xen_memory_reservation r = {
        .nr_extents = 1 + below(8),
        .domid = chance(80) ? DOMID_SELF : below(WORLD_DOMAINS)};

    set_xen_guest_handle(r.extent_start, list);
    for (unsigned int i = 0; i < 8; i++)
        list[i] = some_frame(me());
    r.extent_order = chance(80) ? 0 : below(4);
    world_call(__HYPERVISOR_memory_op,
               chance(50) ? XENMEM_decrease_reservation
                          : XENMEM_populate_physmap,
               (uint64_t)&r, 0, 0);
}

static void op_exchange(void)
{
    xen_pfn_t in[8], out[8];
    struct xen_memory_exchange x = {
        .in = {.nr_extents = 8, .domid = DOMID_SELF},
        .out = {.nr_extents = 1, .extent_order = 3, .domid = DOMID_SELF}};

    if (chance(30)) {
        x.in.nr_extents = 1;
        x.in.extent_order = 3;
        x.out.nr_extents = 8;
        x.out.extent_order = 0;
    }
    if (chance(30))
        x.out.mem_flags = XENMEMF_address_bits(18 + below(6));
    set_xen_guest_handle(x.in.extent_start, in);
    set_xen_guest_handle(x.out.extent_start, out);
    in[0] = frame_of(me(), PGT_type_mask | PGT_count_mask, PGT_none);
    for (unsigned int i = 0; i < 8; i++) {
        if (i)
            in[i] = chance(50) ? in[0] + i
                               : frame_of(me(), PGT_type_mask, PGT_none);
        out[i] = below(1000);
    }
    world_call(__HYPERVISOR_memory_op, XENMEM_exchange, (uint64_t)&x, 0, 0);
}

/* The privileged domain maps frames of others, and edits tables of others. */
static void op_foreign(void)
{
    struct domain *d = world_domain[below(WORLD_DOMAINS)];

    if (!d)
        return;
    if (chance(60))
        mmu_update(table_of(me(), 1) << PAGE_SHIFT | any_slot() * 8,
                   some_entry(d), d->id);
    else if (chance(50))
        mmu_update(table_of(d, 1 + below(4)) << PAGE_SHIFT | any_slot() * 8,
                   some_entry(d), (d->id + 1u) << 16 | d->id);
    else
        mmuext(chance(50) ? MMUEXT_PIN_L1_TABLE + below(4) : MMUEXT_UNPIN_TABLE,
               some_frame(d), d->id);
    if (chance(20))
        mmu_update(table_of(me(), 1) << PAGE_SHIFT | any_slot() * 8,
                   some_entry(d), DOMID_IO);
    if (chance(20))
        mmu_update(table_of(me(), 1) << PAGE_SHIFT | any_slot() * 8,
                   some_entry(d), DOMID_XEN);
}

static void op_grant(void)
{
    struct domain *d = world_domain[below(WORLD_DOMAINS)];
    unsigned long f;
    uint64_t addr;
    unsigned int flags = (chance(50) ? GNTMAP_readonly : 0) |
                         (chance(50) ? GNTMAP_application_map : 0);

    if (!d)
        return;
    f = frame_of(d, 0, 0);
    if (!mfn_valid(_mfn(f)) || !get_page(mfn_to_page(_mfn(f)), d))
        return;
    addr = some_va();
    if (chance(60)) {
        flags |= GNTMAP_contains_pte;
        addr = table_of(me(), 1) << PAGE_SHIFT | any_slot() * 8;
    }
    if (chance(60))
        create_grant_host_mapping(addr, _mfn(f), flags);
    else
        replace_grant_host_mapping(addr, _mfn(f), chance(30) ? some_va() : 0,
                                   flags);
    put_page(mfn_to_page(_mfn(f)));
}

static void op_switch(void)
{
    struct domain *d = world_domain[below(WORLD_DOMAINS)];

    if (!d || d->is_dying)
        return;
    if (program_vcpu >= 0)
        world_run(program_vcpu, d->vcpu[program_vcpu]);
    else
        world_run(below(WORLD_CPUS), d->vcpu[below(WORLD_VCPUS)]);
}

static void op_descriptor(void)
{
    unsigned long f = some_frame(me());
    struct page_info *pg = mfn_to_page(_mfn(f));

    if (!mfn_valid(_mfn(f)) || get_page_and_type(pg, me(), PGT_descriptor))
        return;
    if (program_vcpu < 0)
        world_note_tlbs();
    assert_int_equal(pg->type & PGT_type_mask, PGT_descriptor);
    put_page_and_type(pg);
}

void program_populate(struct domain *d, unsigned int n)
{
    while (n--)
        if (!alloc_domheap_pages(d, 0, 0))
            break;
}

static void op_kill(void)
{
    domid_t id = 1 + below(WORLD_DOMAINS - 1);
    struct domain *d = world_domain[id];

    if (program_vcpu >= 0 || !chance(3))
        return;
    world_run(0, world_domain[0]->vcpu[0]);
    if (d && !d->is_dying)
        world_kill_domain(id);
    if (!world_domain[id])
        program_populate(world_create_domain(id, 120), 90);
}

static const struct {
    void (*op)(void);
    unsigned int weight;
} ops[] = {{op_update, 30},  {op_batch, 10},
           {op_pin, 8},      {op_unpin, 9},
           {op_root, 6},     {op_root_pair, 4},
           {op_va, 10},      {op_page, 5},
           {op_tree, 12},    {op_trapped_write, 10},
           {op_memory, 6},   {op_exchange, 4},
           {op_foreign, 12}, {op_grant, 10},
           {op_switch, 6},   {op_descriptor, 3},
           {op_kill, 4}};

void program_step(void)
{
    unsigned int total = 0, pick;

    for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++)
        total += ops[i].weight;
    pick = below(total);
    for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
        if (pick < ops[i].weight) {
            ops[i].op();
            return;
        }
        pick -= ops[i].weight;
    }
}
