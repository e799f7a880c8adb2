/* SPDX-License-Identifier: MIT */
/*
 * Frames and memory, for generic code: the allocator, and what the architecture
 * says of frames (asm/mm.h).
 */
#ifndef HV_MM_H
#define HV_MM_H

#include <hv/page_alloc.h>
#include <asm/mm.h>

#endif
