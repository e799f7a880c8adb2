/* SPDX-License-Identifier: MIT */
/*
 * The console daemon's privileged parent with all that it finds: domains, a
 * store, a directory for logs, the keeper. In its child's place is the test
 * (taken_over.h).
 */
#ifndef TESTS_UNIT_CONSOLE_WORLD_H
#define TESTS_UNIT_CONSOLE_WORLD_H

#define HERE     5 /* domains */
#define NOWHERE  6
#define CHANGING 7 /* another one, whenever it is looked at */
#define DYING    8
#define REBORN   9  /* the second time it dies, then it is there again */
#define LIVING   40 /* of those that a list has; as many die */

/* All that a parent in disorder could harm is below it: paths that are to be
 * refused are, too. */
extern char world_top[];
extern char world_logs[64];
extern int world_ready[2];     /* a pipe; one byte each time */
extern int world_stores[2][2]; /* the test's ends, and the parent's */

/* 0, or it has failed: before all tests, and after. */
int world_begin(void);
int world_end(void);
/* Of each test. */
int world_start(void **state);
int world_start_without_logs(void **state);
int world_stop(void **state);

#define WORLD_TEST(f)                                                          \
    cmocka_unit_test_setup_teardown(f, world_start, world_stop)

#endif
