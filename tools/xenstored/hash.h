/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a string as a polynomial's coefficients, and its value at a
 * secret point, modulo a prime. It can be continued: the hash of a path is that
 * of its parent with the rest added. Whoever does not know the point cannot
 * choose strings that collide, so clients may fill tables as they like. Hashes
 * are kept in memory alone: the next daemon has another point.
 */
#ifndef XENSTORED_HASH_H
#define XENSTORED_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_PRIME ((UINT64_C(1) << 61) - 1)

/* The hash of nothing. */
#define HASH_START UINT64_C(0)

/* Below the prime; the same for all tables. */
extern uint64_t hash_point;

/* Chooses it, before there are any hashes. 0 or an errno value. */
int hash_init(void);

/* The hash of what 'hash' stands for with len more bytes; begins with
 * HASH_START. len may be 0, and the bytes may have any value. */
static inline uint64_t hash_add(uint64_t hash, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned __int128 sum =
            (unsigned __int128)hash * hash_point + (unsigned char)data[i] + 1;

        /* 2^61 is 1 here. */
        hash = (uint64_t)(sum & HASH_PRIME) + (uint64_t)(sum >> 61);
        hash -= hash >= HASH_PRIME ? HASH_PRIME : 0;
    }
    return hash;
}

/* Of a whole string, without its terminator: the same as piece by piece,
 * which is how the watches of all parents of a path are found. */
static inline uint64_t hash_path(const char *path)
{
    return hash_add(HASH_START, path, strlen(path));
}

/* Of a pair of strings with these hashes. */
static inline uint64_t hash_pair(uint64_t a, uint64_t b)
{
    return hash_add(a, (const char *)&b, sizeof(b));
}

#endif
