/* SPDX-License-Identifier: MIT */
/*
 * The machine's memory map, as firmware gave it: sorted, without overlaps
 * (the stricter type wins). dom0 is shown this map (XENMEM_machine_memory_map).
 * What we keep of RAM for ourselves is listed apart, in boot_reserved.
 */
#ifndef ASM_E820_H
#define ASM_E820_H

#include <hv/types.h>

/* Types, as firmware numbers them: a higher one is stricter. Whatever else a
 * loader passes counts as reserved. */
#define E820_RAM      1
#define E820_RESERVED 2
#define E820_ACPI     3 /* tables: RAM once they are read; we leave it */
#define E820_NVS      4 /* firmware keeps it over sleep */
#define E820_UNUSABLE 5
#define E820_MAX      256 /* entries that we keep; more are ignored */

/* Layout is ABI (XENMEM_memory_map). */
struct e820entry {
    uint64_t addr, size;
    uint32_t type;
} __packed;

/* The first nr entries count. It does not change after e820_finish(). */
struct e820map {
    unsigned int nr;
    struct e820entry map[E820_MAX];
};
extern struct e820map hv_e820;

/* Firmware and system management code use the first MiB, also where the map
 * says RAM. All of it is I/O memory: dom0 may map it, and no domain gets it as
 * RAM. */
#define FIRMWARE_MEMORY_END MB(1UL)

/* Boot-time users of RAM, until the heap owns everything: the image, modules,
 * the first MiB. Pairs [s, e), sorted. Gone after boot, with boot_reserve(),
 * which joins ranges that touch and panics if there are too many. */
#define BOOT_RESERVED_MAX 64
struct boot_range {
    paddr_t s, e;
};
extern struct boot_range boot_reserved[BOOT_RESERVED_MAX];
extern unsigned int nr_boot_reserved;
void boot_reserve(paddr_t s, paddr_t e);

/* Calls fn(s, e) for each page-aligned piece of RAM that is not reserved, in
 * rising order, none of them empty. fn must not reserve. */
void e820_for_each_free_ram(void (*fn)(paddr_t s, paddr_t e));

/* Fill hv_e820 at boot: add raw entries in any order, then finish, which panics
 * if there are none. size is in bytes; empty entries are ignored. */
void e820_add(uint64_t addr, uint64_t size, uint32_t type);
void e820_finish(void);
void e820_print(void);

#endif
