/* SPDX-License-Identifier: MIT */
/* The network backend's, over an interface without traffic; see
 * backend_mains.h. */
int vif_main(int argc, char **argv);
#define main vif_main
#include "../../backends/net/main.c"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend_mains.h"

extern bool vif_made_anew;
extern uint32_t vif_bridge;
const struct backend_ops *const vif_ops = &net_ops;

struct backend *vif_begin(void)
{
    static struct net_device *d;

    for (unsigned int i = 0; d && i < d->nr_queues; i++) {
        struct net_queue *q = &d->queue[i];

        grant_batch_destroy(&q->tx_batch);
        grant_batch_destroy(&q->rx_batch);
        munmap(q->held_data, NET_MAX_FRAME + NET_RING_SIZE * FRAME_HEAD);
    }
    if (d) {
        grant_batch_destroy(&d->ctrl.batch);
        grant_arena_give_back(&d->arena);
        tap_close(&d->tap);
    }
    free(d);
    d = calloc(1, sizeof(*d));
    if (!d)
        abort();
    return &d->backend;
}

/* What tap_open() and link_open() find. */
bool vif_made_anew;
uint32_t vif_bridge;

int tap_open(struct tap *t, unsigned int domid, unsigned int devid,
             unsigned int nr_queues, const char *renamed, bool in_use)
{
    for (t->nr_queues = 0; t->nr_queues < nr_queues; t->nr_queues++)
        t->fd[t->nr_queues] = eventfd(0, EFD_CLOEXEC);
    t->made = vif_made_anew;
    return 0;
}

void tap_close(struct tap *t)
{
    while (t->nr_queues)
        close(t->fd[--t->nr_queues]);
}

int tap_connect(struct tap *t, unsigned int nr_queues,
                const struct tap_offloads *o)
{
    return nr_queues > t->nr_queues ? -EINVAL : 0;
}

void tap_disconnect(struct tap *t)
{
}

void link_open(struct link *l, struct event_loop *loop, const char *name)
{
    l->mtu = 9000;
    l->bridge = vif_bridge;
}

void link_close(struct link *l)
{
}

void tap_set_carrier(struct tap *t, bool on)
{
}

ssize_t tap_read(int fd, struct virtio_net_hdr *h, void *frame, size_t size)
{
    return -EAGAIN;
}

void tap_batch_open(struct tap_batch *b, unsigned int depth)
{
}

void tap_batch_close(struct tap_batch *b)
{
}

void tap_batch_write(struct tap_batch *b, int fd, struct tap_frame *frame,
                     unsigned int n)
{
}
