/* SPDX-License-Identifier: MIT */
/*
 * Allocation that cannot fail. An exhausted heap ends the process: no caller
 * of a toolstack library has anything better to do, and an error path that is
 * not written cannot be wrong.
 */
#include "internal.h"
#include "types_support.h"

void *libxl__checked(void *ptr, size_t n, size_t size)
{
    if (ptr)
        return ptr;
    fprintf(stderr, "libxl: out of memory (%zu x %zu bytes)\n", n, size);
    _exit(-1);
}

void *libxl__array_nogc(libxl_ctx *ctx, size_t n, size_t size)
{
    /* calloc(0) may be NULL, which here would look like a failure */
    return libxl__checked(calloc(n ? n : 1, size ? size : 1), n, size);
}

char *libxl__strdup_nogc(libxl_ctx *ctx, const char *s)
{
    return s ? libxl__checked(strdup(s), 1, strlen(s)) : NULL;
}

void libxl__must_be_unset(bool ok, const char *type)
{
    if (ok)
        return;
    fprintf(stderr, "libxl: the application uses a %s wrongly\n", type);
    abort();
}
