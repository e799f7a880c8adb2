/* SPDX-License-Identifier: MIT */
/*
 * What the compiler calls before each access of code that it has compiled with
 * -fsanitize=thread, in the place of that sanitizer's own functions.
 */
#include <string.h>
#include "interleave.h"

static void step(const volatile void *p, size_t n, bool write, const void *pc)
{
    interleave_turn((uintptr_t)p, n, write, pc);
    interleave_perform((uintptr_t)p, n, write);
}

#define HERE __builtin_return_address(0)

void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void *pc);
void __tsan_read_range(void *p, long n);
void __tsan_write_range(void *p, long n);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc)
{
}

void __tsan_func_exit(void *pc)
{
}

void __tsan_read_range(void *p, long n)
{
    step(p, n, false, HERE);
}

void __tsan_write_range(void *p, long n)
{
    step(p, n, true, HERE);
}

/* Nobody calls these by name but the compiler. */
#define PLAIN(bytes)                                                           \
    void __tsan_read##bytes(void *p);                                          \
    void __tsan_write##bytes(void *p);                                         \
    void __tsan_read##bytes(void *p)                                           \
    {                                                                          \
        step(p, bytes, false, HERE);                                           \
    }                                                                          \
    void __tsan_write##bytes(void *p)                                          \
    {                                                                          \
        step(p, bytes, true, HERE);                                            \
    }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

#define CHANGE(bits, name, builtin)                                            \
    uint##bits##_t __tsan_atomic##bits##_##name(volatile void *p,              \
                                                uint##bits##_t v, int order);  \
    uint##bits##_t __tsan_atomic##bits##_##name(volatile void *p,              \
                                                uint##bits##_t v, int order)   \
    {                                                                          \
        step(p, bits / 8, true, HERE);                                         \
        return builtin((volatile uint##bits##_t *)p, v, __ATOMIC_SEQ_CST);     \
    }

#define ATOMIC(bits)                                                           \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile void *p,          \
                                              int order);                      \
    void __tsan_atomic##bits##_store(volatile void *p, uint##bits##_t v,       \
                                     int order);                               \
    bool __tsan_atomic##bits##_compare_exchange_strong(                        \
        volatile void *p, void *old, uint##bits##_t v, int good, int bad);     \
    uint##bits##_t __tsan_atomic##bits##_load(const volatile void *p,          \
                                              int order)                       \
    {                                                                          \
        step(p, bits / 8, false, HERE);                                        \
        return *(const volatile uint##bits##_t *)p;                            \
    }                                                                          \
    void __tsan_atomic##bits##_store(volatile void *p, uint##bits##_t v,       \
                                     int order)                                \
    {                                                                          \
        step(p, bits / 8, true, HERE);                                         \
        *(volatile uint##bits##_t *)p = v;                                     \
    }                                                                          \
    /* One that fails has only read. */                                        \
    bool __tsan_atomic##bits##_compare_exchange_strong(                        \
        volatile void *p, void *old, uint##bits##_t v, int good, int bad)      \
    {                                                                          \
        volatile uint##bits##_t *word = p;                                     \
        uint##bits##_t *expected = old, found;                                 \
                                                                               \
        interleave_turn((uintptr_t)p, bits / 8, true, HERE);                   \
        found = *word;                                                         \
        interleave_perform((uintptr_t)p, bits / 8, found == *expected);        \
        if (found == *expected) {                                              \
            *word = v;                                                         \
            return true;                                                       \
        }                                                                      \
        *expected = found;                                                     \
        return false;                                                          \
    }                                                                          \
    /* The form that clang calls. */                                           \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                 \
        volatile void *p, uint##bits##_t old, uint##bits##_t v, int good,      \
        int bad);                                                              \
    uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(                 \
        volatile void *p, uint##bits##_t old, uint##bits##_t v, int good,      \
        int bad)                                                               \
    {                                                                          \
        __tsan_atomic##bits##_compare_exchange_strong(p, &old, v, good, bad);  \
        return old;                                                            \
    }                                                                          \
    CHANGE(bits, exchange, __atomic_exchange_n)                                \
    CHANGE(bits, fetch_add, __atomic_fetch_add)                                \
    CHANGE(bits, fetch_sub, __atomic_fetch_sub)                                \
    CHANGE(bits, fetch_and, __atomic_fetch_and)                                \
    CHANGE(bits, fetch_or, __atomic_fetch_or)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

/* --- the C library's ------------------------------------------------------ */

void *interleave_memset(void *to, int c, size_t n);
void *interleave_memcpy(void *to, const void *from, size_t n);
void *interleave_memmove(void *to, const void *from, size_t n);

void *interleave_memset(void *to, int c, size_t n)
{
    step(to, n, true, HERE);
    return memset(to, c, n);
}

void *interleave_memcpy(void *to, const void *from, size_t n)
{
    step(from, n, false, HERE);
    step(to, n, true, HERE);
    return memcpy(to, from, n);
}

void *interleave_memmove(void *to, const void *from, size_t n)
{
    step(from, n, false, HERE);
    step(to, n, true, HERE);
    return memmove(to, from, n);
}
