/* SPDX-License-Identifier: MIT */
/*
 * Bit searches. A bitmap is read in whole words, so it is an array of
 * them; bits at or past nbits are never reported.
 */
#include <hv/bitops.h>

static unsigned long find_next(const uint64_t *map, unsigned long nbits,
                               unsigned long start, uint64_t invert)
{
    for (unsigned long w = start / 64; start < nbits; start = ++w * 64) {
        uint64_t word = (map[w] ^ invert) & (~0ULL << (start % 64));

        if (word) {
            unsigned long found = w * 64 + ffs64(word);
            return found < nbits ? found : nbits;
        }
    }
    return nbits;
}

unsigned long find_next_bit(const void *addr, unsigned long nbits,
                            unsigned long start)
{
    return find_next(addr, nbits, start, 0);
}

unsigned long find_next_zero_bit(const void *addr, unsigned long nbits,
                                 unsigned long start)
{
    return find_next(addr, nbits, start, ~0ULL);
}
