/* SPDX-License-Identifier: MIT */
/*
 * The CPUID leaves by which a guest recognises the hypervisor and learns its
 * properties.
 *
 *   +0  eax: last leaf; ebx, ecx, edx: "XenVMMXenVMM"
 *   +1  eax: version, major << 16 | minor
 *   +2  eax: number of hypercall pages, ebx: MSR to place one, ecx: features
 *   +3  subleaf 0: TSC mode and frequency; 1: offset and scale; 2: host clock
 *   +4  HVM: XEN_HVM_CPUID_*
 *   +5  PV: ebx: width of machine addresses in bits
 */
#ifndef __XEN_PUBLIC_ARCH_X86_CPUID_H__
#define __XEN_PUBLIC_ARCH_X86_CPUID_H__

#define XEN_CPUID_FIRST_LEAF     0x40000000
#define XEN_CPUID_LEAF(i)        (XEN_CPUID_FIRST_LEAF + (i))
#define XEN_CPUID_MAX_NUM_LEAVES 5

#define XEN_CPUID_SIGNATURE_EBX 0x566e6558 /* "XenV" */
#define XEN_CPUID_SIGNATURE_ECX 0x65584d4d /* "MMXe" */
#define XEN_CPUID_SIGNATURE_EDX 0x4d4d566e /* "nVMM" */

#define _XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD 0
#define XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD  (1u << 0)

#define XEN_CPUID_MACHINE_ADDRESS_WIDTH_MASK (0xffu << 0)

#endif
