/* SPDX-License-Identifier: MIT */
/* Ranges of MMIO that dom0 may not map. */
#include "mm.h"
#include <asm/device_access.h>

#define MAX_RANGES 64
static struct mmio_range {
    unsigned long s, e; /* frames, both included */
} denied[MAX_RANGES];
static unsigned int nr_denied;

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

void __init iomem_deny_dom0(unsigned long s, unsigned long e)
{
    BUG_ON(nr_denied == MAX_RANGES); /* called at boot only */
    denied[nr_denied++] = (struct mmio_range){s, e};
}
