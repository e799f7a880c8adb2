/* SPDX-License-Identifier: MIT */
/*
 * What a tiny dom0 learns of the host: its command line, memory and domains
 * that are there, and what the auditor of a debug build finds.
 */
#ifndef PV_HOST_H
#define PV_HOST_H

#include <pv/pv.h>

/* The number behind "name=" on the command line, if it is there. */
uint64_t option(const char *name, uint64_t otherwise);

/* Sleeps so long, or until an event comes. */
void nap(uint64_t ns);

uint64_t free_pages(void); /* of the host */
/* Waits until so many are free, for some seconds: a domain's last memory goes
 * when every CPU has left the hypervisor once. What there is then. */
uint64_t wait_for_free_pages(uint64_t wanted);
unsigned int nr_domains(void); /* dom0 included */

/* The auditor counts every reference to a frame again: how many errors; what it
 * complains of is shown. -1: it says nothing, for some seconds. */
#define AUDIT_SAYS_NOTHING (-1)
long audit(void);
/* Takes two seconds to say that there is none. */
bool has_auditor(void);

#endif
