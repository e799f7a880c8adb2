/* SPDX-License-Identifier: MIT */
/*
 * What tools have to know of this hypervisor and no call of Xen's interface
 * tells.
 */
#ifndef XEN_LITE_H
#define XEN_LITE_H

/* The most vcpus that a domain can have; createdomain refuses more. */
#define XEN_LITE_MAX_VCPUS 128

#endif
