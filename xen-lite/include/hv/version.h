/* SPDX-License-Identifier: MIT */
/*
 * What this hypervisor is, for XENVER_*, the banner and 'xl info'. The numbers
 * and strings that guests see are in common/version.c.
 */
#ifndef HV_VERSION_H
#define HV_VERSION_H

#include <hv/types.h>

extern const char xen_lite_banner[]; /* one line, no newline */

#endif
