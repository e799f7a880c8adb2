/* SPDX-License-Identifier: MIT */
/* Each thread of the test is a CPU. */
#ifndef SHIM_CURRENT_H
#define SHIM_CURRENT_H
#define get_cpu_info stack_cpu_info
#include_next <asm/current.h>
#undef get_cpu_info
extern __thread struct cpu_info test_cpu;
static inline struct cpu_info *get_cpu_info(void)
{
    return &test_cpu;
}
#endif
