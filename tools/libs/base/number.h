/* SPDX-License-Identifier: MIT */
/*
 * Numbers out of strings that others wrote: a store's node, a user's word. Such
 * a string is believed only as a whole. The functions of libc accept blanks and
 * signs, stop at the first character that is no digit, and depend on the
 * locale; none of that is wanted here.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The decimal number that is the whole of text and at most max. Anything else
 * (no digit, a sign, a space, more text, a larger number) is false, and leaves
 * *value alone. Leading zeros are no fault. text ends with a zero; a guest may
 * have written what is before it. max is the last number that the caller has a
 * use for, such as UINT16_MAX for a domid, so that value fits where it is to go
 * without a second check.
 */
static inline bool parse_uint(const char *text, uint64_t max, uint64_t *value)
{
    uint64_t v = 0;

    if (!*text)
        return false;
    for (; *text; text++) {
        unsigned int digit = (unsigned char)*text - '0';

        /* What is no digit is a large number here. The test comes before the
         * sum, so that nothing overflows, even with max at its largest. */
        if (digit > 9 || v > max / 10 || v * 10 > max - digit)
            return false;
        v = v * 10 + digit;
    }
    *value = v;
    return true;
}

#endif
