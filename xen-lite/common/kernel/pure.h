/* SPDX-License-Identifier: MIT */
/*
 * What the functions of hv/kernel.h need from their surroundings. The
 * hypervisor and the C library both have these; neither's headers suit the
 * other, so the declarations are here.
 */
#ifndef HV_KERNEL_PURE_H
#define HV_KERNEL_PURE_H

#include <hv/kernel.h>

/* Linux's numbers, as the callers of libxlguest see them in errno. */
enum { ENOMEM = 12, EINVAL = 22, EFBIG = 27 };

void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
int strcmp(const char *a, const char *b);

#endif
