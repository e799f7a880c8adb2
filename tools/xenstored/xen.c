/* SPDX-License-Identifier: MIT */
/* The hypervisor's side of the store, through the Xen libraries. */
#include "xen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <base/page.h>
#include <xen/xen.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xenevtchn.h>
#include <xengnttab.h>
#include <xlctrl.h>

#include <daemon/log.h>
#include <daemon/virq.h>

#include "errand.h"

/* The toolstack grants a new domain's store page to dom0 as this reference. */
#define GNTTAB_XENSTORE 1

static xenevtchn_handle *evtchn;
static xengnttab_handle *gnttab;
static int dom0_page = -1;
static uint32_t dom0_port;

/* --- in the parent -------------------------------------------------------- */

int xen_ask_domain(uint16_t domid, struct xen_domain_info *out)
{
    static xlc_handle *xlc;
    struct xen_domctl_getdomaininfo info;

    if (!xlc)
        xlc = xlc_open(log_for_libraries());
    if (!xlc || xlc_domain_getinfo(xlc, domid, &info))
        return errno;
    out->dying = info.flags & XEN_DOMINF_dying;
    out->shutdown = info.flags & XEN_DOMINF_shutdown;
    memcpy(out->handle, info.handle, sizeof(out->handle));
    return 0;
}

/* --- opening -------------------------------------------------------------- */

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

/* That it cannot be had matters when it is mapped. */
static void open_dom0_page(void)
{
    int rc = read_port("/proc/xen/xsd_port", &dom0_port);

    if (rc) {
        log_error("/proc/xen/xsd_port: %s (is xenfs mounted?)", strerror(rc));
        return;
    }
    dom0_page = open("/proc/xen/xsd_kva", O_RDWR | O_CLOEXEC);
    if (dom0_page < 0)
        log_error("/proc/xen/xsd_kva: %s", strerror(errno));
}

int xen_open(bool dom0)
{
    struct xen_domain_info info;
    int rc = xen_domain_info(0, &info);

    if (rc) {
        log_error("cannot reach the hypervisor: %s", strerror(rc));
        return rc;
    }
    evtchn = xenevtchn_open(NULL, 0);
    if (!evtchn) {
        log_error("cannot open event channels: %s", strerror(errno));
        return errno;
    }
    gnttab = xengnttab_open(NULL, 0);
    if (!gnttab) {
        log_error("cannot open the grants of guests: %s", strerror(errno));
        return errno;
    }
    if (dom0)
        open_dom0_page();
    return 0;
}

/* --- event channels ------------------------------------------------------- */

int xen_evtchn_fd(void)
{
    return xenevtchn_fd(evtchn);
}

int xen_bind_dom_exc(void)
{
    return virq_bind(evtchn, VIRQ_DOM_EXC);
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

/* --- domains -------------------------------------------------------------- */

int xen_domain_info(uint16_t domid, struct xen_domain_info *out)
{
    return errand_domain(domid, out);
}

static void *map_dom0_ring(void)
{
    void *ring =
        mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, dom0_page, 0);

    if (ring != MAP_FAILED)
        return ring;
    log_error("mapping /proc/xen/xsd_kva: %s", strerror(errno));
    return NULL;
}

void *xen_map_ring(uint16_t domid)
{
    return domid ? xengnttab_map_grant_ref(gnttab, domid, GNTTAB_XENSTORE,
                                           PROT_READ | PROT_WRITE)
                 : map_dom0_ring();
}

void xen_unmap_ring(uint16_t domid, void *ring)
{
    if (domid)
        xengnttab_unmap(gnttab, ring, 1);
    else
        munmap(ring, PAGE_SIZE);
}

uint32_t xen_dom0_port(void)
{
    return dom0_port;
}
