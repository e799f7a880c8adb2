/* SPDX-License-Identifier: MIT */
/*
 * Time: the TSC, scaled to nanoseconds since boot.
 *
 * System time is one line over the TSC for all CPUs, calibrated against the
 * platform timer, which it follows from then on: once a second the boot CPU
 * compares the two and bends the line a little (clock_line.c). Where the TSC is
 * invariant and the CPUs agree, guests may use it on any CPU (PVCLOCK stable
 * flag). Otherwise system time is clamped so that it never goes backwards, and
 * guests are told not to compare CPUs.
 *
 * Guests read the same line from their clock page (struct vcpu_time_info) and
 * do the multiplication themselves. A line bends for all its readers at one TSC
 * value: nobody can read the clock from before that value is taken until the
 * new line stands everywhere.
 */
#include <hv/acpi.h>
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/mm.h>
#include <hv/smp.h>
#include <hv/timer.h>
#include <asm/apic.h>
#include <asm/clock_line.h>
#include <asm/clock_record.h>
#include <asm/guest_tables.h>
#include <asm/log_dirty.h>
#include <asm/platform_timer.h>
#include <asm/setup.h>
#include <asm/time.h>

#define CALIBRATION_NS      MILLISECS(50)
#define FOLLOW_PERIOD       SECONDS(1)
#define PVCLOCK_TSC_STABLE  (1u << 0)
#define CPUID_INVARIANT_TSC (1u << 8) /* 0x80000007 edx */
#define CPUID_1C_HYPERVISOR (1u << 31)

/* Changed by the boot CPU alone, with interrupts off; the version is odd
 * meanwhile, and readers wait. */
static struct {
    uint32_t version;
    struct clock_line line;
    uint64_t ticks; /* in 2^32 ns */
} clock __aligned(64);

static bool tsc_reliable __read_mostly = true;
static s_time_t last_time; /* while the TSC is not reliable */
uint64_t cpu_khz;

/* As of a moment between the two. */
static uint32_t clock_read_begin(void)
{
    uint32_t version;

    while (unlikely((version = atomic_load(&clock.version)) & 1))
        cpu_relax();
    return version;
}

static bool clock_read_again(uint32_t version)
{
    smp_rmb();
    return unlikely(READ_ONCE(clock.version) != version);
}

s_time_t get_s_time(void)
{
    uint32_t version;
    s_time_t now, last;

    do {
        version = clock_read_begin();
        now = line_time(&clock.line, rdtsc_ordered());
    } while (clock_read_again(version));
    if (likely(tsc_reliable))
        return now;
    last = READ_ONCE(last_time);
    do {
        if (now <= last)
            return last;
    } while (!atomic_cas(&last_time, &last, now));
    return now;
}

bool reprogram_timer(s_time_t deadline)
{
    s_time_t now, left;
    uint64_t ticks;

    if (deadline == STIME_MAX) {
        lapic_stop_timer();
        return true;
    }
    now = get_s_time();
    if (deadline <= now) /* a guest's may be so old that no difference tells */
        return false;
    left = deadline - now;
    /* Far deadlines are approached in steps: the timer code looks again, as it
     * does if the line has become flatter. If it becomes steeper, the boot CPU
     * has the deadline programmed anew. */
    left = MIN(left, SECONDS(4));
    ticks = (unsigned __int128)left * READ_ONCE(clock.ticks) >> 32;
    lapic_start_timer(rdtsc() + ticks + 1, ticks + 1);
    return true;
}

/* --- calibration --- */

static struct clock_follower follower;

static uint32_t __init read_apic_timer(void)
{
    return -lapic_read(APIC_TIMER_COUNT); /* it counts down */
}

/* One window for TSC and APIC timer. Interrupts are off. */
static void __init calibrate(void)
{
    struct clock_reading start, end, apic_start, apic_end;
    uint32_t lvt = lapic_read(APIC_LVT_TIMER), mask = platform_timer.mask;
    uint64_t want = platform_timer_counts(CALIBRATION_NS), hz, ns, counts;

    lapic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
    lapic_write(APIC_TIMER_INITIAL, UINT32_MAX);
    apic_start = read_beside_tsc(read_apic_timer);
    start = read_beside_tsc(platform_timer.read);
    while (((platform_timer.read() - start.count) & mask) < want)
        ;
    end = read_beside_tsc(platform_timer.read);
    apic_end = read_beside_tsc(read_apic_timer);
    lapic_write(APIC_TIMER_INITIAL, 0);
    lapic_write(APIC_LVT_TIMER, lvt);

    ns = platform_timer_ns((end.count - start.count) & mask);
    hz = (end.tsc - start.tsc) * SECONDS(1) / ns;
    cpu_khz = hz / 1000;
    counts = apic_end.count - apic_start.count;
    lapic_set_timer_rate(counts, apic_end.tsc - apic_start.tsc);
    line_set_rate(&clock.line, hz);
    clock.line.stamp = start.tsc;
    clock.ticks = line_ticks(&clock.line);
    follower.count_ns = platform_timer.count_ns;
    follower.mask = mask;
    follow_start(&follower, &clock.line, &end);
    printk(XENLOG_INFO "TSC %lu.%03lu MHz, APIC timer %lu kHz (by %s)\n",
           cpu_khz / 1000, cpu_khz % 1000,
           counts * cpu_khz / (apic_end.tsc - apic_start.tsc),
           platform_timer.name);
}

/* --- wall clock --- */

static uint64_t wc_sec; /* UTC at system time 0 */
static uint32_t wc_nsec;
static spinlock_t wc_lock = SPIN_LOCK_INIT(LOCK_DEVICE);

static uint8_t __init cmos(uint8_t reg)
{
    outb(0x70, reg);
    return inb(0x71);
}

static unsigned int __init from_bcd(uint8_t v, bool binary)
{
    return binary ? v : (v >> 4) * 10 + (v & 15);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static uint64_t __init days(unsigned int y, unsigned int m, unsigned int d)
{
    /* March is the first month, so that the leap day is the last one. */
    y -= m <= 2;
    m = m > 2 ? m - 3 : m + 9;
    return 365UL * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + d - 1 -
           719468;
}

static uint64_t __init read_cmos_clock(void)
{
    uint8_t t[6], again;
    static const uint8_t regs[6] = {0, 2, 4, 7, 8, 9};
    bool binary = cmos(0xb) & 4, pm;
    unsigned int hour;

    /* Read between two updates: the seconds must not change meanwhile. */
    for (int tries = 0; tries < 10; tries++) {
        /* An update takes 2 ms; where there is no clock, it never ends. */
        s_time_t give_up = get_s_time() + MILLISECS(10);

        while ((cmos(0xa) & 0x80) && get_s_time() < give_up)
            cpu_relax();
        for (int i = 0; i < 6; i++)
            t[i] = cmos(regs[i]);
        again = cmos(0);
        if (again == t[0])
            break;
    }
    pm = !(cmos(0xb) & 2) && (t[2] & 0x80);
    hour = from_bcd(t[2] & 0x7f, binary);
    if (!(cmos(0xb) & 2))
        hour = hour % 12 + (pm ? 12 : 0);
    return days(2000 + from_bcd(t[5], binary), from_bcd(t[4], binary),
                from_bcd(t[3], binary)) *
               86400 +
           hour * 3600 + from_bcd(t[1], binary) * 60 + from_bcd(t[0], binary);
}

void update_domain_wallclock_time(struct domain *d)
{
    struct shared_info *s = d->shared_info;
    uint64_t sec;
    uint32_t version;
    unsigned long flags;

    if (!s)
        return;
    flags = spin_lock_irqsave(&wc_lock);
    sec = wc_sec + d->time_offset_seconds;
    /* Odd while it changes; the guest reads again. */
    version = s->wc_version | 1;
    WRITE_ONCE(s->wc_version, version);
    smp_wmb();
    s->wc_sec = sec;
    s->wc_nsec = wc_nsec;
    s->wc_sec_hi = sec >> 32;
    smp_wmb();
    WRITE_ONCE(s->wc_version, version + 1);
    spin_unlock_irqrestore(&wc_lock, flags);
}

void set_wallclock(uint64_t secs, uint32_t nsecs, uint64_t system_time)
{
    uint64_t ns = nsecs + (SECONDS(1) - system_time % SECONDS(1));
    unsigned long flags = spin_lock_irqsave(&wc_lock);
    struct domain *d;

    wc_sec = secs - system_time / SECONDS(1) - 1 + ns / SECONDS(1);
    wc_nsec = ns % SECONDS(1);
    spin_unlock_irqrestore(&wc_lock, flags);
    for_each_domain (d)
        update_domain_wallclock_time(d);
}

/* --- the guest's clock page --- */

static struct vcpu_time_info clock_now(void)
{
    struct vcpu_time_info t;
    uint32_t version;
    /* Before the TSC is read: where the TSCs agree after all, it is earlier. */
    s_time_t last = READ_ONCE(last_time);

    do {
        version = clock_read_begin();
        t = (struct vcpu_time_info){
            .tsc_timestamp = clock.line.stamp,
            .system_time = clock.line.time,
            .tsc_to_system_mul = clock.line.mul,
            .tsc_shift = clock.line.shift,
            .flags = tsc_reliable ? PVCLOCK_TSC_STABLE : 0,
        };
        if (!tsc_reliable) {
            t.tsc_timestamp = rdtsc_ordered();
            t.system_time = MAX(line_time(&clock.line, t.tsc_timestamp), last);
        }
    } while (clock_read_again(version));
    return t;
}

static void write_record(struct vcpu_time_info *to)
{
    struct vcpu_time_info t = clock_now();

    clock_record_open(to);
    clock_record_close(to, &t);
}

/* Of two writers the later one's clock must be the later one, too: it is read
 * under the lock. */
static void publish(struct vcpu *v)
{
    unsigned long flags = clock_records_lock();

    write_record(&v->vcpu_info->time);
    clock_records_unlock(flags);
}

/*
 * The second copy, which the guest maps into user space for its vDSO. There it
 * is read on any of its CPUs while v may be waiting, so it must change together
 * with the first one: it is reached by the frame behind v's address. A copy
 * that cannot be reached (the page is not there) is late.
 */
static struct time_area hold_time_area(struct vcpu *v)
{
    struct time_area a = {.at = READ_ONCE(v->time_info_guest)};
    pte_t e;

    if (!a.at || (a.at & ~PAGE_MASK) > PAGE_SIZE - sizeof(*a.record))
        return a;
    e = guest_l1e(v, a.at);
    if ((e & (PTE_PRESENT | PTE_RW)) != (PTE_PRESENT | PTE_RW))
        return a;
    a.pg = get_writable_page(pte_mfn(e), v->domain);
    if (a.pg)
        a.record = page_to_virt(a.pg) + (a.at & ~PAGE_MASK);
    return a;
}

static void put_time_area(struct time_area *a)
{
    if (!a->pg)
        return;
    put_page_and_type(a->pg);
    *a = (struct time_area){0};
}

/* Where guests must not compare CPUs, the copy is for v's own reading alone. v
 * is current. */
static void copy_to_time_area(struct vcpu *v, struct vcpu_time_info t)
{
    uint64_t at = v->time_info_guest;

    t.version = (v->arch.pending_time.version | 1) + 2;
    if (copy_field_to_guest(at, &t, version))
        return;
    smp_wmb();
    if (copy_to_guest_raw(at + sizeof(t.version),
                          (char *)&t + sizeof(t.version),
                          sizeof(t) - sizeof(t.version)))
        return;
    smp_wmb();
    t.version++;
    if (!copy_field_to_guest(at, &t, version))
        v->arch.pending_time = t;
}

void update_vcpu_system_time(struct vcpu *v)
{
    struct vcpu_time_info t = clock_now();

    /* A reliable clock changes for all vcpus at once, so this is mostly a
     * comparison. */
    if (!clock_record_same(&v->vcpu_info->time, &t))
        publish(v);
    if (!tsc_reliable && v->time_info_guest && v == current)
        copy_to_time_area(v, t);
}

void set_time_area(struct vcpu *v, uint64_t at)
{
    unsigned long flags = clock_records_lock();
    struct time_area a;

    WRITE_ONCE(v->time_info_guest, at);
    clock_records_unlock(flags);
    if (!tsc_reliable) {
        update_vcpu_system_time(v);
        return;
    }
    a = hold_time_area(v);
    if (!a.pg)
        return;
    flags = clock_records_lock();
    write_record(a.record);
    log_dirty_frame(page_to_mfn(a.pg));
    clock_records_unlock(flags);
    put_time_area(&a);
}

/* --- following the platform timer ----------------------------------------- */

static void bend_line(uint32_t mul)
{
    unsigned long flags = clock_records_lock();

    if (tsc_reliable)
        for_each_clock_record(clock_record_open);
    WRITE_ONCE(clock.version, clock.version + 1);
    smp_mb(); /* who has read the old line's time read the TSC before us */
    line_bend(&clock.line, rdtsc_ordered(), mul);
    clock.ticks = line_ticks(&clock.line);
    smp_wmb();
    WRITE_ONCE(clock.version, clock.version + 1);
    if (tsc_reliable)
        for_each_clock_record(write_record);
    clock_records_unlock(flags);
}

static void hold_time_areas(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v)
        v->arch.time_area = hold_time_area(v);
}

static void put_time_areas(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v)
        put_time_area(&v->arch.time_area);
}

void update_domain_system_time(struct domain *d)
{
    struct vcpu *v;

    for_each_vcpu (d, v) {
        update_vcpu_system_time(v);
        if (v->time_info_guest)
            set_time_area(v, v->time_info_guest);
    }
}

/* Where the TSCs do not agree a record is of the CPU that its vcpu runs on. */
static void publish_current(void *unused)
{
    if (!is_idle_vcpu(current))
        publish(current);
}

static struct timer follow_timer;

static void follow(void *unused)
{
    unsigned long flags = local_irq_save();
    struct clock_reading r = read_beside_tsc(platform_timer.read);
    uint32_t before = clock.line.mul, mul;
    struct domain *d;
    unsigned int cpu;
    static bool warned;

    local_irq_restore(flags);
    if (!follow_steer(&follower, &clock.line, &r, &mul) && !warned) {
        printk(XENLOG_WARNING "%s jumps or stands: not followed there\n",
               platform_timer.name);
        warned = true;
    }
    for_each_domain (d)
        hold_time_areas(d);
    bend_line(mul);
    /* Domains whose pages are held have not gone meanwhile. */
    for_each_domain (d)
        put_time_areas(d);
    if (!tsc_reliable)
        on_selected_cpus(cpu_online_map, publish_current, NULL);
    /* What was programmed by the flatter line would be late. */
    if (mul > before)
        for_each_online_cpu(cpu) cpu_raise_softirq(cpu, TIMER_SOFTIRQ);
    set_timer(&follow_timer, get_s_time() + FOLLOW_PERIOD);
}

void __init time_start_following(void)
{
    if (!platform_timer.lasting)
        return;
    init_timer(&follow_timer, follow, NULL, smp_processor_id());
    set_timer(&follow_timer, get_s_time() + FOLLOW_PERIOD);
}

/* --- start-up --- */

void __init time_init(void)
{
    uint32_t r[4];

    platform_timer_init();
    calibrate();
    if (boot_cpu.max_ext_leaf >= 0x80000007) {
        cpuid_count(0x80000007, 0, r);
        tsc_reliable = r[3] & CPUID_INVARIANT_TSC;
    } else {
        tsc_reliable = false;
    }
    /* In a virtual machine the host has made it so, whatever it advertises. */
    if (boot_cpu.feat_1c & CPUID_1C_HYPERVISOR)
        tsc_reliable = true;
    wc_sec = read_cmos_clock() - get_s_time() / SECONDS(1);
}

bool time_is_stable(void)
{
    return tsc_reliable;
}

/*
 * Do the TSCs of a new CPU and of the boot CPU agree? Both read theirs in
 * turns under a lock and remember the latest; reading less than that proves a
 * difference. Not proven is good enough: it is below what a lock's way from
 * one CPU to the other takes.
 */
#define SYNC_ROUNDS 1000
static struct {
    enum { SYNC_IDLE, SYNC_TARGET_READY, SYNC_RUN } state;
    spinlock_t lock;
    uint64_t last;
    bool warped;
} sync;

static void watch_for_warp(void)
{
    for (int i = 0; i < SYNC_ROUNDS; i++) {
        uint64_t now;

        spin_lock(&sync.lock);
        now = rdtsc_ordered();
        if (now < sync.last)
            sync.warped = true;
        else
            sync.last = now;
        spin_unlock(&sync.lock);
    }
}

void time_check_sync_target(void)
{
    atomic_store(&sync.state, SYNC_TARGET_READY);
    while (atomic_load(&sync.state) != SYNC_RUN)
        cpu_relax();
    watch_for_warp();
    atomic_store(&sync.state, SYNC_IDLE);
}

bool __init time_check_sync_source(s_time_t give_up)
{
    while (atomic_load(&sync.state) != SYNC_TARGET_READY)
        if (get_s_time() > give_up)
            return false;
    atomic_store(&sync.state, SYNC_RUN);
    watch_for_warp();
    while (atomic_load(&sync.state) != SYNC_IDLE)
        cpu_relax();
    if (sync.warped && tsc_reliable) {
        printk(XENLOG_WARNING "The CPUs' TSCs differ\n");
        tsc_reliable = false;
    }
    return true;
}
