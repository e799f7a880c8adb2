/* SPDX-License-Identifier: MIT */
/* Ranges of MMIO that dom0 may not map, or not write. */
#include "mm.h"
#include <asm/device_access.h>

#define MAX_RANGES 64
static struct mmio_range {
    unsigned long s, e; /* frames, both included */
    bool read_only;     /* else denied */
} ranges[MAX_RANGES];
static unsigned int nr_ranges;

static bool overlaps(unsigned long s, unsigned long e, bool read_only)
{
    for (unsigned int i = 0; i < nr_ranges; i++)
        if (s <= ranges[i].e && e >= ranges[i].s &&
            ranges[i].read_only == read_only)
            return true;
    return false;
}

bool iomem_access_permitted(const struct domain *d, unsigned long s,
                            unsigned long e)
{
    return is_hardware_domain(d) && !overlaps(s, e, false);
}

bool iomem_is_read_only(unsigned long mfn)
{
    return overlaps(mfn, mfn, true);
}

static void __init add(unsigned long s, unsigned long e, bool read_only)
{
    BUG_ON(nr_ranges == MAX_RANGES); /* called at boot only */
    ranges[nr_ranges++] = (struct mmio_range){s, e, read_only};
}

void __init iomem_deny_dom0(unsigned long s, unsigned long e)
{
    add(s, e, false);
}

void __init iomem_read_only(unsigned long s, unsigned long e)
{
    add(s, e, true);
}
