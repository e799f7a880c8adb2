/* SPDX-License-Identifier: MIT */
/* Numbers out of strings that others wrote: a store's node, a user's word. */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The decimal number that is the whole of text and at most max. Anything else
 * (no digit, a sign, a space, more text, a larger number) is false, and leaves
 * *value alone. Leading zeros are no fault.
 */
static inline bool parse_uint(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        unsigned int digit = (unsigned char)*text - '0';

        if (digit > 9 || v > max / 10 || v * 10 > max - digit)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

#endif
