/* SPDX-License-Identifier: MIT */
/*
 * What a domU writes while its writes are logged, as for a migration: each page
 * that it, or somebody on its behalf, has written is in the log, by its pfn,
 * and one that was only read is not. Reading the log clears it or does not;
 * what cannot be delivered stays. run: ramdisk=1
 */
#include <pv/domu.h>

#define RW   (PTE_P | PTE_W | PTE_U)
#define PFNS 1024UL

/* --- in the domU ---------------------------------------------------------- */

#define NR_PAGES 8
static volatile uint64_t *pages[NR_PAGES];

static long get_pages(uint64_t unused, uint64_t unused_too)
{
    uint8_t *p = alloc_pages(NR_PAGES);

    for (unsigned int i = 0; i < NR_PAGES; i++)
        pages[i] = (void *)(p + i * PAGE_SIZE);
    return virt_to_pfn(p);
}

static long write_page(uint64_t n, uint64_t value)
{
    *pages[n] = value;
    return 0;
}

static long read_page(uint64_t n, uint64_t unused)
{
    return *pages[n];
}

/* By an instruction of user mode: mov %rsi, (%rdi); ud2 */
static const uint8_t code[] = {0x48, 0x89, 0x37, 0x0f, 0x0b};
static void go(void *frame)
{
    asm volatile("mov %0, %%rsp\n\tsyscall" ::"r"(frame),
                 "a"(__HYPERVISOR_iret), "D"(pages[2]), "S"(0x77UL)
                 : "memory");
}

static long write_in_user_mode(uint64_t unused, uint64_t unused_too)
{
    static uint8_t stack[256] __attribute__((aligned(16)));
    struct iret_context c = {.rip = (uint64_t)code,
                             .cs = FLAT_USER_CS,
                             .rflags = 0x200,
                             .rsp = (uint64_t)(stack + sizeof(stack)),
                             .ss = FLAT_USER_SS};

    return try_call(go, &c);
}

static long start_user_mode(uint64_t unused, uint64_t unused_too)
{
    user_mode_init();
    return 0;
}

static long make_table(uint64_t n, uint64_t unused)
{
    make_readonly((void *)pages[n]);
    return mmuext(MMUEXT_PIN_L1_TABLE, virt_to_mfn((void *)pages[n]), 0);
}

static long change_table(uint64_t n, uint64_t entry)
{
    return set_pte(virt_to_mfn((void *)pages[n]) * PAGE_SIZE, entry);
}

static long flush_and_write(uint64_t n, uint64_t how)
{
    *pages[n] = 1;
    return mmuext(how, (uint64_t)pages[n], 0);
}

static long map_twice(uint64_t n, uint64_t unused)
{
    volatile uint64_t *p = alloc_page();

    if (map_va((void *)p, virt_to_mfn((void *)pages[n]) * PAGE_SIZE | RW,
               UVMF_INVLPG))
        return -1;
    *p = 3;
    return 0;
}

static long copy_into(uint64_t n, uint64_t unused)
{
    struct gnttab_copy op = {.len = 64};

    op.source.u.gmfn = virt_to_mfn((void *)pages[0]);
    op.dest.u.gmfn = virt_to_mfn((void *)pages[n]);
    op.source.domid = op.dest.domid = DOMID_SELF;
    HC3(grant_table_op, GNTTABOP_copy, &op, 1);
    return op.status;
}

static long fill_by_call(uint64_t n, uint64_t unused)
{
    return HC2(xen_version, XENVER_changeset, pages[n]);
}

/* --- in dom0 -------------------------------------------------------------- */

static struct domu *u;
static uint64_t map[PFNS / 64];
static struct xen_domctl d;
static uint64_t first;

static long shadow_op(uint32_t op, uint32_t mode, void *to)
{
    memset(&d, 0, sizeof(d));
    d.u.shadow_op.op = op;
    d.u.shadow_op.mode = mode;
    d.u.shadow_op.pages = PFNS;
    d.u.shadow_op.dirty_bitmap.p = to;
    return domu_control(u->id, XEN_DOMCTL_shadow_op, &d);
}

static long pause(bool on)
{
    return domu_control(
        u->id, on ? XEN_DOMCTL_pausedomain : XEN_DOMCTL_unpausedomain, &d);
}

/* While it stands still. */
static long read_log(uint32_t op)
{
    long rc;

    memset(map, 0, sizeof(map));
    pause(true);
    rc = shadow_op(op, 0, map);
    pause(false);
    return rc;
}

static bool has(unsigned int page)
{
    uint64_t pfn = first + page;

    return map[pfn / 64] >> (pfn % 64) & 1;
}

/* What the domU does is in the log, for that page. */
static void logs(domu_fn fn, uint64_t page, uint64_t arg, const char *what)
{
    read_log(XEN_DOMCTL_SHADOW_OP_CLEAN);
    ok(domu_call(u, fn, page, arg) >= 0, "while writes are logged: %s", what);
    read_log(XEN_DOMCTL_SHADOW_OP_CLEAN);
    ok(has(page), "and it is in the log: %s", what);
}

static void check_refusals(void)
{
    is(read_log(XEN_DOMCTL_SHADOW_OP_CLEAN), -EINVAL,
       "a log that is off cannot be read");
    is(shadow_op(XEN_DOMCTL_SHADOW_OP_OFF, 0, NULL), -EINVAL,
       "a log that is off cannot be turned off");
    is(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE,
                 XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY, NULL),
       0, "the log is turned on");
    is(shadow_op(XEN_DOMCTL_SHADOW_OP_ENABLE,
                 XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY, NULL),
       -EINVAL, "a log that is on cannot be turned on");
}

static void check_writes(void)
{
    read_log(XEN_DOMCTL_SHADOW_OP_CLEAN);
    domu_call(u, read_page, 1, 0);
    domu_call(u, write_page, 0, 5);
    is(read_log(XEN_DOMCTL_SHADOW_OP_PEEK), 0, "the log can be looked at");
    ok(has(0), "a page that was written is in the log");
    ok(!has(1), "a page that was only read is not in the log");
    read_log(XEN_DOMCTL_SHADOW_OP_CLEAN);
    ok(has(0), "looking at the log does not clear it");
    read_log(XEN_DOMCTL_SHADOW_OP_CLEAN);
    ok(!has(0), "reading the log clears it");
    logs(write_page, 0, 6, "a page is written again");
    logs(write_in_user_mode, 2, 0, "user mode writes a page");
    logs(make_table, 3, 0, "a page becomes a table");
    logs(change_table, 3, 0, "a table is changed");
    logs(flush_and_write, 4, MMUEXT_INVLPG_LOCAL, "a page, then a flush of it");
    logs(flush_and_write, 4, MMUEXT_TLB_FLUSH_LOCAL,
         "a page, then a flush of all");
    logs(map_twice, 5, 0, "a page is written by another mapping");
    logs(copy_into, 6, 0, "a page is written by a copy");
    logs(fill_by_call, 7, 0, "a page is written by a call");
}

static void check_delivery(void)
{
    read_log(XEN_DOMCTL_SHADOW_OP_CLEAN);
    domu_call(u, write_page, 0, 7);
    is(shadow_op(XEN_DOMCTL_SHADOW_OP_CLEAN, 0, (void *)0x123456789000),
       -EFAULT, "a log that cannot be delivered is -EFAULT");
    read_log(XEN_DOMCTL_SHADOW_OP_CLEAN);
    ok(has(0), "what was not delivered is still in the log");
    domu_call(u, write_page, 0, 8);
    is(shadow_op(XEN_DOMCTL_SHADOW_OP_PEEK, 0, NULL), 0,
       "the figures alone can be had");
    ok(d.u.shadow_op.stats.dirty_count > 0, "the figures count what is dirty");
}

int main(void)
{
    u = domu_start(1);
    first = domu_call(u, get_pages, 0, 0);
    domu_call(u, start_user_mode, 0, 0);
    check_refusals();
    check_writes();
    check_delivery();
    is(shadow_op(XEN_DOMCTL_SHADOW_OP_OFF, 0, NULL), 0,
       "the log is turned off");
    is(domu_call(u, write_page, 0, 9), 0, "the domU goes on without a log");
    is(domu_call(u, read_page, 0, 0), 9, "and reads what it wrote");
    domu_destroy(u);
    return 0;
}
