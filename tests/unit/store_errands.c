/* SPDX-License-Identifier: MIT */
/* Errands of a store that is its own parent: its files are wherever the test
 * wants them. */
#include "../../tools/xenstored/errand.h"

int errand_open(const char *path, enum file_use use)
{
    return file_open(path, use);
}

int errand_listen(const char *path)
{
    return file_listen(path);
}

int errand_rename(const char *from, const char *to)
{
    return -file_rename(from, to);
}

int errand_cut(const char *path, uint32_t size)
{
    return -file_cut(path, size);
}

int errand_remove(const char *path)
{
    return -file_remove(path);
}
