/* SPDX-License-Identifier: MIT */
/*
 * Learning that a medium may have got another size, without looking again and
 * again: a dom0 whose guests sleep is not woken for it.
 *
 * Whoever changes the size of a file has it open to write and closes it then,
 * which is what is waited for: IN_MODIFY would come with each of the guest's
 * own writes. For a device the kernel sends a uevent, as for all else that
 * happens to devices; each of them is taken for ours. What another host does to
 * a file on a network file system stays unseen.
 */
#ifndef BACKENDS_BLOCK_RESIZE_H
#define BACKENDS_BLOCK_RESIZE_H

#include <daemon/event_loop.h>

/* changed is the owner's to set before it is begun; the rest is zero. */
struct resize_watch {
    void (*changed)(struct resize_watch *w);
    struct event_loop *loop;
    struct event_source source;
};

/* Needs the right to read the medium, fd, by its name; later no privilege. 0 or
 * -errno. */
int resize_watch_begin(struct resize_watch *w, struct event_loop *loop, int fd);
void resize_watch_end(struct resize_watch *w);

#endif
