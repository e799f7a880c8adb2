/* SPDX-License-Identifier: MIT */
/*
 * System time follows the platform's timer: over seconds it passes like the
 * ACPI PM timer, its records are written anew, and whichever record is read on
 * whichever vcpu, time is never earlier than what another vcpu has seen before.
 * run: smp=2 timeout=60
 */
#include <pv/io_port.h>
#include <pv/pv.h>

#define SECOND      1000000000UL
#define PM_TIMER    0x608 /* where QEMU's firmware puts it */
#define PM_TIMER_HZ 3579545UL

static uint64_t rdtsc(void)
{
    uint32_t lo, hi;

    asm volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi));
    return (uint64_t)hi << 32 | lo;
}

static uint64_t read_clock(const volatile struct vcpu_time_info *t)
{
    uint32_t version;
    uint64_t ns;

    do {
        uint64_t delta;

        version = t->version & ~1u;
        barrier();
        delta = rdtsc() - t->tsc_timestamp;
        delta =
            t->tsc_shift < 0 ? delta >> -t->tsc_shift : delta << t->tsc_shift;
        ns = t->system_time +
             (uint64_t)((unsigned __int128)delta * t->tsc_to_system_mul >> 32);
        barrier();
    } while (version != t->version);
    return ns;
}

static uint64_t clock_of(unsigned int vcpu)
{
    return read_clock(&shared_info->vcpu_info[vcpu].time);
}

/* --- time never goes back ------------------------------------------------- */

static struct {
    volatile bool taken;
    uint64_t last[2]; /* all that was seen, where vcpus may be compared */
} seen;
static bool stable; /* the hypervisor says that they may */
static volatile unsigned long readings[2], backwards, worst;
static volatile bool stop, stopped;
static struct vcpu_time_info *area;

static void look(unsigned int vcpu, const volatile struct vcpu_time_info *t)
{
    uint64_t now, *last;

    while (__atomic_exchange_n(&seen.taken, true, __ATOMIC_ACQUIRE))
        asm volatile("pause");
    last = &seen.last[stable ? 0 : vcpu];
    now = read_clock(t);
    if (now < *last) {
        backwards++;
        if (*last - now > worst)
            worst = *last - now;
    } else {
        *last = now;
    }
    readings[vcpu]++;
    __atomic_store_n(&seen.taken, false, __ATOMIC_RELEASE);
}

static void second(void)
{
    while (!stop) {
        look(1, &shared_info->vcpu_info[1].time);
        if (stable) /* else it is vcpu 0's alone */
            look(1, area);
    }
    stopped = true;
    HC3(vcpu_op, VCPUOP_down, 1, 0);
}

/* --- beside the timer ----------------------------------------------------- */

static uint32_t pm_timer(void)
{
    return in32(PM_TIMER) & 0xffffff;
}

struct moment {
    uint64_t ns, width;
    uint32_t count;
};

/* The closest of several readings. */
static struct moment this_moment(void)
{
    struct moment best = {.width = ~0UL};

    for (unsigned int i = 0; i < 200; i++) {
        uint64_t before = clock_of(0), width;
        uint32_t count = pm_timer();

        width = clock_of(0) - before;
        if (width < best.width)
            best = (struct moment){before + width / 2, width, count};
    }
    return best;
}

/* While vcpu 0 waits its records must change, too. */
static void pass(uint64_t ns)
{
    uint64_t end = clock_of(0) + ns;

    while (clock_of(0) < end) {
        struct sched_poll poll = {.timeout = clock_of(0) + SECOND / 10};

        HC2(sched_op, SCHEDOP_poll, &poll);
        for (unsigned int i = 0; i < 2000; i++)
            look(0, &shared_info->vcpu_info[0].time);
        if (stable)
            look(0, area);
    }
}

#define PASS (3 * SECOND) /* the timer comes round after 4.7 s */
#define PPM  200

int main(void)
{
    struct physdev_set_iopl iopl = {.iopl = 1};
    struct vcpu_register_time_memory_area reg;
    uint32_t version = shared_info->vcpu_info[0].time.version;
    struct moment start, end;
    int64_t by_timer, by_clock, off;
    uint64_t limit;
    bool same = false;

    stable = shared_info->vcpu_info[0].time.flags & 1;

    HC2(physdev_op, PHYSDEVOP_set_iopl, &iopl);
    area = alloc_page();
    reg.addr.v = area;
    is(HC3(vcpu_op, VCPUOP_register_vcpu_time_memory_area, 0, &reg), 0,
       "an area for vcpu 0's clock");
    is(area->version & 1, 0, "the area's version is even");
    off = read_clock(area) - clock_of(0);
    ok(off > -(int64_t)SECOND && off < (int64_t)SECOND,
       "the area has the clock at once (%ld ns away)", off);
    is(start_vcpu(1, second), 0, "a second vcpu reads the clock");
    limit = clock_of(0) + 20 * SECOND;
    while (!readings[1] && clock_of(0) < limit)
        HC2(sched_op, SCHEDOP_yield, 0);

    pass(2 * SECOND);
    start = this_moment();
    pass(PASS);
    end = this_moment();
    stop = true;
    limit = clock_of(0) + 20 * SECOND;
    while (!stopped && clock_of(0) < limit)
        HC2(sched_op, SCHEDOP_yield, 0);

    ok(shared_info->vcpu_info[0].time.version != version &&
           shared_info->vcpu_info[0].time.tsc_timestamp,
       "the record is written anew");
    for (unsigned int i = 0; i < 5 && !same; i++) /* it changes now and then */
        same =
            area->tsc_timestamp == shared_info->vcpu_info[0].time.tsc_timestamp;
    if (stable)
        ok(same, "the area has the same clock as the record");
    else
        skip("the record is of one CPU", "the area has the same clock");
    diag("%lu and %lu readings", readings[0], readings[1]);
    ok(readings[0] && readings[1], "both vcpus have read the clock");
    is(backwards, 0, "time never went back (at worst %lu ns)", worst);

    by_clock = end.ns - start.ns;
    by_timer = ((end.count - start.count) & 0xffffff) * SECOND / PM_TIMER_HZ;
    off = by_clock - by_timer;
    diag("%ld ns off in %ld ns, read to %lu and %lu ns", off, by_clock,
         start.width, end.width);
    if (start.count == end.count) {
        skip("no PM timer there", "time passes like the PM timer");
    } else if (by_clock > 4 * (int64_t)SECOND) {
        skip("the CPU was away for too long", "time passes like the PM timer");
    } else {
        uint64_t allowed =
            by_clock / 1000000 * PPM + (start.width + end.width) / 2 + 600;

        ok(off < (int64_t)allowed && -off < (int64_t)allowed,
           "time passes like the PM timer (%ld ppm)", off * 1000000 / by_clock);
    }
    return 0;
}
