/* SPDX-License-Identifier: MIT */
/*
 * The system calls that a backend needs once everything is open, the last step
 * after those of daemon/privileges.h. All others fail with EPERM in all threads
 * of the process; among them are all ways to open a file, connect to anything,
 * start a program or look at another process.
 *
 * What a guest can do that has taken its backend over (tests/system/prisoner.c
 * tries each), beside what is left to every such process:
 *
 *   supervision    the process has its lock and its record until it ends
 *   ioctl()        those of its own descriptors; io_uring: what io_ring.h was
 *                  told
 *   event channels to its own guest
 *   grants         what guests grant to this domain: the kernel has no way to
 *                  restrict a handle to one of them
 *   the store      its own device (supervisor/device_gate.h)
 *
 * lock, record: descriptors that it cannot close, and no lock of a file can be
 * given up: by these a supervisor knows that the process lives, and its
 * successor that it does nothing any more. Below 0: there is none.
 */
#ifndef BACKENDS_COMMON_SYSCALL_FILTER_H
#define BACKENDS_COMMON_SYSCALL_FILTER_H

int syscall_filter_install(int lock, int record);

#endif
