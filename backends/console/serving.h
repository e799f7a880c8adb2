/* SPDX-License-Identifier: MIT */
/*
 * How clients learn that a console daemon serves: a file in its directory that
 * it has locked as long as it lives, and that holds one byte from when the
 * terminals' names in the store are right. Without that a client would open
 * what an old name means today, which can be the terminal of somebody else. The
 * lock is one of an open file (F_OFD_SETLK): who asks for it does not take it.
 * tools/console/session.c asks.
 */
#ifndef CONSOLE_SERVING_H
#define CONSOLE_SERVING_H

#define CONSOLE_RUN_DIR "/run/xenconsoled"

/* Makes the directory and takes the lock, for as long as this process lives or
 * a child of it; waits some seconds for those of a daemon that has just ended.
 * As root. 0 or -errno, with a reason (log_reason()): another daemon has it. */
int serving_claim(const char *dir);
/* The names are right. */
void serving_announce(void);

#endif
