/* SPDX-License-Identifier: MIT */
/* What of the machine's device memory and ports a domain may reach. */
#ifndef ASM_DEVICE_ACCESS_H
#define ASM_DEVICE_ACCESS_H

#include <hv/types.h>

struct domain;

/* Whether d may map this MMIO range. dom0 may map all but what the hypervisor
 * uses. */
bool iomem_access_permitted(const struct domain *d, unsigned long s,
                            unsigned long e);
void iomem_deny_dom0(unsigned long s, unsigned long e); /* frames, boot */
void ioports_deny_dom0(unsigned int first, unsigned int last);
bool ioports_access_permitted(const struct domain *d, unsigned int s,
                              unsigned int e);

#endif
