/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the library do when the guest is suspended and goes on: in
 * the old domain (cancelled), or restored in a new one. For control.c alone.
 */
#ifndef PV_RESUME_H
#define PV_RESUME_H

#include <pv/pv.h>

/* Devices wait for what is under way, until that system time at most. */
void xenbus_suspend(uint64_t end);

/* Frames that are not the guest's cannot be in its page tables when they are
 * saved. False: the hypervisor refuses; the guest cannot go on. */
void shared_info_unmap(void);
bool shared_info_map(void);
void grant_table_unmap(void);
bool grant_table_map(void);

/* Of a new domain. system_time() goes on at ns; ports of before are nobody's;
 * the store is connected to, and devices begin anew. */
void time_goes_on(uint64_t ns);
void events_forget(void);
void xenbus_resume(void);

#endif
