/* SPDX-License-Identifier: MIT */
/* SipHash-2-4 of sixteen bytes, and the guest's key; see random.h. */
#include "random.h"

static uint64_t rotate(uint64_t x, unsigned int n)
{
    return x << n | x >> (64 - n);
}

static void rounds(uint64_t v[4], unsigned int n)
{
    while (n--) {
        v[0] += v[1];
        v[1] = rotate(v[1], 13) ^ v[0];
        v[0] = rotate(v[0], 32);
        v[2] += v[3];
        v[3] = rotate(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotate(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotate(v[1], 17) ^ v[2];
        v[2] = rotate(v[2], 32);
    }
}

static void take(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

uint64_t sip_hash(const uint64_t key[2], uint64_t a, uint64_t b)
{
    uint64_t v[4] = {key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                     key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};

    take(v, a);
    take(v, b);
    take(v, 16UL << 56); /* the length closes it */
    v[2] ^= 0xff;
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static uint64_t cycles(void)
{
    uint32_t lo, hi;

    asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
    return (uint64_t)hi << 32 | lo;
}

/* Of the CPU, where it has that instruction; else 0. */
static uint64_t drawn(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;
    uint64_t number = 0;
    uint8_t good = 0;

    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    if (ecx & 1 << 30)
        asm volatile("rdrand %0; setc %1" : "=r"(number), "=qm"(good));
    return good ? number : 0;
}

uint64_t keyed_hash(uint64_t a, uint64_t b)
{
    static uint64_t key[2];

    if (!key[0]) {
        key[0] = drawn() ^ cycles();
        key[1] = drawn() ^ cycles() << 20;
    }
    return sip_hash(key, a, b);
}
