/* SPDX-License-Identifier: MIT */
/*
 * Whether a domain has ended, for when the store does not know: it is away, or
 * is a new one. The hypervisor does.
 */
#ifndef BACKENDS_COMMON_DOMAIN_OVER_H
#define BACKENDS_COMMON_DOMAIN_OVER_H

#include <stdbool.h>

/* How often to ask. */
#define DOMAIN_OVER_MS 1000

/* h: NULL in a domain that may not ask: false. A domain that dies, and exists
 * only because its pages are mapped by us, has ended. */
struct xlc_handle;
bool domain_over(struct xlc_handle *h, unsigned int domid);

#endif
