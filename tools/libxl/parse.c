/* SPDX-License-Identifier: MIT */
/*
 * Numbers out of strings that others wrote.
 */
#include "internal.h"

int libxl__parse_uint(const char *s, uint32_t max, uint32_t *value)
{
    unsigned long long v;
    char *end;

    if (*s < '0' || *s > '9')
        return ERROR_INVAL;
    errno = 0;
    v = strtoull(s, &end, 10);
    if (*end || errno || v > max)
        return ERROR_INVAL;
    *value = v;
    return 0;
}
