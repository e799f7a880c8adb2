/* SPDX-License-Identifier: MIT */
/*
 * Multiboot 2, as GRUB speaks it on BIOS and UEFI. The information is one
 * block of tags. On UEFI, GRUB has left boot services before we start.
 */
#include <hv/lib.h>
#include <hv/serial.h>
#include <asm/e820.h>
#include <asm/page.h>
#include <xen/xen.h>
#include "boot.h"

#define VIDEO_CAPABILITY_64BIT_BASE 2 /* Linux's name */

enum mb2_type {
    MB2_END = 0,
    MB2_CMDLINE = 1,
    MB2_LOADER = 2,
    MB2_MODULE = 3,
    MB2_MMAP = 6,
    MB2_FRAMEBUFFER = 8,
    MB2_EFI32 = 11,
    MB2_EFI64 = 12,
    MB2_ACPI_OLD = 14,
    MB2_ACPI_NEW = 15,
};

struct mb2_tag {
    uint32_t type, size; /* size without the padding to 8 */
};

struct mb2_module {
    struct mb2_tag tag;
    uint32_t start, end;
    char cmdline[];
};

struct mb2_mmap_entry {
    uint64_t addr, len;
    uint32_t type, zero;
};

struct mb2_mmap {
    struct mb2_tag tag;
    uint32_t entry_size, entry_version;
    struct mb2_mmap_entry entries[];
};

#define MB2_FRAMEBUFFER_RGB 1
struct mb2_framebuffer {
    struct mb2_tag tag;
    uint64_t addr;
    uint32_t pitch, width, height;
    uint8_t bpp, type;
    uint16_t reserved;
    uint8_t red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

static struct dom0_vga_console_info screen __initdata;

static void __init read_framebuffer(const struct mb2_framebuffer *fb)
{
    if (fb->tag.size < offsetof(struct mb2_framebuffer, blue_size) + 1 ||
        fb->type != MB2_FRAMEBUFFER_RGB)
        return;
    screen.video_type = XEN_VGATYPE_VESA_LFB;
    screen.u.vesa_lfb.width = fb->width;
    screen.u.vesa_lfb.height = fb->height;
    screen.u.vesa_lfb.bytes_per_line = fb->pitch;
    screen.u.vesa_lfb.bits_per_pixel = fb->bpp;
    screen.u.vesa_lfb.lfb_base = fb->addr;
    screen.u.vesa_lfb.ext_lfb_base = fb->addr >> 32;
    screen.u.vesa_lfb.lfb_size =
        DIV_ROUND_UP((uint64_t)fb->pitch * fb->height, 0x10000u);
    screen.u.vesa_lfb.red_pos = fb->red_pos;
    screen.u.vesa_lfb.red_size = fb->red_size;
    screen.u.vesa_lfb.green_pos = fb->green_pos;
    screen.u.vesa_lfb.green_size = fb->green_size;
    screen.u.vesa_lfb.blue_pos = fb->blue_pos;
    screen.u.vesa_lfb.blue_size = fb->blue_size;
    if (fb->addr >> 32)
        screen.u.vesa_lfb.gbl_caps |= VIDEO_CAPABILITY_64BIT_BASE;
}

static void __init read_memory_map(const struct mb2_mmap *mmap)
{
    const char *p = (const char *)mmap->entries;
    const char *end = (const char *)mmap + mmap->tag.size;

    for (; p + sizeof(struct mb2_mmap_entry) <= end; p += mmap->entry_size) {
        const struct mb2_mmap_entry *e = (const void *)p;

        e820_add(e->addr, e->len, e->type);
    }
}

static void __init keep_rsdp(const struct mb2_tag *tag)
{
    unsigned int n = MIN(tag->size - sizeof(*tag), sizeof(boot_info.rsdp));

    /* The new form wins, whatever the order of the tags. */
    if (n > boot_info.rsdp_size) {
        memcpy(boot_info.rsdp, tag + 1, n);
        boot_info.rsdp_size = n;
    }
}

static void __init read_tag(const struct mb2_tag *tag)
{
    const struct mb2_module *module = (const void *)tag;

    switch (tag->type) {
    case MB2_CMDLINE:
        boot_copy_cmdline(boot_info.cmdline, sizeof(boot_info.cmdline),
                          (const char *)(tag + 1), false);
        break;
    case MB2_LOADER:
        strlcpy(boot_info.loader, (const char *)(tag + 1),
                sizeof(boot_info.loader));
        break;
    case MB2_MODULE:
        boot_add_module(module->start, module->end, module->cmdline);
        break;
    case MB2_MMAP:
        read_memory_map((const void *)tag);
        break;
    case MB2_FRAMEBUFFER:
        read_framebuffer((const void *)tag);
        break;
    case MB2_EFI32:
        boot_info.efi_system_table = *(const uint32_t *)(tag + 1);
        break;
    case MB2_EFI64:
        boot_info.efi_system_table = *(const uint64_t *)(tag + 1);
        boot_info.efi_64bit = true;
        break;
    case MB2_ACPI_OLD:
    case MB2_ACPI_NEW:
        keep_rsdp(tag);
        break;
    }
}

void __init multiboot2_read(paddr_t pa)
{
    const char *base = maddr_to_virt(pa);
    uint32_t total = *(const uint32_t *)base;

    for (uint32_t off = 8; off + sizeof(struct mb2_tag) <= total;) {
        const struct mb2_tag *tag = (const void *)(base + off);

        if (tag->type == MB2_END)
            break;
        read_tag(tag);
        off += ROUND_UP(MAX(tag->size, 8u), 8u);
    }
    if (screen.video_type && boot_info.efi_system_table)
        screen.video_type = XEN_VGATYPE_EFI_LFB;
    if (screen.video_type)
        vga_set_framebuffer(&screen);
}
