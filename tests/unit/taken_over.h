/* SPDX-License-Identifier: MIT */
/*
 * The privileged parent of a daemon of two processes, and in its child's place
 * this test, which asks it for whatever one would that a guest has taken over
 * (daemon/errand.h).
 */
#ifndef TESTS_UNIT_TAKEN_OVER_H
#define TESTS_UNIT_TAKEN_OVER_H

#include <daemon/pair.h>

/* In the parent: the daemon's own parent_run(). */
typedef int taken_over_run(struct pair *both);

/* Starts a parent. pid_file: NULL: none. 0, or it has failed. */
int taken_over_start(const char *pid_file, taken_over_run *run);
void taken_over_stop(void);

/* Tests, of a parent that has been started and knows so many kinds of errands:
 * who speaks as no child does, or ends, ends the parent. */
void taken_over_another_language(unsigned int kinds);
void taken_over_half_an_errand(void);
void taken_over_ends(void);
/* It has done an errand already. To end is what the child must, too. */
void taken_over_does_not_end(void);
/* The log is not filled. Any errand that has an answer is harmless. */
struct errand_order;
void taken_over_says_too_much(const struct errand_order *harmless);

/* Nor by what the parent says of each errand that it refuses: refuse() asks for
 * one, and "what" is in the line. */
void taken_over_is_told_rarely(const char *what, void (*refuse)(void));

/* To each of these errands, with a text that has no end, it has an answer:
 * check() looks at that, and how much data it has. No descriptor comes. */
struct errand_answer;
void taken_over_text_without_end(unsigned int from, unsigned int to,
                                 void (*check)(unsigned int what,
                                               const struct errand_answer *a,
                                               int len));

#endif
