/* SPDX-License-Identifier: MIT */
/* The memory of one stream's progress (progress.h), a page that stays one. */
#ifndef CONSOLE_PAGE_H
#define CONSOLE_PAGE_H

/* All zero: a memfd, or -errno. Nobody can change its size, as who could may
 * take any memory, which would be no process's. */
int page_make(void);
/* Likewise of one that is there. 0 or -errno. */
int page_seal(int fd);

#endif
