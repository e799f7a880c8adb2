/* SPDX-License-Identifier: MIT */
/*
 * Bits in memory and numbers. The plain forms are atomic (LOCK) and full
 * barriers; the __ forms are not atomic.
 *
 * Nothing here checks nr against the size of the bitmap: the caller must have
 * compared a number that a guest gave. A word is accessed as a whole, so that a
 * bitmap's size is a multiple of 4 bytes and its address is aligned to 4.
 */
#ifndef HV_BITOPS_H
#define HV_BITOPS_H

#include <hv/types.h>

/*
 * Whether bit nr is set, counting from bit 0 of the byte at addr. Not a
 * barrier, and nothing is known of the bits beside it; a bit that guests or
 * other CPUs change may be another the next time.
 */
static inline bool test_bit(unsigned long nr, const volatile void *addr)
{
    return (((const volatile uint8_t *)addr)[nr / 8] >> (nr % 8)) & 1;
}
/* Guests choose bit positions in their own pages. These are 32-bit operations
 * at the natural word, so an access never leaves the word that holds the
 * bit. */
/* addr is aligned to 4, which a guest's page is; bits count from the lowest of
 * the first byte on, as on any little-endian machine. */
#define HV_BITWORD(addr, nr) (((volatile uint32_t *)(addr)) + (nr) / 32)
/*
 * Atomic, and full barriers; the test_and_ forms return the old value. Use
 * those to decide who of several CPUs does what a change asks for.
 */
/* In a guest's page these are the ones to use: another vcpu may change the word
 * at any time. */
static inline void set_bit(unsigned long nr, volatile void *addr)
{
    __atomic_fetch_or(HV_BITWORD(addr, nr), 1u << (nr % 32), __ATOMIC_SEQ_CST);
}
/* What was written before is visible to whoever finds the bit clear. */
static inline void clear_bit(unsigned long nr, volatile void *addr)
{
    __atomic_fetch_and(HV_BITWORD(addr, nr), ~(1u << (nr % 32)),
                       __ATOMIC_SEQ_CST);
}
/* In this form compilers see one instruction (bts, btr). Anything else becomes
 * a loop, which a guest that keeps changing the word could hold up. */
static inline bool test_and_set_bit(unsigned long nr, volatile void *addr)
{
    uint32_t bit = 1u << (nr % 32);

    return __atomic_fetch_or(HV_BITWORD(addr, nr), bit, __ATOMIC_SEQ_CST) & bit;
}
/* Whoever gets true was the one that has cleared it. */
static inline bool test_and_clear_bit(unsigned long nr, volatile void *addr)
{
    uint32_t bit = 1u << (nr % 32);

    return __atomic_fetch_and(HV_BITWORD(addr, nr), ~bit, __ATOMIC_SEQ_CST) &
           bit;
}
/*
 * Not atomic: for memory that no other CPU can see, of any alignment and size:
 * only the byte with the bit is touched.
 */
static inline void __set_bit(unsigned long nr, void *addr)
{
    ((uint8_t *)addr)[nr / 8] |= 1u << (nr % 8);
}

/*
 * Index of the lowest and of the highest set bit, counting from 0; undefined
 * for 0, which the caller must have excluded. A loop that clears what it has
 * found visits the bits in order.
 */
static inline unsigned int ffs64(uint64_t x)
{
    return __builtin_ctzll(x);
}
static inline unsigned int fls64(uint64_t x)
{
    return 63 - __builtin_clzll(x);
}
/* The number of bits that are set; takes time with each: there is an
 * instruction for it, but not in every CPU that we run on. */
static inline unsigned int hweight64(uint64_t x)
{
    unsigned int n = 0;
    for (; x; x &= x - 1)
        n++;
    return n;
}

#endif
