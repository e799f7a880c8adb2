/* SPDX-License-Identifier: MIT */
/*
 * Features: bits of XENVER_get_features, as the hypervisor gives them to the
 * caller's kind of guest. The same names, without the prefix, appear in a
 * kernel's FEATURES note (elfnote.h), which says what it needs; neither builder
 * looks at it, a kernel checks for itself. A PV guest here gets
 * pae_pgdir_above_4gb, mmu_pt_update_preserve_ad, highmem_assist,
 * gnttab_map_avail_bits, memory_op_vnode_supported and direct_mapped; dom0 also
 * dom0.
 */
#ifndef __XEN_PUBLIC_FEATURES_H__
#define __XEN_PUBLIC_FEATURES_H__

/* Page tables, descriptor tables may be written directly: translated guests. */
#define XENFEAT_writable_page_tables       0
#define XENFEAT_writable_descriptor_tables 1
#define XENFEAT_auto_translated_physmap    2
#define XENFEAT_supervisor_mode_kernel     3 /* the kernel runs in ring 0 */
#define XENFEAT_pae_pgdir_above_4gb        4
#define XENFEAT_mmu_pt_update_preserve_ad  5
#define XENFEAT_highmem_assist             6
/* Grant maps may carry bits for the PTE's available field. */
#define XENFEAT_gnttab_map_avail_bits     7
#define XENFEAT_hvm_callback_vector       8
#define XENFEAT_hvm_safe_pvclock          9
#define XENFEAT_hvm_pirqs                 10
#define XENFEAT_dom0                      11 /* may be dom0; is dom0 */
#define XENFEAT_memory_op_vnode_supported 13
#define XENFEAT_ARM_SMCCC_supported       14
/* The ACPI root pointer may lie outside the legacy places. */
#define XENFEAT_linux_rsdp_unrestricted 15
#define XENFEAT_not_direct_mapped       16
#define XENFEAT_direct_mapped           17

#define XENFEAT_NR_SUBMAPS 1

#endif
