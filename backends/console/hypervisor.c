/* SPDX-License-Identifier: MIT */
/*
 * Xen rings VIRQ_CON_RING when its console ring has filled a part; the ring is
 * then read from where the last reading ended.
 */
#include "hypervisor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <xen/xen.h>
#include <xlctrl.h>

static xlc_handle *xlc;
static xenevtchn_handle *evtchn;
static struct event_source source;
static struct log_file file = {.fd = -1};
static uint32_t position;

static void take(void)
{
    char text[16384];
    int n;

    while ((n = xlc_readconsole(xlc, text, sizeof(text), false, true,
                                &position)) > 0)
        log_file_write(&file, text, n);
}

static void on_virq(struct event_source *s, uint32_t events)
{
    int port = xenevtchn_pending(evtchn);

    if (port < 0)
        return;
    take();
    xenevtchn_unmask(evtchn, port);
}

int hypervisor_log_start(struct event_loop *loop,
                         const struct console_options *options)
{
    int rc;

    log_file_open(&file, options->log_dir, "hypervisor",
                  options->stamp_hypervisor);
    xlc = xlc_open(NULL);
    evtchn = xenevtchn_open(NULL, 0);
    if (!xlc || !evtchn || xenevtchn_bind_virq(evtchn, VIRQ_CON_RING) < 0) {
        rc = -errno;
        log_error("cannot follow the hypervisor's console");
        return rc;
    }
    source.fd = xenevtchn_fd(evtchn);
    source.ready = on_virq;
    take();
    return event_source_add(loop, &source, EPOLLIN);
}

void hypervisor_log_reopen(void)
{
    log_file_reopen(&file);
}
