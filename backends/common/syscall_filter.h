/* SPDX-License-Identifier: MIT */
/*
 * The system calls that a backend needs once everything is open. All others
 * fail with EPERM in all threads of the process; among them are all ways to
 * open a file, connect to anything, start a program or look at another process.
 *
 * lock, record: descriptors that it cannot close, and no lock of a file can be
 * given up: by these a supervisor knows that the process lives, and its
 * successor that it does nothing any more. Below 0: there is none.
 */
#ifndef BACKENDS_COMMON_SYSCALL_FILTER_H
#define BACKENDS_COMMON_SYSCALL_FILTER_H

int syscall_filter_install(int lock, int record);

#endif
