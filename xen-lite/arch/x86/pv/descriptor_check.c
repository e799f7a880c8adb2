/* SPDX-License-Identifier: MIT */
/*
 * What a guest may have in its GDT and LDT: nothing (not present), and code or
 * data segments of its own privilege level. System descriptors and gates would
 * lead to ring 0.
 */
#include "descriptor_check.h"

#define DESC_PRESENT      (1ULL << 47)
#define DESC_DPL          (3ULL << 45)
#define DESC_CODE_OR_DATA (1ULL << 44)
#define DESC_CODE         (1ULL << 43)
#define DESC_WRITABLE     (1ULL << 41) /* of data */
#define DESC_LONG         (1ULL << 53)
#define DESC_DEFAULT_SIZE (1ULL << 54)

bool fixup_guest_descriptor(uint64_t *desc)
{
    uint64_t d = *desc;

    if (!(d & DESC_PRESENT))
        return true;
    if (!(d & DESC_CODE_OR_DATA))
        return false;
    if ((d & DESC_CODE) && (d & DESC_LONG) && (d & DESC_DEFAULT_SIZE))
        return false;
    *desc = d | DESC_DPL;
    return true;
}

bool gdt_has_flat_user_segments(const uint64_t *gdt)
{
    const uint64_t segment = DESC_PRESENT | DESC_DPL | DESC_CODE_OR_DATA;
    const uint64_t code = segment | DESC_CODE | DESC_LONG;
    const uint64_t data = segment | DESC_WRITABLE;

    return (gdt[6] & code) == code && (gdt[5] & (data | DESC_CODE)) == data;
}
