/* SPDX-License-Identifier: MIT */
/*
 * What the second vcpu does while the first one lies: it writes into rings,
 * data and grants that a backend reads at that moment, and sends events without
 * end. It has random numbers of its own, and when they come is chance.
 */
#include "liar.h"

#include <pv/host.h>

#define AT_ONCE 256
#define IDLE_NS (SECOND_NS / 1000)

static struct {
    uint8_t *at;
    size_t size;
    unsigned int flags;
    uint32_t port;
} now; /* under the lock, as is the work itself */
static bool locked;

static void lock(void)
{
    while (__atomic_exchange_n(&locked, true, __ATOMIC_ACQUIRE))
        HC2(sched_op, SCHEDOP_yield, 0);
}

static void unlock(void)
{
    __atomic_store_n(&locked, false, __ATOMIC_RELEASE);
}

static uint32_t chance(void)
{
    static uint64_t x = 88172645463325252UL;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return x >> 16;
}

static void write_somewhere(uint8_t *at, size_t size)
{
    volatile uint8_t *to = at + chance() % size;

    if (chance() % 2)
        *to ^= 1 << chance() % 8;
    else
        *to = chance();
}

static void meddle_once(void)
{
    if (now.size)
        write_somewhere(now.at, now.size);
    if (now.flags & MEDDLE_DATA)
        write_somewhere(data_page(chance() % DATA_PAGES), PAGE_SIZE);
    if (now.flags & MEDDLE_GRANTS)
        grant_distort(chance());
    if (now.flags & MEDDLE_EVENTS)
        event_send(now.port);
}

static void serve(void)
{
    for (;;) {
        lock();
        for (unsigned int i = 0; i < AT_ONCE && (now.size || now.flags); i++)
            meddle_once();
        unlock();
        nap(IDLE_NS);
    }
}

void meddle_begin(void)
{
    if (start_vcpu(1, serve))
        went_wrong("vcpu 1", "it does not start");
}

void meddle(void *at, size_t size, unsigned int flags, uint32_t port)
{
    lock();
    now.at = at;
    now.size = size;
    now.flags = flags;
    now.port = port;
    unlock();
}
