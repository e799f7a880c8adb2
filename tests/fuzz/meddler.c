/* SPDX-License-Identifier: MIT */
/* See meddler.h. */
#include "meddler.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define BURST 32 /* writes between two looks at the list */

static uint64_t state = 1;

static uint64_t next_of(uint64_t *s)
{
    *s ^= *s << 13;
    *s ^= *s >> 7;
    *s ^= *s << 17;
    return *s;
}

unsigned long fuzz_count(unsigned long otherwise)
{
    const char *text = getenv("FUZZ_COUNT");

    return text ? strtoul(text, NULL, 0) : otherwise;
}

void fuzz_seed(uint64_t seed)
{
    const char *text = getenv("SEED");

    if (text)
        seed = strtoull(text, NULL, 0);
    state = seed * 0x9e3779b97f4a7c15ull | 1;
    srand((unsigned int)seed);
}

uint32_t fuzz_random(void)
{
    return next_of(&state) >> 16;
}

uint32_t fuzz_mostly_below(uint32_t n)
{
    return fuzz_once_in(50) ? fuzz_random() : fuzz_random() % n;
}

void fuzz_fill(void *to, size_t bytes)
{
    uint8_t *at = to;

    while (bytes--)
        *at++ = fuzz_random();
}

/* --- the thread --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct meddled list[MEDDLED_MAX];
static unsigned int listed;

/* Small numbers are what lengths and indices are made of. */
static uint64_t any_value(uint64_t *s)
{
    uint64_t v = next_of(s);

    return v & 1 ? v >> 8 : v >> 8 & 0xff;
}

static void write_somewhere(const struct meddled *m, uint64_t *s)
{
    size_t size = 1u << next_of(s) % 3;
    uint64_t value = any_value(s);
    volatile uint8_t *to;

    if (m->size < size)
        return;
    to = (uint8_t *)m->from + next_of(s) % (m->size / size) * size;
    if (size == 4)
        *(volatile uint32_t *)to = value;
    else if (size == 2)
        *(volatile uint16_t *)to = value;
    else
        *to = value;
}

static void *run(void *unused)
{
    uint64_t s = state | 1;

    for (;;) {
        pthread_mutex_lock(&lock);
        while (!listed)
            pthread_cond_wait(&changed, &lock);
        for (int i = 0; i < BURST; i++)
            write_somewhere(&list[next_of(&s) % listed], &s);
        pthread_mutex_unlock(&lock);
        sched_yield();
    }
    return unused;
}

void meddle(const struct meddled *areas, unsigned int n)
{
    static pthread_t thread;
    static bool begun;

    pthread_mutex_lock(&lock);
    listed = n < MEDDLED_MAX ? n : MEDDLED_MAX;
    for (unsigned int i = 0; i < listed; i++)
        list[i] = areas[i];
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&lock);
    if (!begun && pthread_create(&thread, NULL, run, NULL))
        abort();
    if (!begun)
        pthread_detach(thread);
    begun = true;
}
