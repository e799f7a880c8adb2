/* SPDX-License-Identifier: MIT */
/*
 * The machine's I/O ports, for a guest that may use them: dom0, after
 * PHYSDEVOP_set_iopl, or a port that its bitmap opens. Otherwise the
 * instruction is a general protection fault in the guest. No state, no locks.
 */
#ifndef PV_IO_PORT_H
#define PV_IO_PORT_H

#include <pv/pv.h>

static inline uint8_t in8(uint16_t port)
{
    uint8_t v;

    asm volatile("inb %w1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline uint16_t in16(uint16_t port)
{
    uint16_t v;

    asm volatile("inw %w1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline uint32_t in32(uint16_t port)
{
    uint32_t v;

    asm volatile("inl %w1, %0" : "=a"(v) : "Nd"(port));
    return v;
}
static inline void out8(uint16_t port, uint8_t v)
{
    asm volatile("outb %0, %w1" ::"a"(v), "Nd"(port));
}
static inline void out16(uint16_t port, uint16_t v)
{
    asm volatile("outw %0, %w1" ::"a"(v), "Nd"(port));
}
static inline void out32(uint16_t port, uint32_t v)
{
    asm volatile("outl %0, %w1" ::"a"(v), "Nd"(port));
}

#endif
