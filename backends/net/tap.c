/* SPDX-License-Identifier: MIT */
/*
 * Tap device set-up; see tap.h.
 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <daemon/log.h>

static int open_queue(const char *name, unsigned int flags)
{
    struct ifreq r;
    int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), rc;

    if (fd < 0)
        return log_reason(-errno, "/dev/net/tun: %s", strerror(errno));
    memset(&r, 0, sizeof(r));
    snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", name);
    r.ifr_flags = flags | IFF_TAP | IFF_NO_PI | IFF_VNET_HDR;
    if (ioctl(fd, TUNSETIFF, &r)) {
        rc = log_reason(-errno, "interface %s: %s", name, strerror(errno));
        close(fd);
        return rc;
    }
    return fd;
}

static int set_carrier(struct tap *t, int on)
{
    return ioctl(t->fd[0], TUNSETCARRIER, &on) ? -errno : 0;
}

static int attach(int fd, bool on)
{
    struct ifreq r;

    memset(&r, 0, sizeof(r));
    r.ifr_flags = on ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
    return ioctl(fd, TUNSETQUEUE, &r) ? -errno : 0;
}

/* Its index; 0: there is none, and this is the name of a new one. */
static unsigned int find(char name[IFNAMSIZ], unsigned int domid,
                         unsigned int devid, const char *renamed)
{
    unsigned int index = renamed ? if_nametoindex(renamed) : 0;

    if (index) {
        snprintf(name, IFNAMSIZ, "%s", renamed);
        return index;
    }
    snprintf(name, IFNAMSIZ, "vif%u.%u", domid, devid);
    return if_nametoindex(name);
}

/* A queue that is detached keeps the interface, and is given no frames. If it
 * was just renamed, the kernel has made another, which goes with the queue. */
int tap_keep(unsigned int domid, unsigned int devid, const char *renamed,
             bool make)
{
    char name[IFNAMSIZ];
    unsigned int index = find(name, domid, devid, renamed);
    int fd, rc;

    if (!index && !make)
        return -ENODEV;
    fd = open_queue(name, IFF_MULTI_QUEUE);
    if (fd < 0)
        return fd;
    rc = !index || if_nametoindex(name) == index ? attach(fd, false) : -ENODEV;
    if (!rc)
        return fd;
    close(fd);
    return rc == -ENODEV
               ? rc
               : log_reason(rc, "interface %s: %s", name, strerror(-rc));
}

int tap_open(struct tap *t, unsigned int domid, unsigned int devid,
             unsigned int nr_queues, const char *renamed, bool in_use)
{
    int rc;

    t->made = !find(t->name, domid, devid, renamed);
    for (t->nr_queues = 0; t->nr_queues < nr_queues; t->nr_queues++) {
        rc = open_queue(t->name, IFF_MULTI_QUEUE);
        if (rc < 0)
            goto out;
        t->fd[t->nr_queues] = rc;
        if (t->nr_queues) {
            rc = attach(t->fd[t->nr_queues], false);
            if (rc) {
                t->nr_queues++;
                goto out;
            }
        }
    }
    /* Frames for a guest that is not there yet are not to pile up. */
    rc = in_use ? 0 : set_carrier(t, 0);
    if (rc)
        goto out;
    return 0;
out:
    tap_close(t);
    return rc;
}

void tap_close(struct tap *t)
{
    while (t->nr_queues)
        close(t->fd[--t->nr_queues]);
}

int tap_connect(struct tap *t, unsigned int nr_queues,
                const struct tap_offloads *o)
{
    unsigned int flags = 0;
    int rc;

    if (o->csum)
        flags |= TUN_F_CSUM;
    if (o->csum && o->tso4)
        flags |= TUN_F_TSO4;
    if (o->csum && o->tso6)
        flags |= TUN_F_TSO6;
    if (ioctl(t->fd[0], TUNSETOFFLOAD, flags))
        return -errno;
    for (unsigned int i = 1; i < nr_queues; i++) {
        rc = attach(t->fd[i], true);
        if (rc)
            return rc;
    }
    return set_carrier(t, 1);
}

void tap_set_carrier(struct tap *t, bool on)
{
    if (set_carrier(t, on))
        log_warning("interface %s: carrier stays as it is: %s", t->name,
                    strerror(errno));
}

/* Detaching a queue also drops what waits in it; the first is emptied. */
void tap_disconnect(struct tap *t)
{
    char frame[2048];
    int n = 4096;

    set_carrier(t, 0);
    for (unsigned int i = 1; i < t->nr_queues; i++)
        attach(t->fd[i], false);
    while (n-- && read(t->fd[0], frame, sizeof(frame)) >= 0)
        ;
}

ssize_t tap_read(int fd, struct virtio_net_hdr *h, void *frame, size_t size)
{
    struct iovec iov[2] = {{h, sizeof(*h)}, {frame, size}};
    ssize_t r = readv(fd, iov, 2);

    if (r < 0)
        return -errno;
    return r < (ssize_t)sizeof(*h) ? -EIO : r - (ssize_t)sizeof(*h);
}
