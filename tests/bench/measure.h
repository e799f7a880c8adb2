/* SPDX-License-Identifier: MIT */
/* What the programs measured inside a Linux guest share: their clock, and the
 * line by which the script outside learns that a row could not be had. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Prints the reason from errno, and ends the process. */
static inline void die(const char *what)
{
    printf("BENCH failed: %s: %s\n", what, strerror(errno));
    fflush(stdout);
    _exit(1);
}

/* ns */
static inline uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ull + t.tv_nsec;
}

#endif
