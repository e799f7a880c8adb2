/* SPDX-License-Identifier: MIT */
/*
 * What libxl.h promises and this library does not do. The list is in the file
 * 'absent'; gentypes.py makes a failing function of each name.
 */
#include "internal.h"

static void libxl__absent(libxl_ctx *ctx, const char *function)
{
    if (ctx)
        LIBXL__LOG(ctx, XTL_ERROR, "%s is not supported by xen-lite", function);
}

#include "absent.inc"
