/* SPDX-License-Identifier: MIT */
/*
 * Pages of the x86: what guests grant, what the hypervisor maps, and the unit
 * of rings and frame numbers. Named as in the hypervisor. It is the size of the
 * interface between guests, fixed by the ABI.
 */
#ifndef BASE_PAGE_H
#define BASE_PAGE_H

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)

#endif
