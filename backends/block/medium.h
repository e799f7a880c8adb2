/* SPDX-License-Identifier: MIT */
/*
 * Opening a disk's medium so that nobody else writes it meanwhile.
 *
 * A writer has it alone and readers share it with readers, by locks that last
 * as long as the descriptor. They are those of QEMU's image locking, so that
 * qemu-img and QEMU's disks are kept out as well. A block device that is
 * written is also claimed from the kernel: mount, mkfs, swapon and the like
 * are refused in this domain, or had it first and we are refused.
 *
 * All of this is the open description's, which outlives the process (kept.h): a
 * successor goes on with it, and there is no moment at which the medium is
 * free.
 */
#ifndef BACKENDS_BLOCK_MEDIUM_H
#define BACKENDS_BLOCK_MEDIUM_H

#include <stdbool.h>

#include "medium_id.h"

/*
 * id: what the medium must be, whatever has its path now; of what a former
 * process had open (see below) the path counts no more. NULL, or one that no
 * script has said: what the path leads to.
 * mode: "w" to write, "w!" to write whoever else may, anything else to read.
 * I/O goes past the page cache where that works for single sectors of a file
 * or of the device, so that guests do not fill dom0's memory and a flush has
 * little to do.
 *
 * Returns a descriptor, or -errno; -EBUSY: the medium is in use; -EAGAIN: its
 * user has gone, but not all that it asked for is done; -EMEDIUMTYPE: the path
 * leads to another one. alive: what claim.h returns; the caller closes it after
 * the other. errors: for medium_lost_data(), the caller's to close; below 0:
 * nothing is in the page cache.
 */
int medium_open(const char *path, const struct medium_id *id, const char *mode,
                int *alive, int *errors);

/* The path leads to it (still), or no script has said what it is. */
bool medium_is_at(const char *path, const struct medium_id *id);

/* In words. rc: as medium_open() has returned. */
const char *medium_why_not(int rc);

/*
 * What a former process of the device had open; below 0: nothing. They are this
 * module's. If they are of the medium that is opened, and for the same mode,
 * medium_open() returns copies of them; if not, they are closed.
 */
void medium_inherit(int fd, int errors);
/* A medium is open for good, or will not be opened: they are closed. */
void medium_settled(void);

/* fd under this number, or as it was if that is taken; the former number is
 * closed. */
int medium_show(int fd, int number);

/*
 * Data has been lost on its way from the page cache to the medium, since errors
 * was opened or this was asked: also if a flush has told a process that was
 * killed before it could say so. Waits for nothing.
 */
bool medium_lost_data(int errors);

#endif
