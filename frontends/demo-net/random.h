/* SPDX-License-Identifier: MIT */
/*
 * Numbers that nobody else can guess: for the beginnings of connections, and
 * for the names of DHCP's conversations. SipHash-2-4 with a key that is made at
 * the first use.
 */
#ifndef DEMO_RANDOM_H
#define DEMO_RANDOM_H

#include <stdint.h>

/* Of two words, by the guest's own key. */
uint64_t keyed_hash(uint64_t a, uint64_t b);
/* By any key: for the test. */
uint64_t sip_hash(const uint64_t key[2], uint64_t a, uint64_t b);

#endif
