/* SPDX-License-Identifier: MIT */
/*
 * XCR0 takes what the CPU takes: combinations that fault there are #GP here.
 * run: cpu=max
 */
#include <pv/pv.h>

#define X87 1UL
#define SSE 2UL
#define AVX 4UL

static void write_cr4(void *value)
{
    asm volatile("mov %0, %%cr4" ::"r"(value));
}

static uint64_t value;
static uint32_t number;
static void write_xcr(void *unused)
{
    asm volatile("xsetbv" ::"c"(number), "a"((uint32_t)value),
                 "d"((uint32_t)(value >> 32)));
}

static int set(uint64_t v)
{
    value = v;
    return try_call(write_xcr, NULL);
}

static uint64_t xcr0(void)
{
    uint32_t lo, hi;

    asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
    return (uint64_t)hi << 32 | lo;
}

int main(void)
{
    is(try_call(write_cr4, (void *)0x40660), -1, "OSXSAVE can be set in cr4");
    is(set(X87), -1, "XCR0 can have the x87 alone");
    is(xcr0(), X87, "it is what was written");
    is(set(X87 | SSE), -1, "XCR0 can have SSE, too");
    is(xcr0(), X87 | SSE, "it is what was written then");
    is(set(0), 13, "XCR0 without the x87 is #GP");
    is(set(SSE), 13, "SSE alone in XCR0 is #GP");
    is(set(X87 | AVX), 13, "AVX without SSE in XCR0 is #GP");
    is(set(X87 | SSE | 1UL << 62), 13, "an unknown bit in XCR0 is #GP");
    is(set(~0UL), 13, "all bits in XCR0 are #GP");
    number = 1;
    is(set(X87), 13, "XCR1 is #GP");
    is(xcr0(), X87 | SSE, "XCR0 is as before");
    return 0;
}
