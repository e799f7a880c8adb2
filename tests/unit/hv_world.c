/* SPDX-License-Identifier: MIT */
/*
 * The machine under the memory core, in a process: what the rest of the
 * hypervisor would provide, reduced to what the core asks of it, plus a model
 * of the TLBs.
 *
 * The TLB model remembers for each frame which CPUs may hold a translation
 * that can write to it (and which may walk through it as a table). Everything
 * that is mapped at the end of an operation may have been cached by any CPU
 * that has the domain's root loaded; only a flush of that CPU forgets it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "hv_world.h"
#include <hv/grant_table.h>
#include <hv/memory.h>
#include <hv/smp.h>
#include <asm/e820.h>
#include <asm/guest_tables.h>
#include <asm/log_dirty.h>
#include <asm/paging.h>
#include <asm/pv.h>
#include <asm/tlb.h>

struct domain *world_domain[WORLD_DOMAINS];
__thread struct cpu_info test_cpu;
__thread unsigned int world_preempt, world_abandon, world_fail_copy;
unsigned long world_checks, world_flushes, world_cache_flushes,
    world_root_flushes, world_roots_lost;
static __thread uint64_t rnd_state = 88172645463325252ull;
static bool quiet;

const unsigned int world_slots[NR_WORLD_SLOTS] = {0,   1,   8,   15,  16,  17,
                                                  255, 256, 260, 271, 272, 511};

/* --- randomness ----------------------------------------------------------- */

void world_seed(uint64_t seed)
{
    rnd_state = seed * 0x9e3779b97f4a7c15ull + 1;
}

uint64_t world_rnd(void)
{
    rnd_state ^= rnd_state << 13;
    rnd_state ^= rnd_state >> 7;
    rnd_state ^= rnd_state << 17;
    return rnd_state * 0x2545f4914f6cdd1dull >> 16;
}

/* --- output --------------------------------------------------------------- */

void world_quiet(bool q)
{
    quiet = q;
}

void vprintk(const char *fmt, va_list ap)
{
    if (!quiet) {
        fputs("# ", stdout);
        vprintf(fmt, ap);
    }
}

void printk(const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    vprintk(fmt, ap);
    va_end(ap);
}

noreturn void bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

noreturn void panic(const char *fmt, ...)
{
    fprintf(stderr, "panic: %s\n", fmt);
    abort();
}

/* --- CPUs and their TLBs -------------------------------------------------- */

cpumask_t cpu_online_map = {(1ull << WORLD_CPUS) - 1};
struct cpuinfo boot_cpu = {.phys_bits = 40};
struct vcpu *idle_vcpu[NR_CPUS];
static uint64_t clock_now = 1, flushed_at[WORLD_CPUS];
static uint64_t may_write[WORLD_FRAMES], may_walk[WORLD_FRAMES];
static uint32_t loaded[WORLD_CPUS]; /* domid + 1 */
static uint64_t loaded_cr3[WORLD_CPUS];

void world_pass_time(uint64_t ticks)
{
    atomic_add(&clock_now, ticks);
}

void (*world_at_clock)(void);
uint32_t tlb_clock_now(void)
{
    void (*other)(void) = world_at_clock;

    if (other) {
        world_at_clock = NULL;
        other();
    }
    return atomic_load(&clock_now);
}

uint64_t tlb_filter(uint64_t cpumask, uint32_t stamp)
{
    uint64_t now = atomic_load(&clock_now), stale = 0;
    uint64_t when = now - (uint32_t)((uint32_t)now - stamp);

    for (unsigned int c = 0; c < WORLD_CPUS; c++)
        if ((cpumask >> c & 1) && atomic_load(&flushed_at[c]) <= when)
            stale |= 1ull << c;
    return stale;
}

static void flush_cpu(unsigned int cpu)
{
    uint64_t tick = atomic_inc(&clock_now);

    atomic_inc(&world_flushes);
    for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
        atomic_and(&may_write[f], ~(1ull << cpu));
        atomic_and(&may_walk[f], ~(1ull << cpu));
    }
    atomic_store(&flushed_at[cpu], tick);
}

void flush_mask(uint64_t cpumask, unsigned long va, unsigned int flags)
{
    if (flags & FLUSH_ROOT)
        world_root_flushes++;
    if (flags & (FLUSH_TLB | FLUSH_TLB_GLOBAL))
        for (unsigned int c = 0; c < WORLD_CPUS; c++)
            if (cpumask >> c & 1)
                flush_cpu(c);
}

void (*world_while_waiting)(void);
void (*world_at_check)(void);
void flush_while_waiting(void)
{
    if (world_while_waiting)
        world_while_waiting();
}

void flush_local(unsigned long va, unsigned int flags)
{
    flush_mask(1ull << test_cpu.cpu, va, flags);
}

void flush_cache_frame(mfn_t mfn)
{
    world_cache_flushes++;
}

static bool is_root(uint64_t cr3)
{
    uint32_t type = READ_ONCE(frame_table[cr3 >> PAGE_SHIFT].type);

    return (type & PGT_type_mask) == PGT_l4_table && (type & PGT_count_mask);
}

void root_load(uint64_t cr3, struct domain *d)
{
    unsigned int cpu = test_cpu.cpu;
    uint32_t root = d ? d->id + 1 : 0, before = loaded[cpu];

    if (loaded_cr3[cpu] && !is_root(loaded_cr3[cpu]))
        world_roots_lost++;
    loaded_cr3[cpu] = cr3;
    if (d)
        atomic_or(&d->arch.dirty_cpumask, 1ull << cpu);
    flush_cpu(cpu);
    loaded[cpu] = root;
    if (before && before != root && (d = domain_by_owner_id(before - 1)))
        atomic_and(&d->arch.dirty_cpumask, ~(1ull << cpu));
}

/* No domain is logged here. */
uint32_t nr_logged_domains;
void log_dirty_frame_slow(mfn_t mfn)
{
}

uint64_t vtlb_user_cr3(const struct vcpu *v)
{
    return 0;
}

void on_selected_cpus(cpumask_t mask, void (*fn)(void *data), void *data)
{
}

void lock_order_acquire(spinlock_t *l)
{
}

void lock_order_acquired_by_try(spinlock_t *l)
{
}

void lock_order_release(spinlock_t *l)
{
}

/* By whom is not known here: that somebody holds it is tested. */
bool lock_is_held(const spinlock_t *l)
{
    return READ_ONCE(l->head) != READ_ONCE(l->tail);
}

void assert_no_irq_locks(void)
{
}

/* --- domains -------------------------------------------------------------- */

struct domain *domain_list, *hardware_domain, *idle_domain;
static struct domain special[2] = {
    {.id = DOMID_XEN, .is_special = true, .refcnt = 1},
    {.id = DOMID_IO, .is_special = true, .refcnt = 1}};
struct domain *dom_xen = &special[0], *dom_io = &special[1];

struct domain *domain_by_owner_id(domid_t id)
{
    if (id == DOMID_XEN)
        return dom_xen;
    if (id == DOMID_IO)
        return dom_io;
    return id < WORLD_DOMAINS ? world_domain[id] : NULL;
}

static void relink(void)
{
    domain_list = NULL;
    for (int i = WORLD_DOMAINS - 1; i >= 0; i--)
        if (world_domain[i]) {
            world_domain[i]->next_in_list = domain_list;
            domain_list = world_domain[i];
        }
}

bool get_domain(struct domain *d)
{
    atomic_inc(&d->refcnt);
    return true;
}

static struct domain *graveyard;

void put_domain(struct domain *d)
{
    if (atomic_dec(&d->refcnt))
        return;
    BUG_ON(d->owned_frames);
    world_domain[d->id] = NULL;
    relink();
    d->next_in_list = graveyard;
    graveyard = d;
}

/* Between two operations no code holds a pointer to a domain that is gone. */
static void bury(void)
{
    while (graveyard) {
        struct domain *d = graveyard;

        graveyard = d->next_in_list;
        for (unsigned int i = 0; i < WORLD_VCPUS; i++)
            free(d->vcpu[i]);
        free(d->vcpu);
        free(d);
    }
}

struct domain *get_domain_by_id(domid_t id)
{
    struct domain *d = domain_by_owner_id(id);

    if (d)
        get_domain(d);
    return d;
}

struct domain *get_domain_by_any_id(domid_t id)
{
    return get_domain_by_id(id == DOMID_SELF ? current->domain->id : id);
}

struct domain *world_create_domain(domid_t id, uint64_t max_pages)
{
    struct domain *d = calloc(1, sizeof(*d));

    d->id = id;
    d->is_privileged = id == 0;
    d->refcnt = 1;
    d->max_pages = max_pages;
    d->vm_assist = ~0UL;
    d->max_vcpus = WORLD_VCPUS;
    d->vcpu = calloc(WORLD_VCPUS, sizeof(*d->vcpu));
    for (unsigned int i = 0; i < WORLD_VCPUS; i++) {
        struct vcpu *v = d->vcpu[i] = calloc(1, sizeof(*v));

        v->domain = d;
        v->vcpu_id = i;
        v->arch.guest_root = v->arch.guest_root_user = INVALID_MFN;
        v->vcpu_info_mfn = INVALID_MFN;
    }
    world_domain[id] = d;
    if (id == 0)
        hardware_domain = d;
    relink();
    return d;
}

bool world_kill_domain(domid_t id)
{
    struct domain *d = world_domain[id];
    bool gone;

    d->is_dying = DOMDYING_dying;
    for (unsigned int c = 0; c < WORLD_CPUS; c++)
        if (loaded[c] == id + 1u) {
            flush_cpu(c);
            loaded[c] = 0;
        }
    d->arch.dirty_cpumask = 0;
    for (unsigned int i = 0; i < WORLD_VCPUS; i++)
        while (exchange_finish(d->vcpu[i]) ||
               vcpu_destroy_pagetables(d->vcpu[i]))
            ;
    while (relinquish_memory(d))
        ;
    domain_set_outstanding_pages(d, 0);
    gone = d->owned_frames == 0;
    put_domain(d);
    return gone;
}

void world_run(unsigned int cpu, struct vcpu *v)
{
    test_cpu.cpu = cpu;
    test_cpu.current_vcpu = v;
    v->processor = cpu;
    root_load(v->arch.cr3_kernel, v->domain);
}

void vcpu_pause(struct vcpu *v)
{
}

void vcpu_unpause(struct vcpu *v)
{
}

/* --- guest memory: the process's own -------------------------------------- */

void (*world_at_copy)(uint64_t guest);
static bool copy_fails(uint64_t guest)
{
    if (world_at_copy)
        world_at_copy(guest);
    return world_fail_copy && --world_fail_copy == 0;
}

size_t copy_to_guest_raw(uint64_t to, const void *from, size_t n)
{
    if (copy_fails(to) || !to)
        return n;
    memcpy((void *)to, from, n);
    return 0;
}

size_t copy_from_guest_raw(void *to, uint64_t from, size_t n)
{
    if (copy_fails(from) || !from)
        return n;
    memcpy(to, (const void *)from, n);
    return 0;
}

/* --- hypercalls ----------------------------------------------------------- */

static __thread struct {
    bool set;
    unsigned long a[6];
} again;

bool hypercall_preempt_check(void)
{
    void (*other)(void) = world_at_check;

    atomic_inc(&world_checks);
    if (other) {
        world_at_check = NULL;
        other();
    }
    return world_preempt && world_rnd() % 1000 < world_preempt;
}

void hypercall_set_arg(unsigned int n, uint64_t value)
{
    again.a[n] = value;
}

long hypercall_again(unsigned int nr)
{
    again.set = true;
    return nr;
}

static long call(unsigned int nr, const unsigned long *a)
{
    switch (nr) {
    case __HYPERVISOR_mmu_update:
        return do_mmu_update(a[0], a[1], a[2], a[3]);
    case __HYPERVISOR_mmuext_op:
        return do_mmuext_op(a[0], a[1], a[2], a[3]);
    case __HYPERVISOR_update_va_mapping:
        return do_update_va_mapping(a[0], a[1], a[2]);
    case __HYPERVISOR_memory_op:
        return do_memory_op(a[0], a[1]);
    default:
        return -ENOSYS;
    }
}

long world_call(unsigned int nr, unsigned long a0, unsigned long a1,
                unsigned long a2, unsigned long a3)
{
    long rc;

    again.a[0] = a0;
    again.a[1] = a1;
    again.a[2] = a2;
    again.a[3] = a3;
    do {
        again.set = false;
        rc = call(nr, again.a);
        if (again.set && world_abandon && world_rnd() % 1000 < world_abandon)
            return -ERESTART;
    } while (again.set);
    return rc;
}

/* --- the rest of the hypervisor ------------------------------------------- */

unsigned long max_page = WORLD_FRAMES;
unsigned long xen_phys_start;
pte_t *idle_root;
struct e820map hv_e820;

int gnttab_get_shared_frame(struct domain *d, unsigned long idx, mfn_t *mfn)
{
    return -ENOMEM;
}

mfn_t m2p_chunk(unsigned long i)
{
    return INVALID_MFN;
}

int pv_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries)
{
    return 0;
}

bool fixup_guest_descriptor(uint64_t *desc)
{
    return !(*desc & 1);
}

pte_t *perdomain_l1e(struct vcpu *v, unsigned int page)
{
    return NULL;
}

void init_xen_l4_slots(pte_t *l4, const struct domain *d)
{
    memcpy(&l4[ROOT_SLOT_FIRST], &idle_root[ROOT_SLOT_FIRST],
           (ROOT_SLOT_LAST + 1 - ROOT_SLOT_FIRST) * sizeof(*l4));
}

static void map_area(unsigned long at, size_t size)
{
    void *p = mmap((void *)at, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

    BUG_ON(p != (void *)at);
}

/* Once: afterwards the allocator has everything whenever no domain lives. */
void world_init(void)
{
    static bool done;

    test_cpu.cpu = 0;
    if (done)
        return;
    done = true;
    map_area(DIRECTMAP_VIRT_START, WORLD_FRAMES * PAGE_SIZE);
    map_area(FRAMETABLE_VIRT_START, WORLD_FRAMES * sizeof(struct page_info));
    map_area(RDWR_MPT_VIRT_START, WORLD_FRAMES * 8);
    for (unsigned int f = 0; f < WORLD_FRAMES; f++)
        frame_table[f] = (struct page_info){
            .type = PGT_none | 1,
            .count = PGC_allocated | PGC_xenheap | 1,
            .owner = f >= HOLE_FIRST && f <= HOLE_LAST ? DOMID_IO : DOMID_IDLE};
    page_alloc_init();
    idle_root = maddr_to_virt(PAGE_SIZE);
    for (unsigned int i = ROOT_SLOT_FIRST; i <= ROOT_SLOT_LAST; i++)
        idle_root[i] = 0x1000 * i | PTE_PRESENT | PTE_USER;
    init_heap_pages(8 * PAGE_SIZE, HOLE_FIRST * PAGE_SIZE);
    init_heap_pages((HOLE_LAST + 1) * PAGE_SIZE, WORLD_FRAMES * PAGE_SIZE);
    heap_init_done();
}

/* --- verification --------------------------------------------------------- */

static struct {
    uint32_t general, type;
} expect[WORLD_FRAMES];
static unsigned long errors;

static void complain(unsigned int f, const char *what, unsigned long detail)
{
    const struct page_info *pg = frame_table + f;

    if (++errors <= 10)
        printf("# frame %u type %08x count %08x owner %u resume %x: %s %lx\n",
               f, pg->type, pg->count, pg->owner, pg->resume, what, detail);
}

static bool is_ram(unsigned long mfn)
{
    return mfn < WORLD_FRAMES && frame_table[mfn].owner != DOMID_IO;
}

static unsigned int live_level(const struct page_info *pg)
{
    if (pg->owner == DOMID_INVALID || pg->owner == DOMID_IO ||
        !(pg->type & (PGT_validated | PGT_partial)))
        return 0;
    return table_level(pg->type);
}

static bool is_listed(const struct page_info *pg)
{
    return (pg->type & PGT_partial) && (pg->type & PGT_listed);
}

/* Calls fn for each entry of each live table that holds references. */
static void each_entry(void (*fn)(unsigned int f, unsigned int level,
                                  unsigned int slot, pte_t e))
{
    for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
        const struct page_info *pg = frame_table + f;
        unsigned int level = live_level(pg), end = PT_ENTRIES;
        const pte_t *t = mfn_to_virt(_mfn(f));

        if (!level)
            continue;
        if (pg->type & PGT_partial)
            end = pg->resume & RESUME_SLOT;
        for (unsigned int i = 0; i < NR_WORLD_SLOTS; i++) {
            unsigned int slot = world_slots[i];

            if (slot < end && !is_hv_slot(level, slot) &&
                (t[slot] & PTE_PRESENT))
                fn(f, level, slot, t[slot]);
        }
    }
}

static void expect_entry(unsigned int f, unsigned int level, unsigned int slot,
                         pte_t e)
{
    unsigned long mfn = mfn_x(pte_mfn(e));
    const struct page_info *pg = frame_table + mfn;

    if (!is_listed(frame_table + f) &&
        !(frame_table[f].entry_mask & (1u << slot / MASK_GROUP)))
        complain(f, "slot outside the mask", slot);
    if (entry_adjust(e, level) != e || !entry_flags_ok(e, level))
        complain(f, "forbidden flags", e);
    if (!is_ram(mfn)) {
        if (level > 1 || frame_table[f].owner != 0)
            complain(f, "maps no RAM", e);
        return;
    }
    expect[mfn].general++;
    if (pg->owner == DOMID_INVALID)
        complain(mfn, "free but mapped by", f);
    if (level > 1) {
        expect[mfn].type++;
        if ((pg->type & (PGT_type_mask | PGT_validated)) !=
            (table_type(level - 1) | PGT_validated))
            complain(mfn, "not a valid table, but in", f);
        if (pg->owner != frame_table[f].owner)
            complain(mfn, "table of another owner in", f);
    } else if (e & PTE_RW) {
        expect[mfn].type++;
        if ((pg->type & PGT_type_mask) != PGT_writable)
            complain(mfn, "mapped writable by", f);
    }
}

/* A table whose undo stopped at a child holds that one's general count. */
static void expect_interrupted_child(unsigned int f)
{
    const struct page_info *pg = frame_table + f;
    const pte_t *t = mfn_to_virt(_mfn(f));

    if (live_level(pg) && (pg->type & PGT_partial) &&
        (pg->resume & RESUME_CHILD))
        expect[mfn_x(pte_mfn(t[pg->resume & RESUME_SLOT]))].general++;
}

static void expect_root(mfn_t mfn)
{
    if (!mfn_valid(mfn))
        return;
    expect[mfn_x(mfn)].general++;
    expect[mfn_x(mfn)].type++;
    if ((mfn_to_page(mfn)->type & (PGT_type_mask | PGT_validated)) !=
        (PGT_l4_table | PGT_validated))
        complain(mfn_x(mfn), "root of a vcpu", 0);
}

static void verify_frame(unsigned int f)
{
    const struct page_info *pg = frame_table + f;
    uint32_t n = pg->type & PGT_count_mask;

    if (pg->owner == DOMID_INVALID || pg->owner == DOMID_IO ||
        (pg->count & PGC_xenheap))
        return;
    if ((pg->count & PGC_count_mask) != expect[f].general)
        complain(f, "general count is wrong, right:", expect[f].general);
    if (n != expect[f].type)
        complain(f, "type count is wrong, right:", expect[f].type);
    if (pg->type & PGT_locked)
        complain(f, "left locked", 0);
    if (!n && (pg->type & PGT_type_mask))
        complain(f, "type without use", 0);
    if (n && !(pg->type & (PGT_validated | PGT_partial)))
        complain(f, "neither valid nor partial", 0);
    if ((table_level(pg->type) ||
         (pg->type & PGT_type_mask) == PGT_descriptor) &&
        may_write[f])
        complain(f, "a TLB may still write to it", may_write[f]);
    if ((pg->type & PGT_type_mask) == PGT_writable && may_walk[f])
        complain(f, "a CPU may still walk it", may_walk[f]);
    if (live_level(pg) == 4) {
        const pte_t *t = mfn_to_virt(_mfn(f));

        for (unsigned int i = ROOT_SLOT_FIRST; i <= ROOT_SLOT_LAST; i++)
            if (t[i] != idle_root[i])
                complain(f, "our slot is not ours", i);
    }
}

/* Of an exchange that was interrupted: nobody's, until it has its next owner.
 */
static bool in_hand(const struct page_info *pg)
{
    return pg->owner == DOMID_IDLE && !(pg->count & PGC_xenheap);
}

static uint64_t owned[WORLD_DOMAINS];
static uint16_t last_owner[WORLD_FRAMES];

unsigned long world_verify(void)
{
    errors = 0;
    memset(expect, 0, sizeof(expect));
    memset(owned, 0, sizeof(owned));
    for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
        const struct page_info *pg = frame_table + f;
        unsigned int held =
            !!(pg->type & PGT_pinned) + !!(pg->type & PGT_partial);

        if (pg->owner == DOMID_INVALID || pg->owner == DOMID_IO)
            continue;
        expect[f].general += held + !!(pg->count & PGC_allocated);
        expect[f].type += held;
        if (pg->owner < WORLD_DOMAINS && !(pg->count & PGC_xenheap))
            owned[pg->owner]++;
    }
    each_entry(expect_entry);
    for (unsigned int f = 0; f < WORLD_FRAMES; f++)
        expect_interrupted_child(f);
    for (unsigned int i = 0; i < WORLD_DOMAINS; i++) {
        struct domain *d = world_domain[i];

        if (owned[i] != (d ? d->owned_frames : 0))
            complain(0, "owned frames miscounted, right:", owned[i]);
        for (unsigned int j = 0; d && j < WORLD_VCPUS; j++) {
            expect_root(d->vcpu[j]->arch.guest_root);
            expect_root(d->vcpu[j]->arch.guest_root_user);
        }
    }
    for (unsigned int f = 0; f < WORLD_FRAMES; f++) {
        uint16_t owner = frame_table[f].owner;

        verify_frame(f);
        if (owner == DOMID_INVALID || in_hand(frame_table + f))
            continue;
        if (owner != last_owner[f] && (may_write[f] | may_walk[f]))
            complain(f, "new owner, old translations", last_owner[f]);
        last_owner[f] = owner;
    }
    return errors;
}

static void note_entry(unsigned int f, unsigned int level, unsigned int slot,
                       pte_t e)
{
    const struct domain *d = domain_by_owner_id(frame_table[f].owner);
    unsigned long mfn = mfn_x(pte_mfn(e));

    if (!d || !is_ram(mfn) || !(frame_table[f].type & PGT_validated))
        return;
    if (level > 1)
        may_walk[mfn] |= d->arch.dirty_cpumask;
    else if (e & PTE_RW)
        may_write[mfn] |= d->arch.dirty_cpumask;
}

void world_note_tlbs(void)
{
    bury();
    each_entry(note_entry);
}
