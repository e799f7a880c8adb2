/* SPDX-License-Identifier: MIT */
/*
 * What a domain may take of the daemon's time. The daemon has one CPU, on a
 * small host the only one that dom0 has: a guest that never stops asking would
 * take it from all backends.
 *
 * Each unprivileged domain has a bucket of CPU time, which QUOTA_CPU fills (in
 * per cent of a CPU) and which holds SHARE_BURST_MS at most: enough for a guest
 * that boots or lists a large tree. One that has emptied it is held: its
 * requests wait in its ring, and its events are not looked at, until there is
 * something to spend again.
 *
 * CPU time is that of whoever was served last, until another is: so the journal
 * and the events that a request causes are paid for as well. Looking at that
 * clock is a system call, and done when another is served than before, or after
 * SHARE_TURNS turns of the same one.
 *
 * A bucket is full when its domain appears, also after a restart of the daemon.
 */
#ifndef XENSTORED_SHARE_H
#define XENSTORED_SHARE_H

#include <stdbool.h>
#include <stdint.h>

struct domain;

#define SHARE_BURST_MS 1000
/* For how long a domain is held at least. */
#define SHARE_PAUSE_MS 20
/* Turns that pass between two looks at the clock. */
#define SHARE_TURNS 8

/* Part of struct domain; zeroed at first. */
struct share {
    int64_t left_us;    /* below 0: a debt */
    uint64_t filled_ms; /* when that was so; 0: never */
    bool held;
};

/* That much was spent for whoever is served, by another process if need be. */
void share_charge(int64_t us);
/* What is done from now on is for @d; NULL: for nobody who pays. */
void share_begin(const struct domain *d);
/* @d is held, which is counted as a refusal. */
bool share_spent(struct domain *d);
/* In how many milliseconds @d is not held any more; 0: it may be served. */
unsigned int share_wait(const struct domain *d, uint64_t now);

#endif
