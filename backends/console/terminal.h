/* SPDX-License-Identifier: MIT */
/*
 * Pseudo terminals as byte pipes: raw, so that what a guest prints reaches the
 * client unchanged. And the pipe before each, for what no terminal has taken
 * (output.h).
 */
#ifndef CONSOLE_TERMINAL_H
#define CONSOLE_TERMINAL_H

#include <stddef.h>

#define TERMINAL_WAITING (1u << 20) /* bytes, at most */

/* Non-blocking master, raw slave. 0 or -errno. */
int terminal_open(int *master, int *slave);
/* Both ends of a pipe for about so many bytes, the reading end first, which
 * never wait. 0 or -errno. */
int terminal_pipe(int end[2], size_t limit);
/* The slave's name, for others to open. 0 or -errno: it is no master. Opens
 * nothing. */
int terminal_name(int master, char *name, size_t size);

#endif
