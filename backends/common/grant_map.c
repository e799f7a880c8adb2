/* SPDX-License-Identifier: MIT */
/*
 * Thin layer over libxengnttab; see grant_map.h.
 */
#include "grant_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

#include <daemon/log.h>

int grants_open(struct grants *g, uint32_t domid)
{
    g->domid = domid;
    g->handle = xengnttab_open(log_for_libraries(), 0);
    return g->handle ? 0 : log_reason(-errno, "grants: %s", strerror(errno));
}

void grants_close(struct grants *g)
{
    if (g->handle)
        xengnttab_close(g->handle);
    g->handle = NULL;
}

void *grants_map(struct grants *g, const uint32_t *refs, unsigned int n)
{
    /* The library's parameter is not const, but it only reads the array. */
    return xengnttab_map_domain_grant_refs(
        g->handle, n, g->domid, (uint32_t *)refs, PROT_READ | PROT_WRITE);
}

void grants_unmap(struct grants *g, void *addr, unsigned int n)
{
    if (addr)
        xengnttab_unmap(g->handle, addr, n);
}

int grant_batch_init(struct grant_copy_batch *b, unsigned int size,
                     const struct grant_arena *arena)
{
    b->arena = arena;
    b->used = 0;
    b->size = size;
    b->seg = calloc(size, sizeof(*b->seg));
    return b->seg ? 0 : -ENOMEM;
}

void grant_batch_destroy(struct grant_copy_batch *b)
{
    free(b->seg);
    b->seg = NULL;
    b->size = b->used = 0;
}

typedef union xengnttab_copy_ptr copy_ptr;

static copy_ptr granted(uint32_t domid, uint32_t ref, unsigned int offset)
{
    return (copy_ptr){
        .foreign = {.ref = ref, .offset = offset, .domid = domid}};
}

/* Memory on this side. True: by its grant. */
static bool place_here(const struct grant_copy_batch *b, const void *at,
                       copy_ptr *place)
{
    const uint32_t *ref = b->arena ? grant_arena_ref(b->arena, at) : NULL;

    if (ref)
        *place = granted(DOMID_SELF, *ref, (uintptr_t)at % PAGE_SIZE);
    else
        *place = (copy_ptr){.virt = (void *)at};
    return ref;
}

int grant_batch_from_guest(struct grant_copy_batch *b, uint32_t domid,
                           uint32_t ref, unsigned int offset, void *to,
                           unsigned int len)
{
    xengnttab_grant_copy_segment_t *s = &b->seg[b->used];

    if (b->used == b->size)
        return -ENOSPC;
    *s = (xengnttab_grant_copy_segment_t){.len = len};
    s->source = granted(domid, ref, offset);
    s->flags = GNTCOPY_source_gref;
    if (place_here(b, to, &s->dest))
        s->flags |= GNTCOPY_dest_gref;
    return b->used++;
}

int grant_batch_to_guest(struct grant_copy_batch *b, uint32_t domid,
                         uint32_t ref, unsigned int offset, const void *from,
                         unsigned int len)
{
    xengnttab_grant_copy_segment_t *s = &b->seg[b->used];

    if (b->used == b->size)
        return -ENOSPC;
    *s = (xengnttab_grant_copy_segment_t){.len = len};
    s->dest = granted(domid, ref, offset);
    s->flags = GNTCOPY_dest_gref;
    if (place_here(b, from, &s->source))
        s->flags |= GNTCOPY_source_gref;
    return b->used++;
}

void grant_batch_run(struct grants *g, struct grant_copy_batch *b)
{
    if (!b->used)
        return;
    if (xengnttab_grant_copy(g->handle, b->used, b->seg))
        for (unsigned int i = 0; i < b->used; i++)
            b->seg[i].status = GNTST_general_error;
}
