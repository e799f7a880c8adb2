/* SPDX-License-Identifier: MIT */
/* See virq.h. */
#include <daemon/virq.h>

#include <errno.h>
#include <stdint.h>
#include <unistd.h>

#include <daemon/clock.h>

int virq_bind(xenevtchn_handle *h, unsigned int virq)
{
    uint64_t end = now_ms() + VIRQ_WAIT_MS;
    int port = xenevtchn_bind_virq(h, virq);

    while (port < 0 && errno == EEXIST && now_ms() < end) {
        usleep(10000);
        port = xenevtchn_bind_virq(h, virq);
    }
    return port < 0 ? -errno : port;
}
