/* SPDX-License-Identifier: MIT */
/*
 * Numbers that assembly needs from C structures. Compiled to assembly only;
 * build.mk turns the marked lines into asm-offsets.h.
 */
#include <hv/domain.h>
#include <asm/current.h>

#define DEFINE(name, value) asm volatile("\n->" #name " %0" ::"i"(value))
#define OFFSET(name, type, member) DEFINE(name, offsetof(type, member))

void asm_offsets(void);
void asm_offsets(void)
{
    DEFINE(CPU_INFO_SIZE, sizeof(struct cpu_info));
}
