/* SPDX-License-Identifier: MIT */
/*
 * Xen rings VIRQ_CON_RING when its console ring has filled a part; the ring is
 * then read from where the last reading ended.
 */
#include "hypervisor.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xenevtchn.h>

#include <daemon/virq.h>

#include "errand.h"

static xenevtchn_handle *evtchn;
static struct event_source source;
static struct log_file file = {.fd = -1};
static struct progress *progress;
static int progress_fd = -1;

/* From the progress's position on; what Xen has forgotten is skipped. Bytes,
 * which end at *end. */
static int look(char *text, size_t size, uint32_t *end)
{
    *end = progress_state(progress).position;
    return errand_hypervisor(end, text, size);
}

static void finish(const char *text)
{
    bool line_open = progress_state(progress).flags & PROGRESS_LINE_OPEN;

    progress_end(progress, log_file_write(&file, &progress->log, line_open,
                                          text, progress->length));
}

/* The step of a killed predecessor, if Xen still has its text. */
static void take_again(void)
{
    struct progress_state s = progress_state(progress);
    char text[PROGRESS_TEXT_MAX];
    uint32_t end;
    int n;

    if (!(s.flags & PROGRESS_OPEN))
        return;
    n = look(text, progress->length, &end);
    if (n == (int)progress->length && end == s.position + progress->length)
        finish(text);
    else
        progress_set(progress, s.position, s.flags & PROGRESS_LINE_OPEN);
}

static void take(void)
{
    char text[PROGRESS_TEXT_MAX];
    uint32_t end;
    int n;

    while ((n = look(text, sizeof(text), &end)) > 0) {
        log_file_mark(&file, &progress->log);
        progress->length = n;
        progress_begin(progress, end - n);
        finish(text);
    }
}

static void on_virq(struct event_source *s, uint32_t events)
{
    int port = xenevtchn_pending(evtchn);

    if (port < 0)
        return;
    take();
    xenevtchn_unmask(evtchn, port);
}

void hypervisor_log_adopt(const int *fds, int n)
{
    if (n == 1)
        progress = progress_map(fds[0]);
    for (int i = 0; i < n && !progress; i++)
        close(fds[i]);
    progress_fd = progress ? fds[0] : -1;
    if (progress)
        progress_seal(&progress, &progress_fd);
}

void hypervisor_log_keep(struct keep *k)
{
    if (progress)
        keep_put(k, HYPERVISOR_KEPT, &progress_fd, 1);
}

bool hypervisor_log_open(void)
{
    int port;

    evtchn = xenevtchn_open(log_for_libraries(), 0);
    port = evtchn ? virq_bind(evtchn, VIRQ_CON_RING) : -errno;
    if (port < 0) {
        log_error("cannot follow the hypervisor's console: %s",
                  strerror(-port));
        return false;
    }
    source.fd = xenevtchn_fd(evtchn);
    source.ready = on_virq;
    return true;
}

void hypervisor_log_start(const struct console_services *with)
{
    if (!progress)
        progress = progress_create(&progress_fd);
    if (!progress || event_source_add(with->loop, &source, EPOLLIN)) {
        log_error("no memory to follow the hypervisor's console");
        return;
    }
    hypervisor_log_keep(with->keep);
    log_file_open(&file, 0, "hypervisor", with->options->stamp_hypervisor);
    take_again();
    take();
}

void hypervisor_log_reopen(void)
{
    log_file_reopen(&file);
}
