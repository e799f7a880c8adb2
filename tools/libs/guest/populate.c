/* SPDX-License-Identifier: MIT */
/*
 * The guest's memory: allocated in extents of 2 MiB as far as Xen has them,
 * in single frames otherwise. Afterwards mfns[] translates every pfn, and
 * guest_map() gives access by pfn.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include <xenforeignmemory.h>

#include "private.h"

#define SUPERPAGE_ORDER 9
#define SUPERPAGE       (1UL << SUPERPAGE_ORDER)

/* Frames asked for per call when they are single: bounds the call's array. */
#define SINGLES_PER_CALL 65536UL

/* As many 2 MiB extents as Xen gives; returns pages done, or -1. */
static long populate_superpages(struct builder *b)
{
    unsigned long nr = b->layout.nr_pages / SUPERPAGE, i, j;
    xen_pfn_t *extents;
    long got;

    if (!nr)
        return 0;
    extents = malloc(nr * sizeof(*extents));
    if (!extents)
        return -1;
    for (i = 0; i < nr; i++)
        extents[i] = i * SUPERPAGE;
    got =
        xlc_memory_populate(b->ctrl, b->domid, SUPERPAGE_ORDER, 0, nr, extents);
    for (i = 0; got > 0 && i < (unsigned long)got; i++)
        for (j = 0; j < SUPERPAGE; j++)
            b->mfns[i * SUPERPAGE + j] = extents[i] + j;
    free(extents);
    return got < 0 ? got : got * (long)SUPERPAGE;
}

int populate(struct builder *b)
{
    uint64_t total = b->layout.nr_pages, done, i;
    long got = populate_superpages(b);

    if (got < 0)
        return build_error(b, errno, "cannot populate memory");
    for (done = (uint64_t)got; done < total; done += (uint64_t)got) {
        uint64_t want = total - done;

        if (want > SINGLES_PER_CALL)
            want = SINGLES_PER_CALL;
        for (i = 0; i < want; i++)
            b->mfns[done + i] = done + i;
        got =
            xlc_memory_populate(b->ctrl, b->domid, 0, 0, want, b->mfns + done);
        if (got < 0)
            return build_error(b, errno, "cannot populate memory");
        if (!got) {
            errno = ENOMEM;
            return build_error(b, -1, "out of memory: got %llu of %llu MiB",
                               (unsigned long long)done >> 8,
                               (unsigned long long)total >> 8);
        }
    }
    return 0;
}

void *guest_map(struct builder *b, struct pfn_range range)
{
    void *addr = NULL;

    if (range.start <= b->layout.nr_pages &&
        range.count <= b->layout.nr_pages - range.start)
        addr = xenforeignmemory_map(xlc_foreignmemory(b->ctrl), b->domid,
                                    PROT_READ | PROT_WRITE, range.count,
                                    b->mfns + range.start, NULL);
    else
        errno = EINVAL;
    if (!addr)
        build_error(b, errno, "cannot map its frames %#llx-%#llx",
                    (unsigned long long)range.start,
                    (unsigned long long)range_end(range) - 1);
    return addr;
}

void guest_unmap(struct builder *b, void *addr, struct pfn_range range)
{
    int saved = errno;

    if (addr)
        xenforeignmemory_unmap(xlc_foreignmemory(b->ctrl), addr, range.count);
    errno = saved;
}
