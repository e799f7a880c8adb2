/* SPDX-License-Identifier: MIT */
/*
 * Basic types of the hypervisor, and words for the compiler. Frame numbers have
 * a struct type of their own, so that a machine frame and a plain number (a
 * guest frame, say) cannot be mixed. Every file of the hypervisor includes this
 * one, assembly for MB() and GB() alone.
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

/* A machine address, in bytes. */
typedef uint64_t paddr_t;
/* System time: nanoseconds since boot; differences may be negative. */
typedef int64_t s_time_t;
/* A domain's number; from DOMID_FIRST_RESERVED on they have other meanings. */
typedef uint16_t domid_t;
/* A size, or a negative error. */
typedef long ssize_t;

/* A machine frame: the number of a 4 KiB page of the real machine. */
typedef struct {
    unsigned long m;
} mfn_t;
/* Stands for "none"; mfn_valid() says no to it. */
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
/* INVALID_MFN gives INVALID_MFN_RAW, which is above every frame. */
static inline unsigned long mfn_x(mfn_t m)
{
    return m.m;
}
/* Whether both are the same frame: C compares no structures. INVALID_MFN is
 * equal to itself. */
static inline bool mfn_eq(mfn_t a, mfn_t b)
{
    return a.m == b.m;
}
/* The n-th frame behind m; neither is checked to exist. */
static inline mfn_t mfn_add(mfn_t m, unsigned long n)
{
    return (mfn_t){m.m + n};
}

/* Which way a test usually goes: for paths that every event or fault takes. The
 * value is that of the test, as 0 or 1. */
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
/* Layouts that firmware, hardware or the ABI fixes; places in the image. */
#define __packed     __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __section(s) __attribute__((section(s)))
/*
 * Code and data that are used at boot alone: freed before dom0 runs. A call of
 * an __init function from other code is a fault after boot.
 */
#define __init     __section(".init.text")
#define __initdata __section(".init.data")
/* Apart from data that CPUs write, whose cache lines move between them. */
#define __read_mostly __section(".data.read_mostly")
/* The function never returns to its caller. */
#define noreturn __attribute__((noreturn))
/* The result says whether the caller owns something: not to be dropped. */
#define __must_check __attribute__((warn_unused_result))
/* Argument a is a format for printk() of those from b on. */
#define __printf(a, b) __attribute__((format(printf, a, b)))
/* Elements of an array; a pointer is not one, and is not told apart here. */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
/* The structure of type t whose member m is at p, which must not be NULL. */
#define container_of(p, t, m) ((t *)((char *)(p)-offsetof(t, m)))
/* b is not 0; of ROUND_UP() a power of two. a + b must not overflow. */
#define DIV_ROUND_UP(a, b) (((a) + (b)-1) / (b))
#define ROUND_UP(a, b)     (((a) + (b)-1) & ~((b)-1))
/* These evaluate an argument twice. */
#define MIN(a, b)     ((a) < (b) ? (a) : (b))
#define MAX(a, b)     ((a) > (b) ? (a) : (b))
#define BITS_PER_LONG 64
#endif

/* Bytes. The type is that of x: for more than 2 GiB it is to be 1UL, or in
 * assembly what its arithmetic has, 64 bits. */
#define MB(x) ((x) << 20)
#define GB(x) ((x) << 30)

#endif
