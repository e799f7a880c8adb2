/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's memory core in a user process: the same sources, with the
 * areas of the address map moved to where a process may map memory.
 */
#ifndef SHIM_CONFIG_H
#define SHIM_CONFIG_H
#include_next <asm/config.h>

#undef DIRECTMAP_VIRT_START
#undef FRAMETABLE_VIRT_START
#undef RDWR_MPT_VIRT_START
#define DIRECTMAP_VIRT_START  0x200000000000UL
#define FRAMETABLE_VIRT_START 0x210000000000UL
#define RDWR_MPT_VIRT_START   0x220000000000UL
#endif
