/* SPDX-License-Identifier: MIT */
/*
 * What a boot loader tells us, whichever protocol it speaks. The loader's own
 * structures are read once, before any memory is given out, and never again.
 */
#ifndef BOOT_BOOT_H
#define BOOT_BOOT_H

#include <hv/types.h>
#include <hv/dom0.h>

#define MB1_BOOT_MAGIC 0x2badb002
#define MB2_BOOT_MAGIC 0x36d76289
#define BOOT_MODULES   4 /* kernel, initrd; more are ignored */

/* What they all come to; texts that are too long are cut. */
struct boot_info {
    char loader[32];
    char cmdline[1024];
    unsigned int nr_modules;
    struct boot_module modules[BOOT_MODULES];
    /* UEFI and new GRUBs give copies of the RSDP; size 0: search for it. */
    uint8_t rsdp[64];
    unsigned int rsdp_size;
    paddr_t efi_system_table; /* 0: not booted from UEFI */
    bool efi_64bit;
};
extern struct boot_info boot_info;

/* Fill boot_info from the loader's structure at that address, below 4 GiB and
 * in the direct map. A part that is not there leaves its fields 0. */
void multiboot1_read(paddr_t info);
void multiboot2_read(paddr_t info);

/* For the readers: a module in memory, its command line copied. */
void boot_add_module(paddr_t start, paddr_t end, const char *cmdline);
/* Copies a command line, without its first word when that is the file's name
 * (or GRUB's "placeholder"). is_file: the loader always puts the name there. */
void boot_copy_cmdline(char *to, size_t size, const char *from, bool is_file);

#endif
