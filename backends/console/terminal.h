/* SPDX-License-Identifier: MIT */
/*
 * Pseudo terminals as byte pipes: raw, so that what a guest prints reaches the
 * client unchanged.
 */
#ifndef CONSOLE_TERMINAL_H
#define CONSOLE_TERMINAL_H

#include <stddef.h>

/* Non-blocking master, raw slave, the slave's name. -errno. */
int terminal_open(int *master, int *slave, char *name, size_t size);

#endif
