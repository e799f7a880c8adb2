/* SPDX-License-Identifier: MIT */
/* What firmware left that dom0 asks for (XENPF_firmware_info); setup.c reads
 * it while it is still there. */
#ifndef ASM_FIRMWARE_H
#define ASM_FIRMWARE_H

#include <hv/types.h>

struct firmware_facts {
    uint8_t kbd_shift_flags;
    bool efi;
    uint32_t efi_revision, efi_vendor_revision;
    uint16_t efi_vendor[64]; /* UTF-16, terminated */
    paddr_t efi_config_table;
    uint32_t efi_config_entries;
};
extern struct firmware_facts firmware;

#endif
