/* SPDX-License-Identifier: MIT */
/* A call that is tried in a process of its own, which has given up what it
 * could do before. */
#ifndef TESTS_UNIT_TRIED_CALL_H
#define TESTS_UNIT_TRIED_CALL_H

/* What call() returns behind give_up(how): 0, its errno, or below 0 the signal
 * that ends the process. give_up() returns 0, or the test fails. */
int tried_call(int (*give_up)(const void *how), const void *how,
               long (*call)(void));

#endif
