/* SPDX-License-Identifier: MIT */
/* The one function of this header that lwIP names, for interfaces found by
 * their names, which nothing here does. */
#ifndef STDLIB_H
#define STDLIB_H

static inline int atoi(const char *s)
{
    int n = 0;

    while (*s >= '0' && *s <= '9' && n < 1000)
        n = n * 10 + *s++ - '0';
    return n;
}

#endif
