/* SPDX-License-Identifier: MIT */
/*
 * FNV-1a, which can be continued: the hash of a path is that of its parent with
 * the rest added. It spreads names over tables and is no protection: whoever
 * chooses the names can make them collide, so that a table that a client fills
 * must be bounded by its quota. Hashes are kept in memory alone, so that
 * another function could take its place at any time.
 */
#ifndef XENSTORED_HASH_H
#define XENSTORED_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The hash of nothing. */
#define HASH_START 2166136261u

/* The hash of what 'hash' stands for with len more bytes; begins with
 * HASH_START. len may be 0, and the bytes may have any value. */
static inline uint32_t hash_add(uint32_t hash, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)data[i]) * 16777619u; /* FNV's prime */
    return hash;
}

/* Of a whole string, without its terminator: the same as piece by piece,
 * which is how the watches of all parents of a path are found. */
static inline uint32_t hash_path(const char *path)
{
    return hash_add(HASH_START, path, strlen(path));
}

#endif
