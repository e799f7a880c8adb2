/* SPDX-License-Identifier: MIT */
/*
 * System time as a straight line over the TSC, and how it is bent to follow
 * another clock, the platform timer. Arithmetic alone: nothing here reads a
 * clock or takes a lock.
 */
#ifndef ASM_CLOCK_LINE_H
#define ASM_CLOCK_LINE_H

#include <hv/types.h>

/* At TSC stamp it is time; from there ns = ((ticks << shift) * mul) >> 32, a
 * negative shift to the right. Guests compute just the same. */
struct clock_line {
    uint64_t stamp;
    s_time_t time;
    uint32_t mul;
    int8_t shift;
};

/* How long so many ticks are. Good for more than 250 years: then it overflows.
 */
static inline s_time_t line_ns(const struct clock_line *l, uint64_t ticks)
{
    if (l->shift < 0)
        ticks >>= -l->shift;
    else
        ticks <<= l->shift;
    return (unsigned __int128)ticks * l->mul >> 32;
}

/* Not before the line's begin, also for a TSC that is a little behind. */
static inline s_time_t line_time(const struct clock_line *l, uint64_t tsc)
{
    return l->time + (tsc > l->stamp ? line_ns(l, tsc - l->stamp) : 0);
}

/* Sets mul and shift for a TSC of that rate, not 0. Stamp and time stay. */
void line_set_rate(struct clock_line *l, uint64_t hz);
/* The same the other way round: TSC ticks in 2^32 ns. */
uint64_t line_ticks(const struct clock_line *l);
/* At tsc, which is later than the stamp, the line goes on with another rate. It
 * has no step there. */
void line_bend(struct clock_line *l, uint64_t tsc, uint32_t mul);

/* The platform timer read between two readings of the TSC: count belongs to
 * tsc, to half of width on either side. */
struct clock_reading {
    uint64_t tsc, width;
    uint32_t count;
};

/* What is known of the platform timer that a line follows. */
struct clock_follower {
    uint64_t count_ns; /* a count's length, 32.32 */
    uint32_t mask;     /* of the bits that count */
    uint32_t mul;      /* the line's rate as it was calibrated */
    int64_t drift;     /* what the line's rate should be, beyond mul */
    s_time_t interval; /* how long a difference is made up for */

    /* The last reading. */
    uint32_t count;
    s_time_t seen;      /* by the line */
    s_time_t reference; /* by the timer */
    s_time_t uncertain; /* so much, on either side */
};

/* l is right at this reading, and its rate is what was calibrated. */
void follow_start(struct clock_follower *f, const struct clock_line *l,
                  const struct clock_reading *r);
/*
 * The rate (mul) with which l comes nearer to the timer until the next reading,
 * never far from the calibrated one. False if the reading is implausible: then
 * the timer is followed from where it is now, with the rate that was learnt.
 */
bool follow_steer(struct clock_follower *f, const struct clock_line *l,
                  const struct clock_reading *r, uint32_t *mul);

#endif
