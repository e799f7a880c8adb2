/* SPDX-License-Identifier: MIT */
/*
 * Functions that libxl.h declares and this library does not support. The list
 * is in the file 'absent'; gentypes.py generates a failing function for each
 * name.
 */
#include "internal.h"

static void libxl__absent(libxl_ctx *ctx, const char *function)
{
    if (ctx)
        LIBXL__LOG(ctx, XTL_ERROR, "%s is not supported by xen-lite", function);
}

#include "absent.inc"
