/* SPDX-License-Identifier: MIT */
/*
 * For programs that play a guest which lies: numbers at random by a seed, how
 * much is to be done, and a thread that writes anything into the memory that
 * the guest shares, while the code under test looks at it.
 *
 * The seeds stand in each program; what the thread meets depends on the
 * processors as well, so a run is like another, and not the same.
 */
#ifndef TESTS_FUZZ_MEDDLER_H
#define TESTS_FUZZ_MEDDLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* By FUZZ_COUNT, for the long form; else so much. */
unsigned long fuzz_count(unsigned long otherwise);
/* By SEED, to repeat a run; else this one. */
void fuzz_seed(uint64_t seed);
uint32_t fuzz_random(void);
/* One time of so many. */
static inline bool fuzz_once_in(uint32_t n)
{
    return fuzz_random() % n == 0;
}
/* Mostly below n. */
uint32_t fuzz_mostly_below(uint32_t n);
void fuzz_fill(void *to, size_t bytes);

struct meddled {
    void *from;
    size_t size;
};

#define MEDDLED_MAX 1200

/* Writes into these, n of them, from now on; 0: into nothing. The list is
 * copied. The thread is made the first time, and ends with the process. */
void meddle(const struct meddled *areas, unsigned int n);

#endif
