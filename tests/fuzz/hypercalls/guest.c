/* SPDX-License-Identifier: MIT */
/* A domU: its pool, the tables of the addresses to play with, its vcpus. */
#include "fuzz.h"

volatile uint64_t *words;
uint64_t pool_pfn, secret_pfn, real_root, user_root;
struct grant_entry_v1 *grant_table;
uint8_t *info_page, *event_pages;

static union {
    struct cpu cpu;
    uint8_t stack[STACK_SIZE];
} cpus[MOST_CPUS] __attribute__((aligned(STACK_SIZE)));
static unsigned int nr_cpus;
static volatile uint64_t goal;

/* --- what it plays with --------------------------------------------------- */

long fuzz_pool_pfn(uint64_t unused, uint64_t unused_too)
{
    if (!pool_pfn)
        pool_pfn = virt_to_pfn(alloc_pages(NR_FRAMES));
    return pool_pfn;
}

long fuzz_secret_pfn(uint64_t unused, uint64_t unused_too)
{
    if (!secret_pfn)
        secret_pfn = virt_to_pfn(alloc_page());
    return secret_pfn;
}

static void link_table(uint64_t *table, unsigned int slot, unsigned int frame)
{
    make_readonly(frame_address(frame));
    set_pte(virt_to_mfn(table) * PAGE_SIZE + slot * 8,
            frame_mfn(frame) * PAGE_SIZE | RW);
}

static void make_play(void)
{
    link_table((uint64_t *)start_info->pt_base, PLAY >> 39 & 511, 0);
    link_table(frame_address(0), 0, 1);
    for (unsigned int i = 0; i < 4; i++)
        link_table(frame_address(1), i, 2 + i);
}

static void map_grant_table(void)
{
    xen_pfn_t frames[GRANT_FRAMES];
    struct gnttab_setup_table s = {.dom = DOMID_SELF,
                                   .nr_frames = GRANT_FRAMES};
    long rc;

    set_xen_guest_handle(s.frame_list, frames);
    HC3(grant_table_op, GNTTABOP_setup_table, &s, 1);
    grant_table = map_mfn(frames[0], RW, &rc);
}

/* All that a user mode needs, but no pool: it is the pool that changes. */
static void make_user_root(void)
{
    uint64_t *root = alloc_page();

    memcpy(root, (void *)start_info->pt_base, PAGE_SIZE);
    memset(root + 256, 0, 16 * 8);
    make_readonly(root);
    mmuext(MMUEXT_PIN_L4_TABLE, virt_to_mfn(root), 0);
    user_root = virt_to_mfn(root) * PAGE_SIZE;
    real_root = virt_to_mfn((void *)start_info->pt_base) * PAGE_SIZE;
}

/* --- its vcpus ------------------------------------------------------------ */

/* An upcall has come, or would come at once and for ever. */
static void forget_events(struct cpu *c)
{
    if (!c->info)
        return;
    c->info->evtchn_upcall_pending = 0;
    c->info->evtchn_pending_sel = 0;
}

static void wait_a_little(void)
{
    struct sched_poll poll = {.timeout = system_time() + 500000};

    HC2(sched_op, SCHEDOP_poll, &poll);
}

static long one(void *arg)
{
    do_op(arg);
    return 0;
}

/* Begins again after an NMI between two operations. */
void fuzz(struct cpu *c)
{
    c->batch = NULL;
    HC2(stack_switch, FLAT_KERNEL_SS, STACK_TOP(c));
    mmuext(MMUEXT_NEW_USER_BASEPTR, user_root / PAGE_SIZE, 0);
    catch_all();
    for (;;) {
        if (c->made >= goal) {
            wait_a_little();
            continue;
        }
        c->made++;
        attempt(one, c);
        if (c->changes_traps) /* also of a batch that an event has ended */
            catch_all();
        c->changes_traps = false;
        c->batch = NULL;
        forget_events(c);
    }
}

/* Above it there is room for the frames of traps from user mode. */
asm(".globl fuzz_begin\n"
    "fuzz_begin:\n\t"
    "lea 16384 - 1024(%rdi), %rsp\n\t"
    "xor %ebp, %ebp\n\t"
    "call fuzz\n\t"
    "ud2\n");

static void first(void)
{
    fuzz_begin(&cpus[0].cpu);
}
static void second(void)
{
    fuzz_begin(&cpus[1].cpu);
}

static void ignore(struct trap_frame *f)
{
}

long fuzz_start(uint64_t seed, uint64_t n)
{
    static void (*const start[MOST_CPUS])(void) = {first, second};
    long rc = 0;

    words = domu_words(NULL);
    nr_cpus = n;
    fuzz_pool_pfn(0, 0);
    make_play();
    map_grant_table();
    info_page = alloc_page();
    event_pages = alloc_pages(4);
    set_trap_handler(2, ignore); /* NMIs are for every vcpu */
    HC2(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables);
    for (unsigned int i = 0; i < n; i++) {
        struct cpu *c = &cpus[i].cpu;

        c->id = i + 1;
        c->random = (seed + 1) * 0x9e3779b97f4a7c15UL + i;
        c->info = &shared_info->vcpu_info[c->id];
        c->args = alloc_pages(ARGS_SIZE / PAGE_SIZE + 1);
        map_va(c->args + ARGS_SIZE, 0, UVMF_INVLPG); /* nothing is behind */
        c->own = alloc_page();
        for (unsigned int k = 0; k < 8; k++)
            rnd(c);
    }
    make_user_root();
    for (unsigned int i = 0; i < n && !rc; i++)
        rc = start_vcpu(i + 1, start[i]);
    return rc;
}

/* How many vcpus are behind. Those that have gone down are started again, and
 * an NMI brings back those that wait for nothing or have lost their way. */
static unsigned int wake_those_behind(uint64_t *made, bool by_nmi)
{
    unsigned int behind = 0;

    *made = 0;
    for (unsigned int i = 0; i < nr_cpus; i++) {
        *made += cpus[i].cpu.made;
        if (cpus[i].cpu.made >= goal)
            continue;
        behind++;
        HC3(vcpu_op, VCPUOP_up, i + 1, 0);
        if (by_nmi)
            HC3(vcpu_op, VCPUOP_send_nmi, i + 1, 0);
    }
    return behind;
}

long fuzz_run(uint64_t until, uint64_t patience)
{
    uint64_t before = 0, made = 0, end = system_time() + patience;
    unsigned int behind;

    goal = until;
    do {
        wait_a_little();
        behind = wake_those_behind(&made, system_time() + patience / 2 > end);
        if (made != before)
            end = system_time() + patience;
        before = made;
    } while (behind && system_time() < end);
    return behind;
}
