/* SPDX-License-Identifier: MIT */
/*
 * What every file may use: console output, invariants, strings.
 *
 * Three kinds of failure, three answers: the guest is wrong: negative errno or
 * domain_crash(); the machine is short of something: negative errno, everything
 * undone; an invariant of the hypervisor is broken: BUG_ON. A guest must never
 * reach the third.
 */
#ifndef HV_LIB_H
#define HV_LIB_H

#include <hv/types.h>
#include <hv/errno.h>
#include <hv/bitops.h>

/* Log levels: console output is filtered by loglvl= and guest_loglvl=. */
/* To stand before the format: printk(XENLOG_ERR "text\n"). */
#define XENLOG_ERR     "<0>"
#define XENLOG_WARNING "<1>"
#define XENLOG_INFO    "<2>"

/*
 * Prints to the console and its ring, from any context. A level prefix decides
 * whether loglvl= lets it through; a text without one always passes. Formats:
 * those of C for integers and strings; no floating point.
 */
void printk(const char *fmt, ...) __printf(1, 2);
void vprintk(const char *fmt, va_list ap);
/* How much may be printed of a kind: a burst, then now and then. All zero to
 * begin with. */
struct log_limit {
    s_time_t refill;
    uint32_t used, dropped;
};
struct domain;
/*
 * A line that domain d caused: prefix "d1", level by guest_loglvl=, limited in
 * rate for each domain, so that a guest cannot flood the console.
 */
void gprintk(struct domain *d, const char *fmt, ...) __printf(2, 3);

/* As in C, with the formats of printk(): always terminated unless size is 0,
 * and the length that the whole would have had is returned. */
int vsnprintf(char *buf, size_t size, const char *fmt, va_list ap);
int snprintf(char *buf, size_t size, const char *fmt, ...) __printf(3, 4);

/*
 * The end: prints and stops or restarts the machine (noreboot). bug() adds
 * registers and a stack trace. For broken invariants and for a boot that cannot
 * go on.
 */
noreturn void panic(const char *fmt, ...) __printf(1, 2);
noreturn void bug(const char *file, int line, const char *what);
/* Registers and stack trace of this moment to the console; the caller goes on.
 * It may be called in any context. */
void dump_execution_state(void);

/* BUG_ON() is tested in every build, ASSERT() in debug builds only: its
 * condition must have no effect, and what protects us from a guest is no
 * assertion. */
#define BUG_ON(c)                                                              \
    do {                                                                       \
        if (unlikely(c))                                                       \
            bug(__FILE__, __LINE__, #c);                                       \
    } while (0)
#ifdef HV_DEBUG
#define ASSERT(c) BUG_ON(!(c))
#else
#define ASSERT(c) ((void)sizeof(c))
#endif

/*
 * As in C; compilers call the first four by themselves. strlcpy() returns the
 * length that it would have liked to copy. simple_strtoul() takes base 0 for
 * "by the prefix", sets *end to what is no digit, and does not see an overflow.
 */
void *memcpy(void *d, const void *s, size_t n);
void *memmove(void *d, const void *s, size_t n);
void *memset(void *d, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
void *memchr(const void *s, int c, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t n);
size_t strlcpy(char *d, const char *s, size_t n);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *t);
unsigned long simple_strtoul(const char *s, const char **end, int base);

/*
 * Objects of any size: zeroed; NULL when out of memory or when a product
 * overflows. xfree(NULL) is harmless.
 *
 * Locks   takes HEAP; not for interrupt context
 */
void *xzalloc_bytes(size_t size);
void xfree(void *p);
#define xzalloc(t)          ((t *)xzalloc_bytes(sizeof(t)))
#define xzalloc_array(t, n) ((t *)xzalloc_array_bytes(sizeof(t), n))
static inline void *xzalloc_array_bytes(size_t size, size_t n)
{
    size_t total;
    return __builtin_mul_overflow(size, n, &total) ? 0 : xzalloc_bytes(total);
}

#endif
