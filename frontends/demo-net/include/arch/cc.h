/* SPDX-License-Identifier: MIT */
/* What lwIP wants to know of compiler and platform. */
#ifndef ARCH_CC_H
#define ARCH_CC_H

#include <stdint.h>

/* The formats that printf() of the library has. */
#define LWIP_NO_INTTYPES_H 1
#define LWIP_NO_CTYPE_H    1
#define LWIP_NO_UNISTD_H   1
#define X8_F               "02x"
#define U16_F              "u"
#define S16_F              "d"
#define X16_F              "x"
#define U32_F              "u"
#define S32_F              "d"
#define X32_F              "x"
#define SZT_F              "lu"

/* With headers of the host's kept out. */
typedef long ssize_t;
#define SSIZE_MAX INT64_MAX

/* port.c has these. */
void port_assert(const char *what, const char *file, int line)
    __attribute__((noreturn));
uint32_t port_random(void);

/* No option that prints is on. */
#define LWIP_PLATFORM_DIAG(x)                                                  \
    do {                                                                       \
    } while (0)
#define LWIP_PLATFORM_ASSERT(x) port_assert(x, __FILE__, __LINE__)
#define LWIP_RAND()             port_random()

#endif
