/* SPDX-License-Identifier: MIT */
/*
 * What firmware left that dom0 asks for (XENPF_firmware_info); setup.c reads
 * it at boot, while it is still there, and nothing writes it afterwards.
 * Without EFI the fields efi_ are 0.
 */
#ifndef ASM_FIRMWARE_H
#define ASM_FIRMWARE_H

#include <hv/types.h>

struct firmware_facts {
    uint8_t kbd_shift_flags; /* as the BIOS keeps them at 0x417 */
    bool efi;                /* booted from UEFI */
    /* Of the system table: its version, and that of the firmware. */
    uint32_t efi_revision, efi_vendor_revision;
    uint16_t efi_vendor[64]; /* UTF-16, terminated */
    /* ACPI and others find their tables in here. */
    paddr_t efi_config_table;
    uint32_t efi_config_entries;
};
extern struct firmware_facts firmware;

#endif
