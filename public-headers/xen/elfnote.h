/* SPDX-License-Identifier: MIT */
/*
 * ELF notes, named "Xen", by which a kernel says how it wants to be loaded.
 * "number" is 4 or 8 bytes, "string" is NUL terminated. Both builders read
 * them: the hypervisor for dom0, the toolstack for every other guest. A note
 * that is missing has its default; a kernel without any is refused.
 *
 * Both read the notes' segments, or the note sections of a file whose segments
 * hold none. The last note of a type counts. A number of another size, a note
 * that is cut off, and XEN_VERSION or LOADER other than given below refuse the
 * kernel; so do addresses that are not inside it, where they must be. Notes
 * that are not explained further change nothing.
 */
#ifndef __XEN_PUBLIC_ELFNOTE_H__
#define __XEN_PUBLIC_ELFNOTE_H__

/*
 * Defaults: ENTRY is the ELF header's entry, VIRT_BASE and PADDR_OFFSET are 0.
 * Without HYPERCALL_PAGE the kernel must do its hypercalls by its own code;
 * with it, a page-aligned address inside the kernel. XEN_VERSION must be there.
 * GUEST_OS is only shown. A kernel that has PHYS32_ENTRY and no ENTRY is taken
 * for one that cannot run as a PV guest.
 */
#define XEN_ELFNOTE_INFO           0
#define XEN_ELFNOTE_ENTRY          1 /* number: entry, virtual address */
#define XEN_ELFNOTE_HYPERCALL_PAGE 2 /* number: page to fill with stubs */
#define XEN_ELFNOTE_VIRT_BASE      3 /* number: address of the mapping */
#define XEN_ELFNOTE_PADDR_OFFSET   4 /* number: ELF paddr at VIRT_BASE */
#define XEN_ELFNOTE_XEN_VERSION    5 /* string: "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS       6 /* string */
#define XEN_ELFNOTE_GUEST_VERSION  7 /* string */
#define XEN_ELFNOTE_LOADER         8 /* string: "generic" */
#define XEN_ELFNOTE_PAE_MODE       9 /* string: 32-bit kernels only */
/*
 * string: names of features.h without the prefix, '|' between them, '!' before
 * one without which the kernel cannot run. Only pae_pgdir_above_4gb is looked
 * for; what matters now is in SUPPORTED_FEATURES.
 */
#define XEN_ELFNOTE_FEATURES 10
/*
 * INIT_P2M: page-aligned, and in a part of 512 GiB that the kernel's own
 * mapping does not touch; without it mfn_list lies in that mapping.
 * MOD_START_PFN other than 0: the ramdisk is not mapped. SUPPORTED_FEATURES:
 * all if missing; a kernel that has it, but without XENFEAT_dom0, is refused as
 * dom0.
 */
#define XEN_ELFNOTE_BSD_SYMTAB         11 /* string: "yes": load symbols */
#define XEN_ELFNOTE_HV_START_LOW       12 /* number: lowest address of ours */
#define XEN_ELFNOTE_L1_MFN_VALID       13 /* pairs: mask, value */
#define XEN_ELFNOTE_SUSPEND_CANCEL     14 /* number: suspend may return 1 */
#define XEN_ELFNOTE_INIT_P2M           15 /* number: address for mfn_list */
#define XEN_ELFNOTE_MOD_START_PFN      16 /* number: 1: ramdisk by pfn */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* number: bits by XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY       18 /* number: PVH entry */
#define XEN_ELFNOTE_MAX                XEN_ELFNOTE_PHYS32_ENTRY

/*
 * Notes of crash images and of domain dumps, which are made by others: the
 * numbers are reserved so that tools can name them.
 */
#define XEN_ELFNOTE_CRASH_INFO              0x1000001
#define XEN_ELFNOTE_CRASH_REGS              0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE           0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER         0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif
