/* SPDX-License-Identifier: MIT */
/*
 * ELF notes, named "Xen", by which a kernel says how it wants to be loaded.
 * "number" is 4 or 8 bytes, "string" is NUL terminated. Both builders read
 * them: the hypervisor for dom0, the toolstack for every other guest. A note
 * that is missing has its default; a kernel without any is refused.
 */
#ifndef __XEN_PUBLIC_ELFNOTE_H__
#define __XEN_PUBLIC_ELFNOTE_H__

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
 * one without which the kernel cannot run
 */
#define XEN_ELFNOTE_FEATURES           10
#define XEN_ELFNOTE_BSD_SYMTAB         11 /* string: "yes": load symbols */
#define XEN_ELFNOTE_HV_START_LOW       12 /* number: lowest address of ours */
#define XEN_ELFNOTE_L1_MFN_VALID       13 /* pairs: mask, value */
#define XEN_ELFNOTE_SUSPEND_CANCEL     14 /* number: suspend may return 1 */
#define XEN_ELFNOTE_INIT_P2M           15 /* number: address for mfn_list */
#define XEN_ELFNOTE_MOD_START_PFN      16 /* number: 1: ramdisk by pfn */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* number: bits by XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY       18 /* number: PVH entry */
#define XEN_ELFNOTE_MAX                XEN_ELFNOTE_PHYS32_ENTRY

/* Notes of crash images and of domain dumps. */
#define XEN_ELFNOTE_CRASH_INFO              0x1000001
#define XEN_ELFNOTE_CRASH_REGS              0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE           0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER         0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif
