/* SPDX-License-Identifier: MIT */
/*
 * Two expressions that C has no word for, as in the hypervisor. Both are
 * checked by nothing: the caller knows that it is an array, or which member it
 * has.
 */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <stddef.h>

/* Elements of an array (not of a pointer). */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* The structure that holds, as its member, what ptr points to. */
#define container_of(ptr, type, member)                                        \
    ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
