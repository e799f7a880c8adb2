/* SPDX-License-Identifier: MIT */
/*
 * Time: the TSC, scaled to nanoseconds since boot.
 *
 * The TSC is calibrated once against HPET, PM timer or PIT. Where it is
 * invariant and the CPUs agree, all share one scale and base, time is one
 * multiplication, and guests may use it on any CPU (PVCLOCK stable flag).
 * Otherwise system time is clamped so that it never goes backwards, and guests
 * are told not to compare CPUs.
 *
 * Guests read the same scale from their clock page (struct vcpu_time_info) and
 * do the multiplication themselves.
 */
#include <hv/acpi.h>
#include <hv/domain.h>
#include <hv/guest_access.h>
#include <hv/lib.h>
#include <hv/timer.h>
#include <asm/apic.h>
#include <asm/clock_record.h>
#include <asm/paging.h>
#include <asm/setup.h>
#include <asm/time.h>

#define CALIBRATION_NS      MILLISECS(50)
#define PVCLOCK_TSC_STABLE  (1u << 0)
#define CPUID_INVARIANT_TSC (1u << 8) /* 0x80000007 edx */
#define CPUID_1C_HYPERVISOR (1u << 31)

/* ns = ((tsc << shift) * mul) >> 32, a negative shift to the right */
struct time_scale {
    uint32_t mul;
    int8_t shift;
};

static struct time_scale tsc_scale __read_mostly;
static uint64_t tsc_base __read_mostly; /* at system time 0 */
static bool tsc_reliable __read_mostly = true;
static s_time_t last_time; /* while the TSC is not reliable */
uint64_t cpu_khz;

static s_time_t scale(uint64_t ticks)
{
    if (tsc_scale.shift < 0)
        ticks >>= -tsc_scale.shift;
    else
        ticks <<= tsc_scale.shift;
    return (unsigned __int128)ticks * tsc_scale.mul >> 32;
}

static void set_scale(uint64_t hz)
{
    uint64_t shifted = hz;
    int shift = 0;

    /* Between 1 and 2 GHz: the multiplier uses its 32 bits and fits. */
    for (; shifted > 2000000000UL; shift--)
        shifted >>= 1;
    for (; shifted <= 1000000000UL; shift++)
        shifted <<= 1;
    tsc_scale = (struct time_scale){(1000000000UL << 32) / shifted, shift};
    cpu_khz = hz / 1000;
}

s_time_t get_s_time(void)
{
    uint64_t tsc = rdtsc_ordered();
    s_time_t now = tsc > tsc_base ? scale(tsc - tsc_base) : 0, last;

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
    s_time_t left;

    if (deadline == STIME_MAX) {
        lapic_stop_timer();
        return true;
    }
    left = deadline - get_s_time();
    if (left <= 0)
        return false;
    /* Far deadlines are approached in steps: the timer code looks again. */
    left = MIN(left, SECONDS(4));
    lapic_start_timer(rdtsc() + left * cpu_khz / 1000000, left);
    return true;
}

/* --- calibration --- */

#define PIT_CLOCK      1193182u
#define PIT_CHANNEL2   0x42
#define PIT_MODE       0x43
#define PIT_GATE       0x61
#define PM_TIMER_CLOCK 3579545u
#define HPET_PERIOD    0x004 /* fs per tick */
#define HPET_CONFIG    0x010
#define HPET_COUNTER   0x0f0

static volatile uint32_t *hpet;

static uint32_t read_hpet(void)
{
    return hpet[HPET_COUNTER / 4];
}

static uint32_t read_pm_timer(void)
{
    return inl(acpi.pm_timer) & 0xffffff;
}

/* Counts down from 65535, so its complement counts up. */
static uint32_t read_pit(void)
{
    uint8_t lo;

    outb(PIT_MODE, 0x80); /* latch channel 2 */
    lo = inb(PIT_CHANNEL2);
    return 0xffff - (lo | inb(PIT_CHANNEL2) << 8);
}

struct reference {
    const char *name;
    uint32_t (*read)(void);
    uint32_t mask;
    uint64_t hz;
};

static bool __init find_hpet(struct reference *ref)
{
    uint32_t fs;

    if (!acpi.hpet)
        return false;
    set_fixmap(FIX_HPET, _mfn(acpi.hpet >> PAGE_SHIFT), HV_PTE_UC);
    hpet = (void *)(fix_to_virt(FIX_HPET) + (acpi.hpet & ~PAGE_MASK));
    fs = hpet[HPET_PERIOD / 4];
    if (fs < 100000 || fs > 100000000)
        return false;
    hpet[HPET_CONFIG / 4] |= 1;
    *ref = (struct reference){"HPET", read_hpet, UINT32_MAX,
                              1000000000000000UL / fs};
    return true;
}

static void __init find_reference(struct reference *ref)
{
    if (find_hpet(ref))
        return;
    if (acpi.pm_timer) {
        *ref = (struct reference){"ACPI PM timer", read_pm_timer, 0xffffff,
                                  PM_TIMER_CLOCK};
        return;
    }
    /* Channel 2, one-shot; its gate is in the speaker's port. */
    outb(PIT_GATE, (inb(PIT_GATE) & ~2) | 1);
    outb(PIT_MODE, 0xb0);
    outb(PIT_CHANNEL2, 0xff);
    outb(PIT_CHANNEL2, 0xff);
    *ref = (struct reference){"PIT", read_pit, 0xffff, PIT_CLOCK};
}

/* The three clocks at one moment. */
struct reading {
    uint64_t tsc;
    uint32_t count, apic;
};

/*
 * Between two instructions the CPU may be away for long, by an SMI or in a
 * machine that is virtual. Of several readings the one is taken during which
 * the TSC moved least.
 */
#define READINGS 20
static struct reading __init read_clocks(const struct reference *ref)
{
    struct reading best = {0};
    uint64_t least = ~0ULL;

    for (unsigned int i = 0; i < READINGS; i++) {
        uint64_t before = rdtsc_ordered(), took;
        uint32_t count = ref->read();
        uint32_t apic = lapic_read(APIC_TIMER_COUNT);

        took = rdtsc_ordered() - before;
        if (took < least) {
            least = took;
            best = (struct reading){before + took / 2, count, apic};
        }
    }
    return best;
}

/* One window for TSC and APIC timer. Interrupts are off. */
static void __init calibrate(void)
{
    struct reference ref;
    struct reading start, end;
    uint32_t lvt = lapic_read(APIC_LVT_TIMER), ticks;
    uint64_t want, apic_hz;

    find_reference(&ref);
    want = ref.hz * CALIBRATION_NS / SECONDS(1);
    lapic_write(APIC_LVT_TIMER, APIC_LVT_MASKED);
    lapic_write(APIC_TIMER_INITIAL, UINT32_MAX);
    start = read_clocks(&ref);
    while (((ref.read() - start.count) & ref.mask) < want)
        ;
    end = read_clocks(&ref);
    lapic_write(APIC_TIMER_INITIAL, 0);
    lapic_write(APIC_LVT_TIMER, lvt);

    ticks = (end.count - start.count) & ref.mask;
    set_scale((end.tsc - start.tsc) * ref.hz / ticks);
    apic_hz = (uint64_t)(start.apic - end.apic) * ref.hz / ticks;
    lapic_set_timer_hz(apic_hz);
    tsc_base = start.tsc;
    printk(XENLOG_INFO "TSC %lu.%03lu MHz, APIC timer %lu kHz (by %s)\n",
           cpu_khz / 1000, cpu_khz % 1000, apic_hz / 1000, ref.name);
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

/* The second copy, which the guest maps into user space for its vDSO. v is
 * current; at a bad moment (the page is not there) it stays as it was. */
static void update_time_area(struct vcpu *v, struct vcpu_time_info t)
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

static struct vcpu_time_info clock_now(void)
{
    struct vcpu_time_info t = {
        .tsc_timestamp = tsc_base,
        .tsc_to_system_mul = tsc_scale.mul,
        .tsc_shift = tsc_scale.shift,
        .flags = tsc_reliable ? PVCLOCK_TSC_STABLE : 0,
    };

    if (!tsc_reliable) {
        t.tsc_timestamp = rdtsc_ordered();
        t.system_time = get_s_time();
    }
    return t;
}

/* Of two writers the later one's clock must be the later one, too: it is read
 * under the lock. */
static void publish(struct vcpu *v)
{
    unsigned long flags = clock_records_lock();
    struct vcpu_time_info t = clock_now();

    clock_record_open(&v->vcpu_info->time);
    clock_record_close(&v->vcpu_info->time, &t);
    clock_records_unlock(flags);
}

void update_vcpu_system_time(struct vcpu *v)
{
    struct vcpu_time_info t = clock_now();

    /* A reliable clock never changes, so this is mostly a comparison. */
    if (!clock_record_same(&v->vcpu_info->time, &t))
        publish(v);
    if (v->time_info_guest && v == current &&
        !clock_record_same(&v->arch.pending_time, &t))
        update_time_area(v, t);
}

/* A new area: what was published to another one does not count. */
void forget_time_area(struct vcpu *v)
{
    v->arch.pending_time.tsc_to_system_mul = 0;
}

/* --- start-up --- */

void __init time_init(void)
{
    uint32_t r[4];

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
