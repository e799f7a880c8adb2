/* SPDX-License-Identifier: MIT */
/* The C library has a sched_yield() of its own. */
#ifndef SHIM_SCHED_H
#define SHIM_SCHED_H
#define sched_yield hv_sched_yield
#include_next <hv/sched.h>
#undef sched_yield
#endif
