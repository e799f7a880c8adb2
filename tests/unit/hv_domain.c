/* SPDX-License-Identifier: MIT */
/*
 * Domains and their vcpus (domain.c, vcpu.c and vcpu_op.c, which this file
 * includes) where another CPU comes between, and at their ends.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <cmocka.h>
#include "../../xen-lite/common/domain.c"
#include "../../xen-lite/common/vcpu.c"
#include "../../xen-lite/common/vcpu_op.c"

/* --- what they find around them ------------------------------------------- */

__thread struct cpu_info test_cpu;
spinlock_t domctl_lock;
bool opt_noreboot;
uint32_t nr_logged_domains;
static s_time_t now, next_tick;
static unsigned int built, ticks;
static const struct timer *killed[8];
static unsigned int nr_killed;
static bool console_is_free, looked_again;
static void (*at_move)(void), (*without_lock)(void); /* once */
static jmp_buf the_end;

static void once(void (**hook)(void))
{
    void (*fn)(void) = *hook;

    *hook = NULL;
    if (fn)
        fn();
}

noreturn void bug(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

noreturn void panic(const char *fmt, ...)
{
    abort();
}

/* What comes between a CPU that has no lock does so now. */
bool lock_is_held(const spinlock_t *l)
{
    if (READ_ONCE(l->head) == READ_ONCE(l->tail))
        once(&without_lock);
    return true;
}

void lock_order_acquire(spinlock_t *l)
{
}

void lock_order_release(spinlock_t *l)
{
}

void *xzalloc_bytes(size_t size)
{
    return calloc(1, size);
}

void xfree(void *p)
{
    free(p);
}

void *alloc_xenheap_pages(unsigned int order, unsigned int memflags)
{
    return calloc(1, PAGE_SIZE << order);
}

void free_xenheap_pages(void *p, unsigned int order)
{
    free(p);
}

s_time_t get_s_time(void)
{
    return now;
}

void init_timer(struct timer *t, void (*fn)(void *), void *data,
                unsigned int cpu)
{
}

void set_timer(struct timer *t, s_time_t when)
{
    next_tick = when;
}

void migrate_timer(struct timer *t, unsigned int cpu)
{
}

void stop_timer(struct timer *t)
{
}

void kill_timer(struct timer *t)
{
    killed[nr_killed++] = t;
}

void send_guest_vcpu_virq(struct vcpu *v, uint32_t virq)
{
    ticks++;
}

void evtchn_recheck(struct vcpu *v)
{
    looked_again = true;
}

unsigned long clock_records_lock(void)
{
    once(&at_move);
    return 0;
}

void clock_records_unlock(unsigned long flags)
{
}

struct page_info *get_writable_page(mfn_t mfn, const struct domain *d)
{
    return mfn_to_page(mfn);
}

/* The console's lock is another CPU's until it is taken by force. */
void console_force_unlock(void)
{
    console_is_free = true;
}

void printk(const char *fmt, ...)
{
    assert_true(console_is_free);
}

noreturn void machine_power_off(void)
{
    longjmp(the_end, 1);
}

noreturn void machine_halt(void)
{
    abort();
}

noreturn void machine_restart(void)
{
    abort();
}

int arch_domain_create(struct domain *d,
                       const struct xen_domctl_createdomain *config)
{
    built++;
    return 0;
}

static bool nmi_waits;

bool arch_nmi_needs_delivery(const struct vcpu *v)
{
    return nmi_waits;
}

/* --- not reached, or of no matter here ------------------------------------ */

void vprintk(const char *fmt, va_list ap)
{
}

void gprintk(struct domain *d, const char *fmt, ...)
{
}

void arch_domain_destroy(struct domain *d)
{
}

int arch_domain_relinquish(struct domain *d)
{
    return 0;
}

void arch_dump_vcpu(struct vcpu *v)
{
}

int arch_vcpu_create(struct vcpu *v)
{
    return 0;
}

void arch_vcpu_destroy(struct vcpu *v)
{
}

void call_rcu(struct rcu_head *head, void (*fn)(struct rcu_head *head))
{
}

int domain_set_outstanding_pages(struct domain *d, uint64_t pages)
{
    return 0;
}

int evtchn_init(struct domain *d)
{
    return 0;
}

int evtchn_destroy(struct domain *d)
{
    return 0;
}

bool evtchn_destroy_final(struct domain *d, unsigned int *left)
{
    return true;
}

long evtchn_send(struct domain *d, uint32_t port)
{
    return 0;
}

int gnttab_release_mappings(struct domain *d)
{
    return 0;
}

int grant_table_init(struct domain *d, uint32_t max_frames,
                     uint32_t max_maptrack_frames)
{
    return 0;
}

bool grant_table_destroy(struct domain *d, unsigned int *left)
{
    return true;
}

bool may_report_crash(struct domain *d)
{
    return 0;
}

void sched_vcpu_init(struct vcpu *v)
{
}

void sched_vcpu_destroy(struct vcpu *v)
{
}

void sched_start_ticks(struct vcpu *v)
{
}

void send_global_virq(uint32_t virq)
{
}

void update_domain_system_time(struct domain *d)
{
}

void update_vcpu_system_time(struct vcpu *v)
{
}

void vcpu_runstate_get(const struct vcpu *v, struct vcpu_runstate_info *rs)
{
}

void vcpu_sleep_nosync(struct vcpu *v)
{
}

void vcpu_sleep_sync(struct vcpu *v)
{
}

void vcpu_wake(struct vcpu *v)
{
}

void raise_softirq(enum softirq nr)
{
}

void put_page(struct page_info *pg)
{
}

void put_page_type(struct page_info *pg)
{
}

void log_dirty_frame_slow(mfn_t mfn)
{
}

void set_time_area(struct vcpu *v, uint64_t at)
{
}

int arch_set_info_guest(struct vcpu *v, const struct vcpu_guest_context *c)
{
    return 0;
}

long arch_send_guest_nmi(struct vcpu *v)
{
    return 0;
}

int arch_vm_assist(struct domain *d, unsigned int type, bool on)
{
    return 0;
}

long subop_call_vcpu(const struct subop_family *f, unsigned int cmd,
                     struct vcpu *v, uint64_t arg)
{
    return 0;
}

size_t copy_from_guest_raw(void *to, uint64_t from, size_t n)
{
    return 0;
}

size_t copy_to_guest_raw(uint64_t to, const void *from, size_t n)
{
    return 0;
}

/* --- the tests ------------------------------------------------------------ */

static const struct xen_domctl_createdomain config = {.max_vcpus = 2};

static struct domain *create(domid_t id, int *err)
{
    struct domain *d;

    spin_lock(&domctl_lock);
    d = domain_create(id, &config, false, err);
    for (unsigned int i = 0; d && i < 2; i++) {
        vcpu_create(d, i);
        d->vcpu[i]->is_initialised = true;
        clear_bit(VPF_DOWN, &d->vcpu[i]->pause_flags);
    }
    spin_unlock(&domctl_lock);
    return d;
}

static struct domain *guest;
static int start(void **state)
{
    int err;

    mmap((void *)DIRECTMAP_VIRT_START, PAGE_SIZE, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    guest = create(1, &err);
    return err;
}

/* Frames are lent to it while it is built, and the other would have them. */
static void test_id_in_use(void **state)
{
    unsigned int before = built;
    int err;

    assert_null(create(1, &err));
    assert_int_equal(err, -EEXIST);
    assert_int_equal(built, before);
}

static void test_tick(void **state)
{
    struct vcpu *v = guest->vcpu[0];

    v->is_running = true;
    v->periodic_period = MILLISECS(1);
    now = SECONDS(3600);
    periodic_fired(v);
    v->is_running = false;
    v->periodic_period = 0;
    assert_int_equal(ticks, 1);
    assert_int_equal(next_tick, now + MILLISECS(1));
}

/* Whoever sent it looked whether the vcpu sleeps just before it did. */
static void test_sleep(void **state)
{
    struct vcpu *v = guest->vcpu[0];
    static struct vcpu_info info;

    v->vcpu_info = &info;
    test_cpu.current_vcpu = v;
    vcpu_block();
    assert_true(test_bit(VPF_BLOCKED, &v->pause_flags));
    vcpu_unblock(v);
    nmi_waits = true;
    vcpu_block();
    assert_false(test_bit(VPF_BLOCKED, &v->pause_flags));
    nmi_waits = false;
    info.evtchn_upcall_pending = 1;
    vcpu_block();
    assert_false(test_bit(VPF_BLOCKED, &v->pause_flags));
}

/* An event is marked in the old place after that was copied. */
static void event_comes(void)
{
    assert_false(looked_again);
    guest->vcpu[0]->vcpu_info->evtchn_upcall_pending = 1;
}

static void test_vcpu_info(void **state)
{
    struct vcpu *v = guest->vcpu[0];
    static struct vcpu_info old;

    v->vcpu_info = &old;
    test_cpu.current_vcpu = v;
    at_move = event_comes;
    assert_int_equal(map_vcpu_info(v, 0, 0), 0);
    assert_null(at_move);
    assert_ptr_equal(v->vcpu_info, (void *)DIRECTMAP_VIRT_START);
    assert_true(looked_again);
}

static void other_goes_down(void)
{
    down(guest->vcpu[1], NULL);
}

static void test_last_down(void **state)
{
    without_lock = other_goes_down;
    down(guest->vcpu[0], NULL);
    without_lock = NULL;
    assert_false(guest->is_shut_down);
    down(guest->vcpu[1], NULL);
    assert_true(guest->is_shut_down);
    assert_int_equal(guest->shutdown_code, SHUTDOWN_poweroff);
}

static bool is_killed(const struct timer *t)
{
    for (unsigned int i = 0; i < nr_killed; i++)
        if (killed[i] == t)
            return true;
    return false;
}

static void test_timers(void **state)
{
    static struct domain dom0;
    static struct vcpu killer = {.domain = &dom0};

    test_cpu.current_vcpu = &killer;
    spin_lock(&domctl_lock);
    assert_int_equal(domain_kill(guest), 0);
    spin_unlock(&domctl_lock);
    for (unsigned int i = 0; i < 2; i++) {
        assert_true(is_killed(&guest->watchdog_timer[i]));
        assert_true(is_killed(&guest->vcpu[i]->singleshot_timer));
        assert_true(is_killed(&guest->vcpu[i]->periodic_timer));
        assert_true(is_killed(&guest->vcpu[i]->poll_timer));
    }
}

static void test_shutdown(void **state)
{
    hardware_domain = guest;
    guest->shutdown_code = -1;
    if (!setjmp(the_end)) {
        domain_shutdown(guest, SHUTDOWN_poweroff);
        fail();
    }
    assert_true(console_is_free);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"Nothing is built for an id that is in use", test_id_in_use, NULL,
         NULL, NULL},
        {"Ticks that were missed are one, and the next lies in the future",
         test_tick, NULL, NULL, NULL},
        {"A vcpu sleeps only without an event and without an NMI", test_sleep,
         NULL, NULL, NULL},
        {"An event that comes while vcpu_info moves is looked for there",
         test_vcpu_info, NULL, NULL, NULL},
        {"Of two vcpus that go down at once one is the last", test_last_down,
         NULL, NULL, NULL},
        {"A dead domain has no timer", test_timers, NULL, NULL, NULL},
        {"dom0's end takes the console from who has it", test_shutdown, NULL,
         NULL, NULL},
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, start, NULL);
}
