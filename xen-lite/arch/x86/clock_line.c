/* SPDX-License-Identifier: MIT */
/* The arithmetic of the clock, see asm/clock_line.h. */
#include <hv/lib.h>
#include <asm/clock_line.h>

/*
 * The rate stays within 1/512 of the calibrated one. An oscillator is off by
 * 0.01 % at most, a calibration in a virtual machine that was away all the time
 * was by 0.09 %: this is enough to follow any timer that is right, and if one
 * is not, a guest sees a clock that is slow or fast, and neither stands nor
 * jumps.
 */
#define RATE_LIMIT_SHIFT 9
/* Between two readings the timer and the line part by less than this; timers
 * that lie (stand still, jump) by more. */
#define PLAUSIBLE_SHIFT 7
/* What is learnt of a difference is kept slowly, so that the noise of single
 * readings goes away; half of it is made up for until the next reading. */
#define LEARN_SHIFT   4
#define CORRECT_SHIFT 1
/* The interval to the next reading is not known: a correction that lasts too
 * long does harm. So it is as long as the longest of late; that is forgotten
 * slowly. */
#define FORGET_SHIFT 3
#define MIN_INTERVAL 1000000000L
#define MAX_INTERVAL (64 * MIN_INTERVAL)

static int64_t within(int64_t v, int64_t limit)
{
    return v < -limit ? -limit : v > limit ? limit : v;
}

void __init line_set_rate(struct clock_line *l, uint64_t hz)
{
    uint64_t shifted = hz;

    /* The multiplier uses its 32 bits, and fits with what steering adds. */
    l->shift = 0;
    for (; shifted > 2200000000UL; l->shift--)
        shifted >>= 1;
    for (; shifted <= 1100000000UL; l->shift++)
        shifted <<= 1;
    l->mul = (1000000000UL << 32) / shifted;
}

uint64_t line_ticks(const struct clock_line *l)
{
    uint64_t ticks = UINT64_MAX / l->mul;

    return l->shift < 0 ? ticks << -l->shift : ticks >> l->shift;
}

void line_bend(struct clock_line *l, uint64_t tsc, uint32_t mul)
{
    l->time = line_time(l, tsc);
    l->stamp = MAX(tsc, l->stamp);
    l->mul = mul;
}

static s_time_t counts_to_ns(const struct clock_follower *f, uint64_t counts)
{
    return (unsigned __int128)counts * f->count_ns >> 32;
}

static s_time_t uncertainty(const struct clock_follower *f,
                            const struct clock_line *l,
                            const struct clock_reading *r)
{
    return line_ns(l, r->width) / 2 + counts_to_ns(f, 1);
}

void __init follow_start(struct clock_follower *f, const struct clock_line *l,
                         const struct clock_reading *r)
{
    f->mul = l->mul;
    f->drift = 0;
    f->interval = 0;
    f->count = r->count;
    f->seen = f->reference = line_time(l, r->tsc);
    f->uncertain = uncertainty(f, l, r);
}

/*
 * How long it was since the last reading, by the timer. It may have passed zero
 * any number of times: that length is taken which is nearest to what passed by
 * the line.
 */
static s_time_t timer_elapsed(const struct clock_follower *f, uint32_t count,
                              s_time_t by_line)
{
    s_time_t part = counts_to_ns(f, (count - f->count) & f->mask);
    s_time_t round = counts_to_ns(f, (uint64_t)f->mask + 1);
    s_time_t missing = by_line - part + round / 2; /* rounded, to be */

    return part + (missing < 0 ? -round : missing / round * round);
}

/* Of a difference, what is beyond the reading's own uncertainty. */
static s_time_t proven(s_time_t difference, s_time_t uncertain)
{
    if (difference > uncertain)
        return difference - uncertain;
    return difference < -uncertain ? difference + uncertain : 0;
}

bool follow_steer(struct clock_follower *f, const struct clock_line *l,
                  const struct clock_reading *r, uint32_t *mul)
{
    s_time_t now = line_time(l, r->tsc), by_line = now - f->seen;
    s_time_t by_timer = timer_elapsed(f, r->count, by_line);
    s_time_t uncertain = uncertainty(f, l, r);
    s_time_t parted = by_timer - by_line, behind;
    s_time_t allowed = (by_line >> PLAUSIBLE_SHIFT) + uncertain + f->uncertain;
    s_time_t interval = f->interval - (f->interval >> FORGET_SHIFT);
    int64_t limit = f->mul >> RATE_LIMIT_SHIFT, rate = 0;
    bool plausible = parted >= -allowed && parted <= allowed;

    interval = MAX(MIN(MAX(by_line, interval), MAX_INTERVAL), MIN_INTERVAL);
    f->interval = interval;
    f->count = r->count;
    f->seen = now;
    f->uncertain = uncertain;
    if (plausible) {
        f->reference += by_timer;
        behind = proven(f->reference - now, uncertain);
        /* The limit first: the product fits then. */
        behind = within(behind, interval >> RATE_LIMIT_SHIFT);
        rate = behind * f->mul / interval;
        f->drift = within(f->drift + rate / (1 << LEARN_SHIFT), limit);
    } else {
        f->reference = now;
    }
    *mul = f->mul + within(f->drift + rate / (1 << CORRECT_SHIFT), limit);
    return plausible;
}
