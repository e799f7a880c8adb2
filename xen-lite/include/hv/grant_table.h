/* SPDX-License-Identifier: MIT */
/*
 * Grant tables: what the rest of the hypervisor asks. ABI <xen/grant_table.h>,
 * version 1 only. Which domain maps which frame of whom is recorded once, in
 * the mapper's handles; the granter's active entries count pins.
 */
#ifndef HV_GRANT_TABLE_H
#define HV_GRANT_TABLE_H

#include <hv/domain.h>
#include <hv/mm.h>

int grant_table_init(struct domain *d, uint32_t max_frames,
                     uint32_t max_maptrack_frames);
/* Drop all mappings that d holds of others. Preemptible: 0/-ERESTART */
int gnttab_release_mappings(struct domain *d);
/* Frees at most *left parts, and counts them off; true: nothing is left. */
bool grant_table_destroy(struct domain *d, unsigned int *left);
/* XENMEM_acquire_resource and XENMAPSPACE: frame i of the table, growing it.
 * 0 / -EINVAL / -ENOMEM; the frame is xenheap shared with d. */
int gnttab_get_shared_frame(struct domain *d, unsigned long idx, mfn_t *mfn);
/* log_dirty_frame() for what others may write through a grant of d now. */
void gnttab_log_dirty(struct domain *d);
void gnttab_dump(struct domain *d);
#ifdef HV_DEBUG
/* For the auditor: the frames of d that pins hold. */
void gnttab_held_frames(const struct domain *d, hold_fn *hold);
/* The same: how many entries of d have other pins than the handles that refer
 * to them. No vcpu runs but current. */
unsigned long gnttab_odd_entries(const struct domain *d);
#endif

#endif
