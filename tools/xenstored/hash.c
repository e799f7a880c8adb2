/* SPDX-License-Identifier: MIT */
/* See hash.h. */
#include "hash.h"

#include <errno.h>
#include <sys/random.h>

/* What tests have. */
uint64_t hash_point = 0x123456789abcdef;

int hash_init(void)
{
    uint64_t any;

    if (getrandom(&any, sizeof(any), 0) != sizeof(any))
        return errno ? errno : EIO;
    /* Neither 0 nor 1, where all strings of one length, or with the same
     * bytes, would collide. */
    hash_point = 2 + any % (HASH_PRIME - 2);
    return 0;
}
