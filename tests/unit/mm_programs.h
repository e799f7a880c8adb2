/* SPDX-License-Identifier: MIT */
/* Random hypercall programs: see mm_programs.c. */
#ifndef MM_PROGRAMS_H
#define MM_PROGRAMS_H

#include "hv_world.h"

/* The next random operation of the current vcpu. */
void program_step(void);
/* With several threads: the CPU, and the vcpu of each domain, of this one. */
extern __thread int program_vcpu;
void program_populate(struct domain *d, unsigned int n);

#endif
