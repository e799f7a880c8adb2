/* SPDX-License-Identifier: MIT */
/* FNV-1a, which can be continued: the hash of a path is that of its parent with
 * the rest added. */
#ifndef XENSTORED_HASH_H
#define XENSTORED_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START 2166136261u

static inline uint32_t hash_add(uint32_t hash, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)data[i]) * 16777619u;
    return hash;
}

static inline uint32_t hash_path(const char *path)
{
    return hash_add(HASH_START, path, strlen(path));
}

#endif
