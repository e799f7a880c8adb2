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

int fake_mapped, fake_other_mapped, fake_shared, fake_refuses;
static uint8_t *guest, *other_guest, *shared;

void fake_guest_create(void)
{
    guest = calloc(FAKE_PAGES, 4096);
}

uint32_t fake_other_hidden;

void fake_other_guest_create(void)
{
    other_guest = calloc(FAKE_PAGES, 4096);
}

static uint8_t *page_of(uint8_t *memory, uint32_t ref)
{
    if (!memory || ref < FAKE_FIRST_REF || ref >= FAKE_FIRST_REF + FAKE_PAGES)
        return NULL;
    return memory + (size_t)(ref - FAKE_FIRST_REF) * 4096;
}

uint8_t *fake_page(uint32_t ref)
{
    return page_of(guest, ref);
}

uint8_t *fake_other_page(uint32_t ref)
{
    return page_of(other_guest, ref);
}

static uint8_t *granted_by(uint32_t domid, uint32_t ref)
{
    if (domid != FAKE_OTHER_DOMAIN)
        return fake_page(ref);
    return ref == fake_other_hidden ? NULL : fake_other_page(ref);
}

static int *mapped_of(const uint8_t *page)
{
    bool other = other_guest && page >= other_guest &&
                 page < other_guest + FAKE_PAGES * 4096;

    return other ? &fake_other_mapped : &fake_mapped;
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
    uint8_t *page = granted_by(domid, *refs);

    if (n != 1 || !page) {
        errno = EINVAL;
        return NULL;
    }
    ++*mapped_of(page);
    return page;
}

int xengnttab_unmap(xengnttab_handle *h, void *addr, uint32_t n)
{
    *mapped_of(addr) -= (int)n;
    return 0;
}

void *xengntshr_share_pages(xengntshr_handle *h, uint32_t domid, int count,
                            uint32_t *refs, int writable)
{
    if (fake_shared || domid != FAKE_SELF) {
        errno = ENOSPC;
        return NULL;
    }
    shared = aligned_alloc(4096, count * 4096);
    memset(shared, 0, count * 4096);
    for (int i = 0; i < count; i++)
        refs[i] = FAKE_OWN_REF + i;
    fake_shared = count;
    return shared;
}

int xengntshr_unshare(xengntshr_handle *h, void *addr, uint32_t count)
{
    if (addr != shared || (int)count != fake_shared)
        abort();
    free(shared);
    fake_shared = 0;
    return 0;
}

xengntshr_handle *xengntshr_open(xentoollog_logger *logger, unsigned int flags)
{
    return (xengntshr_handle *)&shared;
}

int xengntshr_close(xengntshr_handle *h)
{
    return 0;
}

/* Where a side of a copy is; NULL: not granted. What the hypervisor would
 * refuse is never to be asked for. */
static uint8_t *side(const union xengnttab_copy_ptr *p, bool granted,
                     unsigned int len)
{
    uint32_t own = p->foreign.ref - FAKE_OWN_REF;
    uint8_t *page;

    if (!granted)
        return p->virt;
    if (p->foreign.offset + len > 4096)
        abort();
    if (p->foreign.domid == DOMID_SELF)
        page = own < (uint32_t)fake_shared ? shared + own * 4096 : NULL;
    else
        page = granted_by(p->foreign.domid, p->foreign.ref);
    return page ? page + p->foreign.offset : NULL;
}

int xengnttab_grant_copy(xengnttab_handle *h, uint32_t n,
                         xengnttab_grant_copy_segment_t *s)
{
    for (; n--; s++) {
        bool in = s->flags & GNTCOPY_source_gref;
        bool out = s->flags & GNTCOPY_dest_gref;
        uint8_t *from = side(&s->source, in, s->len);
        uint8_t *to = side(&s->dest, out, s->len);

        s->status = from && to ? GNTST_okay : GNTST_bad_gntref;
        if (in && out && fake_refuses)
            s->status = fake_refuses;
        else if (from && to)
            memcpy(to, from, s->len);
    }
    return fake_refuses == -1 ? -1 : 0;
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
