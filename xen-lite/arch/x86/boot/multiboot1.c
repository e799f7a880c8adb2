/* SPDX-License-Identifier: MIT */
/* Multiboot 1, as QEMU's -kernel and old GRUBs speak it. */
#include <hv/lib.h>
#include <asm/e820.h>
#include <asm/page.h>
#include "boot.h"

#define MB1_HAS_MEMORY  (1u << 0)
#define MB1_HAS_CMDLINE (1u << 2)
#define MB1_HAS_MODULES (1u << 3)
#define MB1_HAS_MMAP    (1u << 6)
#define MB1_HAS_LOADER  (1u << 9)

struct mb1_info {
    uint32_t flags;
    uint32_t mem_lower, mem_upper; /* KiB */
    uint32_t boot_device;
    uint32_t cmdline;
    uint32_t mods_count, mods_addr;
    uint32_t syms[4];
    uint32_t mmap_length, mmap_addr;
    uint32_t drives_length, drives_addr;
    uint32_t config_table;
    uint32_t boot_loader_name;
};

struct mb1_module {
    uint32_t start, end, string, reserved;
};

struct mb1_mmap {
    uint32_t size; /* of the rest */
    uint64_t addr, len;
    uint32_t type;
} __packed;

static void __init read_memory_map(const struct mb1_info *info)
{
    const char *p = maddr_to_virt(info->mmap_addr);
    const char *end = p + info->mmap_length;

    while (p + sizeof(struct mb1_mmap) <= end) {
        const struct mb1_mmap *m = (const void *)p;

        e820_add(m->addr, m->len, m->type);
        p += m->size + sizeof(m->size);
    }
}

void __init multiboot1_read(paddr_t pa)
{
    const struct mb1_info *info = maddr_to_virt(pa);
    bool qemu = false;

    if (info->flags & MB1_HAS_LOADER) {
        strlcpy(boot_info.loader, maddr_to_virt(info->boot_loader_name),
                sizeof(boot_info.loader));
        /* The loader puts the file's name in front, with or without a slash. */
        qemu = !strcmp(boot_info.loader, "qemu");
    }
    if (info->flags & MB1_HAS_CMDLINE)
        boot_copy_cmdline(boot_info.cmdline, sizeof(boot_info.cmdline),
                          maddr_to_virt(info->cmdline), qemu);
    if (info->flags & MB1_HAS_MMAP) {
        read_memory_map(info);
    } else if (info->flags & MB1_HAS_MEMORY) {
        e820_add(0, (uint64_t)info->mem_lower << 10, E820_RAM);
        e820_add(MB(1), (uint64_t)info->mem_upper << 10, E820_RAM);
    }
    if (info->flags & MB1_HAS_MODULES) {
        const struct mb1_module *m = maddr_to_virt(info->mods_addr);

        for (unsigned int i = 0; i < info->mods_count; i++, m++) {
            const char *s = m->string ? maddr_to_virt(m->string) : "";
            boot_add_module(m->start, m->end, s);
        }
    }
}
