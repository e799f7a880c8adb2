/* SPDX-License-Identifier: MIT */
/* Rules about guest descriptors; pure, tested on the host. */
#ifndef PV_DESCRIPTOR_CHECK_H
#define PV_DESCRIPTOR_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* May a guest have this in its GDT or LDT? Raises the privilege level to the
 * guest's where that is all that is wrong. One that is not present may be
 * anything, and stays as it is. */
bool fixup_guest_descriptor(uint64_t *desc);
/* Are selectors 0x33 and 0x2b what sysret would load: 64-bit code and data? */
bool gdt_has_flat_user_segments(const uint64_t *gdt);

#endif
