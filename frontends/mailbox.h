/* SPDX-License-Identifier: MIT */
/*
 * A page of a tiny domU that dom0 maps, too. dom0 fills in the call and then
 * counts 'asked' up; the domU makes it, fills in the result and sets 'answered'
 * to that. Both sides look from time to time: a test may do anything to its
 * event channels.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include <pv/domu.h>

struct mailbox {
    uint32_t asked, answered;
    domu_fn fn; /* dom0 and domU are the same image */
    uint64_t a, b;
    long result;
    uint64_t words[DOMU_WORDS];
    uint32_t text_len; /* what the domU has printed since dom0 showed it */
    char text[3000];
};
_Static_assert(sizeof(struct mailbox) <= PAGE_SIZE, "a mailbox is a page");

static inline void mailbox_wait(void)
{
    struct sched_poll poll = {.timeout = system_time() + 50000};

    HC2(sched_op, SCHEDOP_poll, &poll);
}

/* All but the mailbox's use; u->p2m has room. Bails out if it fails. */
void domu_build(struct domu *u, unsigned int vcpus);

#endif
