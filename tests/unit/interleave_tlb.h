/* SPDX-License-Identifier: MIT */
/* The TLBs of CPUs that take turns (interleave_tlb.c). */
#ifndef INTERLEAVE_TLB_H
#define INTERLEAVE_TLB_H
#include "hv_world.h"

/* All is as the CPUs' steps will find it. */
void model_begin(void);
/* From now on; what was there stays until a flush. INVALID_MFN: none. */
void model_root(unsigned int cpu, mfn_t root);
void model_flush(unsigned int cpu);
/* The CPUs that have a translation of it, one way or another. */
unsigned int model_reaches(const struct page_info *pg);
/* The slots of guests' tables that a test may use: all others are empty. */
extern const unsigned int model_slots[];
#define NR_MODEL_SLOTS 6
#endif
