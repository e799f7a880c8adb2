/* SPDX-License-Identifier: MIT */
/*
 * A file with the number of a living process: the process holds a flock() on
 * it, which belongs to the open file. So it survives fork() and exec(), ends
 * with the last process that has the file open, however that ends, and whoever
 * finds the file locked knows that its number is no stranger's.
 */
#ifndef DAEMON_PID_LOCK_H
#define DAEMON_PID_LOCK_H

#include <sys/types.h>

/*
 * Takes the lock on the file, which is made if it is missing and is empty then.
 * Who may read a file may also lock it, so that is for root alone. Returns the
 * descriptor that holds the lock, by which nothing can be written, and in
 * *number the one for pid_lock_write(). Both are close-on-exec and the
 * caller's. -EWOULDBLOCK: another process has it; or another -errno.
 */
int pid_lock_take(const char *path, int *number);

/* The holder's number: the caller's, or that of the child that is to hold the
 * lock. 0 or -errno. */
int pid_lock_write(int number, pid_t pid);

/*
 * The process that holds the lock: a pidfd, and its number in *pid. -ESRCH:
 * none. -EAGAIN: it holds the lock, but its number is not there yet.
 */
int pid_lock_holder(const char *path, pid_t *pid);

#endif
