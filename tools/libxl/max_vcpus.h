/* SPDX-License-Identifier: MIT */
/*
 * The most vcpus that a configuration may ask for: any hypervisor has fewer,
 * and lists with an entry for each stay small. For libxl and xl.
 */
#ifndef LIBXL_MAX_VCPUS_H
#define LIBXL_MAX_VCPUS_H

#define LIBXL__MAX_VCPUS 512

#endif
