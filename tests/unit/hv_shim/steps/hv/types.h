/* SPDX-License-Identifier: MIT */
/* The compiler calls nothing before the accesses of the C library. */
#ifndef SHIM_STEPS_TYPES_H
#define SHIM_STEPS_TYPES_H
#include_next <hv/types.h>
#define memset  interleave_memset
#define memcpy  interleave_memcpy
#define memmove interleave_memmove
void *interleave_memset(void *to, int c, size_t n);
void *interleave_memcpy(void *to, const void *from, size_t n);
void *interleave_memmove(void *to, const void *from, size_t n);
#endif
