/* SPDX-License-Identifier: MIT */
/*
 * Guests that work. Each prints four times a second how much it has done, and
 * for how long at most it was kept from it, in microseconds.
 */
#include "hostile.h"

#define PERIOD  (SECOND / 4)
#define PULSE   (SECOND / 1000)
#define SPINS   1000
#define SECTORS 2048 /* of the disk */
#define DISK    51712

struct account {
    const char *name;
    uint64_t start, work, stall;
    unsigned int errors;
};

static void begin(struct account *a, const char *name)
{
    *a = (struct account){.name = name, .start = system_time()};
}

/* Something was done, for which the guest has waited so long. */
static void done(struct account *a, uint64_t now, uint64_t waited)
{
    a->work++;
    if (waited > a->stall)
        a->stall = waited;
    if (now < a->start + PERIOD)
        return;
    say("HOSTILE %s ms=%lu work=%lu stall=%lu errors=%u", a->name,
        (now - a->start) / 1000000, a->work, a->stall / 1000, a->errors);
    a->work = a->stall = a->errors = 0;
    a->start = system_time();
}

void work_cpu(void)
{
    struct account a;

    begin(&a, "cpu");
    for (uint64_t last = system_time(), now;; last = now) {
        for (volatile unsigned int i = 0; i < SPINS; i++)
            ;
        now = system_time();
        done(&a, now, now - last);
        now = system_time(); /* what printing takes is no stall */
    }
}

void work_pulse(void)
{
    uint32_t port = event_new_ipi(0);
    struct account a;

    begin(&a, "pulse");
    for (uint64_t due = system_time() + PULSE, now;; due += PULSE) {
        now = system_time();
        if (now < due)
            wait_event(port, due - now);
        now = system_time();
        done(&a, now, now - due);
        if (now > due + PULSE)
            due = now;
    }
}

void work_store(void)
{
    struct account a;
    char value[16];

    begin(&a, "store");
    for (;;) {
        uint64_t start = system_time();

        a.errors += !store_read("domid", value, sizeof(value));
        done(&a, system_time(), system_time() - start);
    }
}

void work_disk(void)
{
    static struct disk d;
    struct account a;

    if (!disk_connect(&d, DISK))
        give_up("the disk does not connect");
    begin(&a, "disk");
    for (uint64_t sector = 0;; sector = (sector + 8) % SECTORS) {
        uint64_t start = system_time();

        a.errors += !disk_read(&d, sector);
        done(&a, system_time(), system_time() - start);
    }
}
