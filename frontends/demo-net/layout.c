/* SPDX-License-Identifier: MIT */
/* How a number stands in a block of the disk; see disk.h. */
#include <string.h>

#include "disk.h"
#include "request.h"

int64_t disk_number(const char *block, const char *word, int64_t max)
{
    size_t begin = strlen(word) + 1, end = begin;

    if (memcmp(block, word, begin - 1) || block[begin - 1] != ' ')
        return -1;
    while (end < DISK_BLOCK && block[end] != '\n')
        end++;
    return end < DISK_BLOCK ? decimal(block + begin, end - begin, max) : -1;
}
