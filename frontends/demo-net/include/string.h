/* SPDX-License-Identifier: MIT */
/* Those functions of the C library's that lwIP calls, in place of the host's
 * header. The library of guests has them. */
#ifndef STRING_H
#define STRING_H

#include <stddef.h>

void *memset(void *d, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);

#endif
