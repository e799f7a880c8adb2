/* SPDX-License-Identifier: MIT */
/* The hypervisor's side of the store, through the Xen libraries. */
#include "xen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/page.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xengnttab.h>
#include <xlctrl.h>

#include <daemon/log.h>

/* The toolstack grants a new domain's store page to dom0 as this reference. */
#define GNTTAB_XENSTORE 1

static xlc_handle *xlc;
static xenevtchn_handle *evtchn;
static xengnttab_handle *gnttab;
static xenforeignmemory_handle *memory;

int xen_open(void)
{
    xlc = xlc_open(log_for_libraries());
    if (!xlc) {
        log_error("cannot reach the hypervisor: %s", strerror(errno));
        return errno;
    }
    evtchn = xenevtchn_open(NULL, 0);
    if (!evtchn) {
        log_error("cannot open event channels: %s", strerror(errno));
        return errno;
    }
    /* Either of the two will do, depending on how domains are built. */
    gnttab = xengnttab_open(NULL, 0);
    memory = xenforeignmemory_open(NULL, 0);
    return 0;
}

int xen_domain_info(uint16_t domid, struct xen_domain_info *out)
{
    struct xen_domctl_getdomaininfo info;

    if (xlc_domain_getinfo(xlc, domid, &info))
        return errno;
    out->dying = info.flags & XEN_DOMINF_dying;
    out->shutdown = info.flags & XEN_DOMINF_shutdown;
    memcpy(out->handle, info.handle, sizeof(out->handle));
    return 0;
}

int xen_evtchn_fd(void)
{
    return xenevtchn_fd(evtchn);
}

int xen_bind_dom_exc(void)
{
    return xenevtchn_bind_virq(evtchn, VIRQ_DOM_EXC);
}

int xen_bind_interdomain(uint16_t domid, uint32_t remote_port)
{
    return xenevtchn_bind_interdomain(evtchn, domid, remote_port);
}

void xen_unbind(int port)
{
    xenevtchn_unbind(evtchn, (evtchn_port_t)port);
}

void xen_notify(int port)
{
    xenevtchn_notify(evtchn, (evtchn_port_t)port);
}

int xen_pending(void)
{
    return xenevtchn_pending(evtchn);
}

void xen_unmask(int port)
{
    xenevtchn_unmask(evtchn, (evtchn_port_t)port);
}

void *xen_map_ring(uint16_t domid, uint64_t gfn, bool *by_grant)
{
    xen_pfn_t frame = gfn;
    void *ring = NULL;

    *by_grant = true;
    if (gnttab)
        ring = xengnttab_map_grant_ref(gnttab, domid, GNTTAB_XENSTORE,
                                       PROT_READ | PROT_WRITE);
    if (!ring && memory) {
        *by_grant = false;
        ring = xenforeignmemory_map(memory, domid, PROT_READ | PROT_WRITE, 1,
                                    &frame, NULL);
    }
    return ring;
}

void xen_unmap_ring(void *ring, bool by_grant)
{
    if (by_grant)
        xengnttab_unmap(gnttab, ring, 1);
    else
        xenforeignmemory_unmap(memory, ring, 1);
}

static int read_port(const char *path, uint32_t *port)
{
    char text[32];
    char *end;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno;
    n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return EIO;
    text[n] = '\0';
    *port = (uint32_t)strtoul(text, &end, 10);
    return end == text ? EIO : 0;
}

void *xen_map_dom0_ring(uint32_t *remote_port)
{
    void *ring;
    int fd, rc = read_port("/proc/xen/xsd_port", remote_port);

    if (rc) {
        log_error("/proc/xen/xsd_port: %s (is xenfs mounted?)", strerror(rc));
        return NULL;
    }
    fd = open("/proc/xen/xsd_kva", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        log_error("/proc/xen/xsd_kva: %s", strerror(errno));
        return NULL;
    }
    ring = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (ring == MAP_FAILED) {
        log_error("mapping /proc/xen/xsd_kva: %s", strerror(errno));
        ring = NULL;
    }
    close(fd);
    return ring;
}
