/* SPDX-License-Identifier: MIT */
/*
 * Opening a disk's medium so that nobody else writes it meanwhile.
 *
 * A writer has it alone and readers share it with readers, by locks that last
 * as long as the descriptor. They are those of QEMU's image locking, so that
 * qemu-img and QEMU's disks are kept out as well. A block device that is
 * written is also claimed from the kernel: mount, mkfs, swapon and the like
 * are refused in this domain, or had it first and we are refused.
 */
#ifndef BACKENDS_BLOCK_MEDIUM_H
#define BACKENDS_BLOCK_MEDIUM_H

/*
 * mode: "w" to write, "w!" to write whoever else may, anything else to read.
 * I/O goes past the page cache where that works for single sectors of a file
 * or of the device, so that guests do not fill dom0's memory and a flush has
 * little to do.
 *
 * Returns a descriptor, or -errno; -EBUSY: the medium is in use; -EAGAIN: its
 * user has gone, but not all that it asked for is done. alive: what claim.h
 * returns; the caller closes it after the other.
 */
int medium_open(const char *path, const char *mode, int *alive);

#endif
