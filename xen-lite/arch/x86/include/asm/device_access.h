/* SPDX-License-Identifier: MIT */
/*
 * What of the machine's device memory and ports a domain may reach: dom0 nearly
 * all of it, every other domain nothing. The lists of what is denied grow at
 * boot alone, so that reading them needs no lock. All ranges include both ends.
 */
#ifndef ASM_DEVICE_ACCESS_H
#define ASM_DEVICE_ACCESS_H

#include <hv/types.h>

struct domain;

/* Whether d may map this MMIO range. dom0 may map all but what the hypervisor
 * uses. The caller has made sure that the range is not RAM. */
bool iomem_access_permitted(const struct domain *d, unsigned long s,
                            unsigned long e);
/* Whether dom0's entries for that frame are made read-only, and its stores
 * there vanish. */
bool iomem_is_read_only(unsigned long mfn);
/* For drivers that keep a device to themselves, before dom0 is made. There is
 * room for some; too many are a bug, which stops the boot. */
void iomem_deny_dom0(unsigned long s, unsigned long e); /* frames, boot */
void iomem_read_only(unsigned long s, unsigned long e);
void ioports_deny_dom0(unsigned int first, unsigned int last);
/* Whether d may use all ports of the range. */
bool ioports_access_permitted(const struct domain *d, unsigned int s,
                              unsigned int e);

#endif
