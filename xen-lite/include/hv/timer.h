/* SPDX-License-Identifier: MIT */
/*
 * One-shot timers on system time, one pairing heap for each CPU: intrusive, so
 * that arming a timer never allocates. A handler runs in TIMER_SOFTIRQ on the
 * timer's CPU, with interrupts on and no lock held; it may arm its timer again.
 *
 * Locks   TIMER, inside each function; callable with any lock above it held
 */
#ifndef HV_TIMER_H
#define HV_TIMER_H

#include <hv/types.h>

struct timer {
    s_time_t expires;
    void (*fn)(void *data);
    void *data;
    struct timer *child, *sibling,
        *back; /* heap; back: parent or left sibling */
    uint16_t cpu;
    bool active, killed;
};

/* Before anything else; the timer's memory must stay until kill_timer(). */
void init_timer(struct timer *t, void (*fn)(void *), void *data,
                unsigned int cpu);
/* Arms or re-arms; a time in the past fires at once. Callable from any CPU. */
void set_timer(struct timer *t, s_time_t expires);
/* Not armed any more. The handler may be running on its CPU at this moment. */
void stop_timer(struct timer *t);
/* Moves an armed or idle timer to another CPU. */
void migrate_timer(struct timer *t, unsigned int cpu);
/*
 * Stops for ever and waits until a running handler has returned; set_timer()
 * does nothing afterwards. From the
 * handler itself it does not wait.
 */
void kill_timer(struct timer *t);
static inline bool timer_is_active(const struct timer *t)
{
    return t->active;
}
void timer_dump_cpu(unsigned int cpu);
void timer_init(void); /* boot CPU, once */
void timer_init_cpu(unsigned int cpu);

/* --- time ----------------------------------------------------------------- */
#define MICROSECS(n) ((s_time_t)(n)*1000)
#define MILLISECS(n) ((s_time_t)(n)*1000000)
#define SECONDS(n)   ((s_time_t)(n)*1000000000)
#define STIME_MAX    INT64_MAX

/*
 * System time: ns since boot. Monotonic on each CPU; CPUs agree within what
 * their TSCs allow.
 */
s_time_t get_s_time(void); /* ns since boot, this CPU, monotonic */
/*
 * Architecture: interrupts this CPU at deadline (STIME_MAX: never). False if
 * the deadline is past already: the caller must raise TIMER_SOFTIRQ.
 */
bool reprogram_timer(s_time_t deadline);

#endif
