/* SPDX-License-Identifier: MIT */
/*
 * A daemon's idea of time: milliseconds of a clock that never jumps. Its zero
 * is arbitrary; it stands still while the machine sleeps. Good for differences
 * and deadlines, not for the time of day.
 */
#ifndef DAEMON_CLOCK_H
#define DAEMON_CLOCK_H

#include <stdint.h>
#include <time.h>

/*
 * Now. It cannot fail, and costs no system call on most machines. In one
 * process it never goes back; times of different processes may be compared,
 * until the machine is started anew. Rounded down, so that what is due is never
 * early by more than a millisecond.
 */
static inline uint64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

#endif
