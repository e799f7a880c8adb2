/* SPDX-License-Identifier: MIT */
/* The daemon's idea of time: milliseconds of a clock that never jumps. */
#ifndef XENSTORED_CLOCK_H
#define XENSTORED_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

#endif
