/* SPDX-License-Identifier: MIT */
/*
 * Basic types of the hypervisor. Frame numbers have struct types of their own,
 * so that a machine frame, a guest frame and a plain number cannot be mixed.
 */
#ifndef HV_TYPES_H
#define HV_TYPES_H

#ifndef __ASSEMBLY__
/* The image is linked as one: no access goes through a GOT, declarations of
 * other files' functions included (which -fvisibility does not cover). */
#pragma GCC visibility push(hidden)
#include <stdint.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdarg.h>

typedef uint64_t paddr_t; /* machine address, bytes */
typedef int64_t s_time_t; /* system time, ns since boot */
typedef uint16_t domid_t;
typedef long ssize_t;

/* A machine frame: 4 KiB page of the real machine. */
typedef struct {
    unsigned long m;
} mfn_t;
#define INVALID_MFN_RAW (~0UL)
#define INVALID_MFN     ((mfn_t){INVALID_MFN_RAW})

/*
 * Making one of a number, and back: each use is a place where the type ends,
 * and must know that the number is a machine frame.
 */
static inline mfn_t _mfn(unsigned long m)
{
    return (mfn_t){m};
}
static inline unsigned long mfn_x(mfn_t m)
{
    return m.m;
}
static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return a.m == b.m;
}
static inline mfn_t mfn_add(mfn_t m, unsigned long n)
{
    return (mfn_t){m.m + n};
}

#define likely(x)    __builtin_expect(!!(x), 1)
#define unlikely(x)  __builtin_expect(!!(x), 0)
#define __packed     __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __section(s) __attribute__((section(s)))
/*
 * Code and data that are used at boot alone: freed before dom0 runs. A call of
 * an __init function from other code is a fault after boot.
 */
#define __init         __section(".init.text")
#define __initdata     __section(".init.data")
#define __read_mostly  __section(".data.read_mostly")
#define noreturn       __attribute__((noreturn))
#define __must_check   __attribute__((warn_unused_result))
#define __printf(a, b) __attribute__((format(printf, a, b)))
#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
/* The structure of type t whose member m is at p. */
#define container_of(p, t, m) ((t *)((char *)(p)-offsetof(t, m)))
#define DIV_ROUND_UP(a, b)    (((a) + (b)-1) / (b))
#define ROUND_UP(a, b)        (((a) + (b)-1) & ~((b)-1))
/* These evaluate an argument twice. */
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))
#define BITS_PER_LONG 64
#endif

#define MB(x) ((x) << 20)
#define GB(x) ((x) << 30)

#endif
