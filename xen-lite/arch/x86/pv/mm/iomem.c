/* SPDX-License-Identifier: MIT */
/* Ranges of MMIO that dom0 may not map, or may not write without being seen. */
#include "mm.h"

#define MAX_RANGES 64
static struct mmio_range {
    unsigned long s, e; /* frames, both included */
    mmio_write_fn fn;
} denied[MAX_RANGES], read_only[MAX_RANGES];
static unsigned int nr_denied, nr_read_only;

bool iomem_access_permitted(const struct domain *d, unsigned long s,
                            unsigned long e)
{
    if (!is_hardware_domain(d))
        return false;
    for (unsigned int i = 0; i < nr_denied; i++)
        if (s <= denied[i].e && e >= denied[i].s)
            return false;
    return true;
}

void iomem_deny_dom0(unsigned long s, unsigned long e)
{
    BUG_ON(nr_denied == MAX_RANGES); /* called at boot only */
    denied[nr_denied++] = (struct mmio_range){.s = s, .e = e};
}

/* Ranges are only added; the count is published last. */
int mmio_ro_add(unsigned long s, unsigned long e, mmio_write_fn fn)
{
    if (nr_read_only == MAX_RANGES)
        return -ENOSPC;
    read_only[nr_read_only] = (struct mmio_range){s, e, fn};
    atomic_store(&nr_read_only, nr_read_only + 1);
    return 0;
}

mmio_write_fn mmio_ro_handler(unsigned long mfn)
{
    for (unsigned int i = 0; i < atomic_load(&nr_read_only); i++)
        if (mfn >= read_only[i].s && mfn <= read_only[i].e)
            return read_only[i].fn;
    return NULL;
}

bool mmio_is_ro(unsigned long mfn)
{
    return mmio_ro_handler(mfn) != NULL;
}
