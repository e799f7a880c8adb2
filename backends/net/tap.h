/* SPDX-License-Identifier: MIT */
/*
 * The host's end of a guest's interface: a tap device named vifDOMID.DEVID
 * with virtio-net headers and one descriptor per queue. It needs CAP_NET_ADMIN
 * to open, nothing afterwards. It lives as long as somebody has it open or
 * keeps it: a process that is killed has a successor, for which its name, its
 * address and its place in a bridge must stay.
 *
 * Results are 0 or -errno. Descriptors do not block.
 */
#ifndef BACKENDS_NET_TAP_H
#define BACKENDS_NET_TAP_H

#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define TAP_MAX_QUEUES 4

struct tap {
    char name[16];
    bool made; /* there was none */
    unsigned int nr_queues;
    int fd[TAP_MAX_QUEUES]; /* the first nr_queues are open */
};

/*
 * Keeps the interface until the descriptor is closed. It is never without a
 * queue meanwhile, so its carrier does not drop, and no bridge port goes
 * through its states; but it has a carrier then. renamed: by the hotplug
 * script, perhaps; NULL: not. make: if there is none. -ENODEV: there is none,
 * or it has just been renamed; or -errno with a reason.
 */
int tap_keep(unsigned int domid, unsigned int devid, const char *renamed,
             bool make);

/*
 * Makes the interface or opens the one that is kept, with a reason
 * (log_reason()) if it cannot. Only the first queue is attached afterwards, and
 * carrier is off, so that frames for a guest that is not there do not pile up;
 * in_use: there is a guest. renamed: as above.
 */
int tap_open(struct tap *t, unsigned int domid, unsigned int devid,
             unsigned int nr_queues, const char *renamed, bool in_use);
/* The interface is gone then, if nobody keeps it. */
void tap_close(struct tap *t);

/* What the kernel may leave to the guest: checksums, and cutting into segments,
 * which needs checksums. */
struct tap_offloads {
    bool csum, tso4, tso6;
};

/* A frontend is there: what it can take, over how many queues (at most as many
 * as were opened). Carrier goes on. Disconnecting drops what waits. */
int tap_connect(struct tap *t, unsigned int nr_queues,
                const struct tap_offloads *o);
void tap_disconnect(struct tap *t);

/* While connected. */
void tap_set_carrier(struct tap *t, bool on);

/* Length of the frame without header; -EAGAIN: none waiting. */
ssize_t tap_read(int fd, struct virtio_net_hdr *h, void *frame, size_t size);

#endif
