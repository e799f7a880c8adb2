/* SPDX-License-Identifier: MIT */
/*
 * Single-word atomics with the compiler's memory model. On x86 every RMW is a
 * full barrier; READ_ONCE/WRITE_ONCE only keep the compiler from tearing or
 * repeating an access.
 */
#ifndef HV_ATOMIC_H
#define HV_ATOMIC_H

#include <hv/types.h>

/*
 * Single accesses: a read or write that happens once and whole. No order
 * against others but the CPU's own (loads in order, stores in order).
 */
#define READ_ONCE(x)     (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))
/* For the compiler alone: what is in registers is read again. */
#define barrier() asm volatile("" ::: "memory")
/*
 * Barriers between this CPU and others. The comment beside each use names the
 * access with which it pairs. cpu_relax() is none: it tells the CPU that a loop
 * waits for another one.
 */
#define smp_mb()    __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb()   __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb()   __atomic_thread_fence(__ATOMIC_RELEASE)
#define cpu_relax() __builtin_ia32_pause()

/*
 * load acquires, store releases; everything else is a full barrier. add, sub,
 * inc and dec return the new value, xchg, or and and the old one. Words of
 * guests may be used: they are naturally aligned, or the guest loses.
 */
#define atomic_load(p)     __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define atomic_store(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#define atomic_add(p, v)   __atomic_add_fetch(p, v, __ATOMIC_SEQ_CST)
#define atomic_sub(p, v)   __atomic_sub_fetch(p, v, __ATOMIC_SEQ_CST)
#define atomic_inc(p)      atomic_add(p, 1)
#define atomic_dec(p)      atomic_sub(p, 1)
#define atomic_xchg(p, v)  __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define atomic_or(p, v)    __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST)
#define atomic_and(p, v)   __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST)
/*
 * Compare and swap: true if *p was *old and is now v; else *old is what was
 * found, ready for the next attempt. A loop on a guest's word must be bounded.
 */
#define atomic_cas(p, old, v)                                                  \
    __atomic_compare_exchange_n(p, old, v, false, __ATOMIC_SEQ_CST,            \
                                __ATOMIC_SEQ_CST)

#endif
