/* SPDX-License-Identifier: MIT */
/*
 * libxengnttab and ports for tests; see fake_xen.h. Mapping is possible one
 * page at a time only, as a guest's pages lie where they like.
 */
#include "fake_xen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xentoollog.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

int fake_mapped;
static uint8_t *guest;

void fake_guest_create(void)
{
    guest = calloc(FAKE_PAGES, 4096);
}

uint8_t *fake_page(uint32_t ref)
{
    if (ref < FAKE_FIRST_REF || ref >= FAKE_FIRST_REF + FAKE_PAGES)
        return NULL;
    return guest + (size_t)(ref - FAKE_FIRST_REF) * 4096;
}

xengnttab_handle *xengnttab_open(xentoollog_logger *logger, unsigned int flags)
{
    return (xengnttab_handle *)&guest;
}

int xengnttab_close(xengnttab_handle *h)
{
    return 0;
}

void *xengnttab_map_domain_grant_refs(xengnttab_handle *h, uint32_t n,
                                      uint32_t domid, uint32_t *refs, int prot)
{
    if (n != 1 || !fake_page(*refs)) {
        errno = EINVAL;
        return NULL;
    }
    fake_mapped++;
    return fake_page(*refs);
}

int xengnttab_unmap(xengnttab_handle *h, void *addr, uint32_t n)
{
    fake_mapped -= n;
    return 0;
}

int xengnttab_grant_copy(xengnttab_handle *h, uint32_t n,
                         xengnttab_grant_copy_segment_t *s)
{
    for (; n--; s++) {
        bool in = s->flags & GNTCOPY_source_gref;
        uint8_t *page =
            fake_page(in ? s->source.foreign.ref : s->dest.foreign.ref);
        unsigned int offset =
            in ? s->source.foreign.offset : s->dest.foreign.offset;

        s->status = page ? 0 : GNTST_bad_gntref;
        if (offset + s->len > 4096)
            abort(); /* the hypervisor would refuse: never to be asked for */
        if (page && in)
            memcpy(s->dest.virt, page + offset, s->len);
        else if (page)
            memcpy(page + offset, s->source.virt, s->len);
    }
    return 0;
}

int port_bind(struct ports *ps, struct port *p, uint32_t domid,
              evtchn_port_t remote, void (*event)(struct port *p))
{
    p->local = remote;
    p->event = event;
    return 0;
}

void port_unbind(struct port *p)
{
    p->local = 0;
}

void port_notify(struct port *p)
{
}

void port_done(struct port *p)
{
}
