/* SPDX-License-Identifier: MIT */
/*
 * A process that parses what a hostile guest writes keeps nothing but the
 * descriptors it has opened: here it gives up root, files and capabilities, and
 * by filter.h then most system calls. What is left is the same for all of them:
 *
 *   files          none: the root is empty
 *   processes      none but itself, by the filter and by the user
 *   network        no interface but by what is open
 *   new code       none: no memory can be made executable, nothing run
 *   kernel         the calls that are in the process's own list
 *
 * backends/common/syscall_filter.h tells the rest for the processes of devices,
 * parent.h in tools/xenstored and in backends/console for daemons of two
 * processes (pair.h).
 */
#ifndef DAEMON_PRIVILEGES_H
#define DAEMON_PRIVILEGES_H

#include <stdint.h>
#include <sys/types.h>

/*
 * Users that exist nowhere else, in a range that is nobody's by convention;
 * numbers, since a small dom0 has no list of users. A backend's has one for
 * each kind and guest: no other of a guest's devices can be harmed from there.
 */
#define PRIVILEGES_UID_DEVICES  0x70000000u /* + 2 * domid + kind */
#define PRIVILEGES_UID_STORE    0x70010000u
#define PRIVILEGES_UID_KEEPER   0x70010001u /* of consoles */
#define PRIVILEGES_UID_CONSOLES 0x70010002u

/* At the start of the process: no gain of privilege by exec, no core dumps
 * (they would hold guest data). */
int privileges_limit(void);

/* No file that this process writes becomes longer, or what has taken it over
 * could fill its file system: what would is -EFBIG. The filter of system calls
 * keeps it from raising this again. 0 or -errno. */
int privileges_limit_files(uint64_t bytes);

/* Once everything is open: gives up root, the sight of the host and all
 * capabilities, of the calling thread, so it must be the only one. uid: the
 * user to be from then on; a process that is not root stays who it is and sees
 * what it saw. A kernel that does not offer one of the namespaces does without
 * it. 0 or -errno. */
int privileges_drop(uid_t uid);

#endif
