/* SPDX-License-Identifier: MIT */
/*
 * What the functions of hv/kernel.h need from their surroundings. The
 * hypervisor and the C library both have these; neither's headers suit the
 * other, so the declarations are here. Who includes this is compiled twice: for
 * us, to start dom0, and for libxlguest.
 */
#ifndef HV_KERNEL_PURE_H
#define HV_KERNEL_PURE_H

#include <hv/kernel.h>

/* Linux's numbers, as the callers of libxlguest see them in errno. */
enum { ENOMEM = 12, EINVAL = 22, EFBIG = 27 };

/* As in C. Nothing else is there: no allocation, no output. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
int strcmp(const char *a, const char *b);

#endif
