/* SPDX-License-Identifier: MIT */
/* Here the C library's functions come from a shared library. */
#ifndef SHIM_TYPES_H
#define SHIM_TYPES_H
#include_next <hv/types.h>
#pragma GCC visibility pop
#endif
