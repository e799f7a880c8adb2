/* SPDX-License-Identifier: MIT */
/* See grant_arena.h. */
#include "grant_arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/xen.h>
#include <xen/grant_table.h>

#include <daemon/log.h>

#define DEVICE "/dev/xen/gntalloc"
#define LIMIT  "/sys/module/xen_gntalloc/parameters/limit"

/* Pages that all processes of this domain together may have: half of what its
 * grant table holds, so that there is always room for another use. */
#define LIMIT_PAGES 16384

/* The driver's own would do for a few devices. */
static void raise_limit(void)
{
    FILE *f = fopen(LIMIT, "r+e");
    int now;

    if (!f)
        return;
    if (fscanf(f, "%d", &now) == 1 && now < LIMIT_PAGES) {
        rewind(f);
        fprintf(f, "%d", LIMIT_PAGES);
    }
    fclose(f);
}

void grant_arena_open(struct grant_arena *a)
{
    if (a->handle)
        return;
    if (!access(DEVICE, R_OK | W_OK))
        a->handle = xengntshr_open(log_for_libraries(), 0);
    if (a->handle)
        raise_limit();
    else
        log_info("no %s (%s): copies are slower", DEVICE, strerror(errno));
}

void grant_arena_close(struct grant_arena *a)
{
    grant_arena_give_back(a);
    if (a->handle)
        xengntshr_close(a->handle);
    a->handle = NULL;
}

/* From the first page to the last. */
static bool can_be_copied(const struct grant_arena *a, xengnttab_handle *copier)
{
    uint8_t *last = a->base + (size_t)(a->pages - 1) * PAGE_SIZE;
    xengnttab_grant_copy_segment_t s;
    bool same;

    memset(&s, 0, sizeof(s));
    s.source.foreign.ref = a->ref[0];
    s.dest.foreign.ref = a->ref[a->pages - 1];
    s.source.foreign.domid = s.dest.foreign.domid = DOMID_SELF;
    s.len = PAGE_SIZE;
    s.flags = GNTCOPY_source_gref | GNTCOPY_dest_gref;
    memset(a->base, 0xa5, PAGE_SIZE);
    same = !xengnttab_grant_copy(copier, 1, &s) && s.status == GNTST_okay &&
           !memcmp(a->base, last, PAGE_SIZE);
    memset(a->base, 0, PAGE_SIZE);
    memset(last, 0, PAGE_SIZE);
    return same;
}

/* False: none of it is left. */
static bool take_granted(struct grant_arena *a, xengnttab_handle *copier,
                         uint32_t self)
{
    if (!a->handle)
        return false;
    a->ref = calloc(a->pages, sizeof(*a->ref));
    if (a->ref)
        a->base = xengntshr_share_pages(a->handle, self, a->pages, a->ref, 1);
    if (a->base && can_be_copied(a, copier))
        return true;
    log_info("no granted memory for %u pages: copies are slower", a->pages);
    grant_arena_give_back(a);
    return false;
}

int grant_arena_take(struct grant_arena *a, xengnttab_handle *copier,
                     uint32_t self, unsigned int pages)
{
    void *m;

    a->pages = pages;
    if (take_granted(a, copier, self))
        return 0;
    m = mmap(NULL, (size_t)pages * PAGE_SIZE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED)
        return -errno;
    a->base = m;
    return 0;
}

void grant_arena_give_back(struct grant_arena *a)
{
    if (a->base && a->ref)
        xengntshr_unshare(a->handle, a->base, a->pages);
    else if (a->base)
        munmap(a->base, (size_t)a->pages * PAGE_SIZE);
    free(a->ref);
    a->ref = NULL;
    a->base = NULL;
}
