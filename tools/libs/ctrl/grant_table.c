/* SPDX-License-Identifier: MIT */
/*
 * The two grants that a domain is born with, so that the store and the
 * console can be served without mapping foreign frames.
 */
#include <sys/mman.h>

#include <xen/grant_table.h>

#include "private.h"

static int grant_page(grant_entry_v1_t *entry, uint64_t mfn)
{
    /* A version 1 entry has room for 32 bits of the frame number. */
    if (mfn != (uint32_t)mfn) {
        errno = EOVERFLOW;
        return -1;
    }
    entry->domid = 0; /* dom0, which serves both */
    entry->frame = (uint32_t)mfn;
    /* The grant counts from the moment that flags say so: write them last. */
    __atomic_store_n(&entry->flags, GTF_permit_access, __ATOMIC_RELEASE);
    return 0;
}

int xlc_gnttab_seed(xlc_handle *h, uint32_t domid, uint64_t console_mfn,
                    uint64_t store_mfn)
{
    xenforeignmemory_resource_handle *frame;
    void *table = NULL;
    int rc, saved;

    frame = xenforeignmemory_map_resource(
        h->fmem, (domid_t)domid, XENMEM_resource_grant_table,
        XENMEM_resource_grant_table_id_shared, 0, 1, &table,
        PROT_READ | PROT_WRITE, 0);
    if (!frame)
        return -1;
    rc = grant_page((grant_entry_v1_t *)table + GNTTAB_RESERVED_CONSOLE,
                    console_mfn);
    if (!rc)
        rc = grant_page((grant_entry_v1_t *)table + GNTTAB_RESERVED_XENSTORE,
                        store_mfn);
    saved = errno;
    xenforeignmemory_unmap_resource(h->fmem, frame);
    errno = saved;
    return rc;
}
