/* SPDX-License-Identifier: MIT */
/*
 * The machine under the memory core, in a process: what the rest of the
 * hypervisor would provide, reduced to what the core asks of it. Its domains
 * are in hv_domains.c, its TLBs in hv_tlb.c, and hv_recount.c looks whether all
 * is right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include "hv_world.h"
#include <hv/event_channel.h>
#include <hv/grant_table.h>
#include <hv/smp.h>
#include <hv/softirq.h>
#include <asm/e820.h>
#include <asm/guest_tables.h>
#include <asm/log_dirty.h>
#include <asm/paging.h>
#include <asm/pv.h>

__thread struct cpu_info test_cpu;
__thread unsigned int world_preempt, world_abandon, world_fail_copy;
unsigned long world_checks, world_locks;
uint32_t world_preempt_cpus = ~0u;
void (*world_at_check)(void), (*world_at_continuation)(void);
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

void (*world_at_print)(const char *line);
void vprintk(const char *fmt, va_list ap)
{
    char line[200];

    if (world_at_print) {
        vsnprintf(line, sizeof(line), fmt, ap);
        world_at_print(line);
    } else if (!quiet) {
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

void (*world_at_bug)(const char *file, int line, const char *what);
noreturn void bug(const char *file, int line, const char *what)
{
    if (world_at_bug)
        world_at_bug(file, line, what);
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

noreturn void panic(const char *fmt, ...)
{
    fprintf(stderr, "panic: %s\n", fmt);
    abort();
}

/* --- CPUs ----------------------------------------------------------------- */

cpumask_t cpu_online_map = {(1ull << WORLD_CPUS) - 1};
struct cpuinfo boot_cpu = {.phys_bits = 40};
struct vcpu *idle_vcpu[NR_CPUS];

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
    atomic_inc(&world_locks);
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

/* Of each CPU's call. */
static struct {
    bool set;
    unsigned long a[6];
} continued[WORLD_CPUS];

bool hypercall_preempt_check(void)
{
    void (*other)(void) = world_at_check;

    atomic_inc(&world_checks);
    if (other) {
        world_at_check = NULL;
        other();
    }
    return world_preempt && (world_preempt_cpus >> test_cpu.cpu & 1) &&
           world_rnd() % 1000 < world_preempt;
}

void hypercall_set_arg(unsigned int n, uint64_t value)
{
    continued[test_cpu.cpu].a[n] = value;
}

long hypercall_again(unsigned int nr)
{
    continued[test_cpu.cpu].set = true;
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
    typeof(continued[0]) *again = &continued[test_cpu.cpu];
    long rc;

    again->a[0] = a0;
    again->a[1] = a1;
    again->a[2] = a2;
    again->a[3] = a3;
    do {
        again->set = false;
        rc = call(nr, again->a);
        if (again->set && world_abandon && world_rnd() % 1000 < world_abandon)
            return -ERESTART;
        if (again->set && world_at_continuation)
            world_at_continuation();
    } while (again->set);
    return rc;
}

/* --- the rest of the hypervisor ------------------------------------------- */

unsigned long max_page = WORLD_FRAMES;
unsigned long xen_phys_start;
pte_t *idle_root;
struct e820map hv_e820;

void rcu_hold(bool hold)
{
}

/* A test with grant tables or event channels has the hypervisor's. */
__attribute__((weak)) int gnttab_get_shared_frame(struct domain *d,
                                                  unsigned long idx, mfn_t *mfn)
{
    return -ENOMEM;
}

__attribute__((weak)) void gnttab_held_frames(const struct domain *d,
                                              hold_fn *hold)
{
}

__attribute__((weak)) unsigned long gnttab_odd_entries(const struct domain *d)
{
    return 0;
}

__attribute__((weak)) void evtchn_held_frames(const struct domain *d,
                                              hold_fn *hold)
{
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
