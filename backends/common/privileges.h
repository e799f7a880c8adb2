/* SPDX-License-Identifier: MIT */
/*
 * A backend parses what a hostile guest writes, so it keeps nothing but the
 * descriptors it has opened. What a guest can do that has taken its backend
 * over (tests/system/prisoner.c tries each):
 *
 *   files          none: its root is empty, and it may not open anything
 *   processes      none but itself: no call that names another is allowed, and
 *                  the user is that of this device's kind and guest alone
 *   network        no interface but by its open queues; no sockets
 *   supervision    it has its lock and its record until it ends
 *   new code       none: no memory can be made executable, nothing run
 *   kernel         the calls of syscall_filter.c, of ioctl() those of its own
 *                  descriptors, of io_uring what io_ring.h was told
 *   event channels to its own guest
 *   grants         what guests grant to this domain: the kernel has no way to
 *                  restrict a handle to one of them
 *   the store      its own device (supervisor/store_gate.h)
 */
#ifndef BACKENDS_COMMON_PRIVILEGES_H
#define BACKENDS_COMMON_PRIVILEGES_H

#include <sys/types.h>

/* At the start of the process: no gain of privilege by exec, no core dumps
 * (they would hold guest data). */
int privileges_limit(void);

/* Once everything is open: gives up root, the sight of the host and all
 * capabilities, of the calling thread, so it must be the only one. uid: the
 * user to be from then on. A kernel that does not offer one of these namespaces
 * does without it. */
int privileges_drop(uid_t uid);
/* Then, when all threads are there, most system calls; see syscall_filter.h. */
int privileges_seal(int lock, int record);

#endif
