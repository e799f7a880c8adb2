/* SPDX-License-Identifier: MIT */
/*
 * Death at every store: runs a function instruction by instruction, and after
 * each that has changed something in the watched memory makes a copy of the
 * whole process, in which the function goes no further and 'after' is run in
 * its place. So 'after' sees exactly what a process that is killed there leaves
 * behind.
 */
#ifndef TESTS_UNIT_EACH_STORE_H
#define TESTS_UNIT_EACH_STORE_H

#include <stddef.h>

struct watched {
    const void *addr; /* NULL: the end of the list */
    size_t len;
};

/* From main() first: starts the program again, with a memcpy() that is not one
 * instruction per byte. */
void step_prepare(char **argv);

/*
 * 'after' may fail as a test does. Every n-th store only; 1: all. What is
 * watched must be the same from call to call. Returns how many copies were
 * made; a failure in one of them fails the test.
 */
unsigned int after_each_store(const struct watched *list, unsigned int every,
                              void (*function)(void), void (*after)(void));

#endif
