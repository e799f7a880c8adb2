/* SPDX-License-Identifier: MIT */
/*
 * What the hotplug script of disks asks of the kernel, and a shell cannot.
 */
#ifndef BACKENDS_SUPERVISOR_DISK_ANSWERS_H
#define BACKENDS_SUPERVISOR_DISK_ANSWERS_H

#include <stdio.h>

/* The exit statuses of xen-backendd. */
enum disk_answer {
    DISK_YES = 0,
    DISK_NO = 1,
    DISK_UNKNOWN = 2, /* standard error says why */
};

/* Has somebody claimed this block device from the kernel? It is opened to read,
 * so that nobody is told of a change when it is closed, and nothing in it is
 * looked at. It stays open if it was free. */
enum disk_answer disk_answer_in_use(const char *path);

/* Writes a line for each loop device in use: its MAJOR:MINOR, and what it lies
 * on as in block/medium_id.h. The kernel is asked for that: the file's path may
 * have become another's, or have been of another namespace. DISK_YES or
 * DISK_UNKNOWN. */
enum disk_answer disk_answer_loops(FILE *f);

#endif
