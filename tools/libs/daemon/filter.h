/* SPDX-License-Identifier: MIT */
/*
 * System calls that a process may still make, by libseccomp: what nobody allows
 * fails with EPERM in all threads. EPERM rather than a kill: what is refused is
 * then an error that the code handles, and a library's harmless attempt (malloc
 * looking for the number of CPUs) does not cost a guest its disk.
 *
 * A process puts its filter together of these, from filter_begin() to
 * filter_end(). All return 0 or -errno.
 */
#ifndef DAEMON_FILTER_H
#define DAEMON_FILTER_H

#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

/* NULL: no memory. Allowed is what every process needs: memory that cannot be
 * run, signals to itself, time, its end. */
scmp_filter_ctx filter_begin(void);
int filter_allow(scmp_filter_ctx ctx, const int *calls, size_t n);
/* If the 32 bits of the argument, counted from 0, that are in the mask are
 * this value. The kernel looks at no more of these arguments. */
int filter_allow_if(scmp_filter_ctx ctx, int call, unsigned int argument,
                    uint32_t mask, uint32_t value);
/* For each of these values of the argument: commands of ioctl() or fcntl(). */
int filter_allow_each(scmp_filter_ctx ctx, int call, unsigned int argument,
                      const unsigned long *values, size_t n);
/* For the commands of ioctl() by which guests are served (filter_guests.c). */
int filter_allow_guests(scmp_filter_ctx ctx);
/* Installs the filter, for all threads or not at all, unless @rc tells that
 * something before has failed; frees it. Returns that, or what has failed. */
int filter_end(scmp_filter_ctx ctx, int rc);

#endif
