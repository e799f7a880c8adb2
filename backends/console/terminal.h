/* SPDX-License-Identifier: MIT */
/*
 * Pseudo terminals as byte pipes: raw, so that what a guest prints reaches the
 * client unchanged.
 */
#ifndef CONSOLE_TERMINAL_H
#define CONSOLE_TERMINAL_H

#include <stddef.h>

/* Non-blocking master, raw slave. 0 or -errno. */
int terminal_open(int *master, int *slave);
/* The slave's name, for others to open. 0 or -errno: it is no master. */
int terminal_name(int master, char *name, size_t size);

#endif
