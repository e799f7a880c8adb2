/* SPDX-License-Identifier: MIT */
/*
 * CPU features as bits of words, each word a register of some CPUID leaf (or
 * half an MSR). Included plainly, this gives an enumeration of
 * XEN_X86_FEATURE_<name>; with XEN_CPUFEATURE(name, number) defined it expands
 * that for each feature and undefines it.
 *
 * A number is 32 times the word plus the bit. The words stand in this order in
 * the answer of XEN_SYSCTL_get_cpu_featureset, where bit n of word w is set if
 * the feature is there. Numbers are for ever; new words come behind the last
 * one. A reader takes as many words as it gets and treats what is missing as 0.
 * A bit without a name here may be set in the raw and host sets, which are the
 * CPU's registers as they are.
 *
 * Three sets matter: what the CPU has, what PV guests get, and what a domain's
 * policy (XEN_DOMCTL_set_cpu_policy) leaves of that. Each is part of the one
 * before, with two exceptions named at word 1; a policy that asks for more is
 * cut down without an error. What PV guests get is what works in ring 3 without
 * help and has its state saved for each vcpu. It is said below for each word;
 * it needs the CPU to have the feature, too.
 *
 * A domain's policy can change only before it first runs. For guests that shall
 * run on several machines a tool takes the bits that all of their PV sets have.
 * A feature may need others, of this word or another one. The hypervisor heeds
 * that where it makes the PV set (see word 1), not in a policy: who takes a
 * feature away takes away himself what builds on it.
 *
 * Nothing of this is enforced on the CPU: an ordinary CPUID instruction shows
 * the machine's bits, also those that a guest must not use. A kernel sees its
 * policy by the prefixed form (XEN_CPUID of xen.h) and tells its programs.
 *
 * The names are for tools and guests. The hypervisor itself decides by masks of
 * whole words, in the same order.
 */
#ifdef XEN_CPUFEATURE
#define XEN_CPUFEATURE_FOREACH
#elif !defined(__XEN_PUBLIC_ARCH_X86_CPUFEATURESET_H__)
#define __XEN_PUBLIC_ARCH_X86_CPUFEATURESET_H__
#define XEN_CPUFEATURE_FOREACH
#define XEN_CPUFEATURE_ENUM
#define XEN_CPUFEATURE(name, value) XEN_X86_FEATURE_##name = value,
enum {
#endif

/* clang-format off */
#ifdef XEN_CPUFEATURE_FOREACH
/*
 * word 0: leaf 1, edx
 *
 * PV guests do not get VME, PSE, MTRR, PGE, PSE36, DS, TM1 and PBE. PSE and PGE
 * would say that a guest may make large and global pages, which
 * is the hypervisor's choice. MTRRs are the machine's, and the same for all
 * guests. SEP is not given on AMD, which has no SYSENTER in long mode. APIC and
 * HTT are the CPU's own: the APIC id that CPUID tells is made for each vcpu,
 * and says nothing about where the vcpu runs.
 */
XEN_CPUFEATURE(FPU, 0 * 32 + 0)
XEN_CPUFEATURE(VME, 0 * 32 + 1)
XEN_CPUFEATURE(DE, 0 * 32 + 2)
XEN_CPUFEATURE(PSE, 0 * 32 + 3)
XEN_CPUFEATURE(TSC, 0 * 32 + 4)
XEN_CPUFEATURE(MSR, 0 * 32 + 5)
XEN_CPUFEATURE(PAE, 0 * 32 + 6)
XEN_CPUFEATURE(MCE, 0 * 32 + 7)
XEN_CPUFEATURE(CX8, 0 * 32 + 8)
XEN_CPUFEATURE(APIC, 0 * 32 + 9)
XEN_CPUFEATURE(SEP, 0 * 32 + 11)
XEN_CPUFEATURE(MTRR, 0 * 32 + 12)
XEN_CPUFEATURE(PGE, 0 * 32 + 13)
XEN_CPUFEATURE(MCA, 0 * 32 + 14)
XEN_CPUFEATURE(CMOV, 0 * 32 + 15)
XEN_CPUFEATURE(PAT, 0 * 32 + 16)
XEN_CPUFEATURE(PSE36, 0 * 32 + 17)
XEN_CPUFEATURE(CLFLUSH, 0 * 32 + 19)
XEN_CPUFEATURE(DS, 0 * 32 + 21)
XEN_CPUFEATURE(ACPI, 0 * 32 + 22)
XEN_CPUFEATURE(MMX, 0 * 32 + 23)
XEN_CPUFEATURE(FXSR, 0 * 32 + 24)
XEN_CPUFEATURE(SSE, 0 * 32 + 25)
XEN_CPUFEATURE(SSE2, 0 * 32 + 26)
XEN_CPUFEATURE(SS, 0 * 32 + 27)
XEN_CPUFEATURE(HTT, 0 * 32 + 28)
XEN_CPUFEATURE(TM1, 0 * 32 + 29)
XEN_CPUFEATURE(PBE, 0 * 32 + 31)
/*
 * word 1: leaf 1, ecx
 *
 * PV guests get SSE3, PCLMULQDQ, SSSE3, FMA, CX16, SSE4_1, SSE4_2, MOVBE,
 * POPCNT, AESNI, XSAVE, AVX, F16C and RDRAND.
 *
 * HYPERVISOR is set for guests whether the CPU has it or not. OSXSAVE is set
 * whenever XSAVE is: control register 4 is the hypervisor's and the same for
 * all. FMA, AVX and F16C go with the state of AVX registers; where that cannot
 * be enabled, they and their like in other words are missing. Without XSAVE
 * there is no such state at all.
 */
XEN_CPUFEATURE(SSE3, 1 * 32 + 0)
XEN_CPUFEATURE(PCLMULQDQ, 1 * 32 + 1)
XEN_CPUFEATURE(DTES64, 1 * 32 + 2)
XEN_CPUFEATURE(MONITOR, 1 * 32 + 3)
XEN_CPUFEATURE(DSCPL, 1 * 32 + 4)
XEN_CPUFEATURE(VMX, 1 * 32 + 5)
XEN_CPUFEATURE(SMX, 1 * 32 + 6)
XEN_CPUFEATURE(EIST, 1 * 32 + 7)
XEN_CPUFEATURE(TM2, 1 * 32 + 8)
XEN_CPUFEATURE(SSSE3, 1 * 32 + 9)
XEN_CPUFEATURE(FMA, 1 * 32 + 12)
XEN_CPUFEATURE(CX16, 1 * 32 + 13)
XEN_CPUFEATURE(XTPR, 1 * 32 + 14)
XEN_CPUFEATURE(PDCM, 1 * 32 + 15)
XEN_CPUFEATURE(PCID, 1 * 32 + 17)
XEN_CPUFEATURE(DCA, 1 * 32 + 18)
XEN_CPUFEATURE(SSE4_1, 1 * 32 + 19)
XEN_CPUFEATURE(SSE4_2, 1 * 32 + 20)
XEN_CPUFEATURE(X2APIC, 1 * 32 + 21)
XEN_CPUFEATURE(MOVBE, 1 * 32 + 22)
XEN_CPUFEATURE(POPCNT, 1 * 32 + 23)
XEN_CPUFEATURE(TSC_DEADLINE, 1 * 32 + 24)
XEN_CPUFEATURE(AESNI, 1 * 32 + 25)
XEN_CPUFEATURE(XSAVE, 1 * 32 + 26)
XEN_CPUFEATURE(OSXSAVE, 1 * 32 + 27)
XEN_CPUFEATURE(AVX, 1 * 32 + 28)
XEN_CPUFEATURE(F16C, 1 * 32 + 29)
XEN_CPUFEATURE(RDRAND, 1 * 32 + 30)
XEN_CPUFEATURE(HYPERVISOR, 1 * 32 + 31)
/*
 * word 2: leaf 0x80000001, edx
 *
 * PV guests do not get FFXSR and PAGE1GB. AMD repeats bits of word 0 here;
 * they have no names of their own, and are masked as there.
 */
XEN_CPUFEATURE(SYSCALL, 2 * 32 + 11)
XEN_CPUFEATURE(NX, 2 * 32 + 20)
XEN_CPUFEATURE(MMXEXT, 2 * 32 + 22)
XEN_CPUFEATURE(FFXSR, 2 * 32 + 25)
XEN_CPUFEATURE(PAGE1GB, 2 * 32 + 26)
XEN_CPUFEATURE(RDTSCP, 2 * 32 + 27)
XEN_CPUFEATURE(LM, 2 * 32 + 29)
XEN_CPUFEATURE(3DNOWEXT, 2 * 32 + 30)
XEN_CPUFEATURE(3DNOW, 2 * 32 + 31)
/*
 * word 3: leaf 0x80000001, ecx
 *
 * PV guests get LAHF_LM, CMP_LEGACY, ABM, SSE4A, MISALIGNSSE, 3DNOWPREFETCH,
 * XOP, FMA4, TBM and DBEXT; XOP and FMA4 only with the AVX state. The rest
 * belongs to ring 0, or to hardware that is not shown to guests (SVM, IBS,
 * LWP, the watchdog).
 */
XEN_CPUFEATURE(LAHF_LM, 3 * 32 + 0)
XEN_CPUFEATURE(CMP_LEGACY, 3 * 32 + 1)
XEN_CPUFEATURE(SVM, 3 * 32 + 2)
XEN_CPUFEATURE(EXTAPIC, 3 * 32 + 3)
XEN_CPUFEATURE(CR8_LEGACY, 3 * 32 + 4)
XEN_CPUFEATURE(ABM, 3 * 32 + 5)
XEN_CPUFEATURE(SSE4A, 3 * 32 + 6)
XEN_CPUFEATURE(MISALIGNSSE, 3 * 32 + 7)
XEN_CPUFEATURE(3DNOWPREFETCH, 3 * 32 + 8)
XEN_CPUFEATURE(OSVW, 3 * 32 + 9)
XEN_CPUFEATURE(IBS, 3 * 32 + 10)
XEN_CPUFEATURE(XOP, 3 * 32 + 11)
XEN_CPUFEATURE(SKINIT, 3 * 32 + 12)
XEN_CPUFEATURE(WDT, 3 * 32 + 13)
XEN_CPUFEATURE(LWP, 3 * 32 + 15)
XEN_CPUFEATURE(FMA4, 3 * 32 + 16)
XEN_CPUFEATURE(NODEID_MSR, 3 * 32 + 19)
XEN_CPUFEATURE(TBM, 3 * 32 + 21)
XEN_CPUFEATURE(TOPOEXT, 3 * 32 + 22)
XEN_CPUFEATURE(DBEXT, 3 * 32 + 26)
XEN_CPUFEATURE(MONITORX, 3 * 32 + 29)
/*
 * word 4: leaf 0xd subleaf 1, eax
 *
 * PV guests get all but XSAVES, which is privileged. Without XSAVE in word 1
 * the word is 0.
 */
XEN_CPUFEATURE(XSAVEOPT, 4 * 32 + 0)
XEN_CPUFEATURE(XSAVEC, 4 * 32 + 1)
XEN_CPUFEATURE(XGETBV1, 4 * 32 + 2)
XEN_CPUFEATURE(XSAVES, 4 * 32 + 3)
/*
 * word 5: leaf 7, ebx
 *
 * PV guests get BMI1, AVX2, BMI2, ERMS, RDSEED, ADX, CLFLUSHOPT, CLWB, SHA and
 * the AVX512 features; AVX2 and AVX512 only if their states can be enabled.
 *
 * FSGSBASE is kept back though it works in ring 3: a kernel that uses it would
 * trap at each of its context switches. SMEP, SMAP and INVPCID are ring 0's.
 * HLE, RTM and MPX are not offered, nor are the features that count or trace
 * (PQM, PQE, PROC_TRACE).
 */
XEN_CPUFEATURE(FSGSBASE, 5 * 32 + 0)
XEN_CPUFEATURE(TSC_ADJUST, 5 * 32 + 1)
XEN_CPUFEATURE(SGX, 5 * 32 + 2)
XEN_CPUFEATURE(BMI1, 5 * 32 + 3)
XEN_CPUFEATURE(HLE, 5 * 32 + 4)
XEN_CPUFEATURE(AVX2, 5 * 32 + 5)
XEN_CPUFEATURE(FDP_EXCP_ONLY, 5 * 32 + 6)
XEN_CPUFEATURE(SMEP, 5 * 32 + 7)
XEN_CPUFEATURE(BMI2, 5 * 32 + 8)
XEN_CPUFEATURE(ERMS, 5 * 32 + 9)
XEN_CPUFEATURE(INVPCID, 5 * 32 + 10)
XEN_CPUFEATURE(RTM, 5 * 32 + 11)
XEN_CPUFEATURE(PQM, 5 * 32 + 12)
XEN_CPUFEATURE(NO_FPU_SEL, 5 * 32 + 13)
XEN_CPUFEATURE(MPX, 5 * 32 + 14)
XEN_CPUFEATURE(PQE, 5 * 32 + 15)
XEN_CPUFEATURE(AVX512F, 5 * 32 + 16)
XEN_CPUFEATURE(AVX512DQ, 5 * 32 + 17)
XEN_CPUFEATURE(RDSEED, 5 * 32 + 18)
XEN_CPUFEATURE(ADX, 5 * 32 + 19)
XEN_CPUFEATURE(SMAP, 5 * 32 + 20)
XEN_CPUFEATURE(AVX512_IFMA, 5 * 32 + 21)
XEN_CPUFEATURE(CLFLUSHOPT, 5 * 32 + 23)
XEN_CPUFEATURE(CLWB, 5 * 32 + 24)
XEN_CPUFEATURE(PROC_TRACE, 5 * 32 + 25)
XEN_CPUFEATURE(AVX512PF, 5 * 32 + 26)
XEN_CPUFEATURE(AVX512ER, 5 * 32 + 27)
XEN_CPUFEATURE(AVX512CD, 5 * 32 + 28)
XEN_CPUFEATURE(SHA, 5 * 32 + 29)
XEN_CPUFEATURE(AVX512BW, 5 * 32 + 30)
XEN_CPUFEATURE(AVX512VL, 5 * 32 + 31)
/*
 * word 6: leaf 7, ecx
 *
 * PV guests get AVX512_VBMI, AVX512_VBMI2, GFNI, VAES, VPCLMULQDQ,
 * AVX512_VNNI, AVX512_BITALG, AVX512_VPOPCNTDQ and RDPID, each with the vector
 * state that it needs. PKU, UMIP and CET_SS would need bits of control register
 * 4 that guests cannot set.
 */
XEN_CPUFEATURE(PREFETCHWT1, 6 * 32 + 0)
XEN_CPUFEATURE(AVX512_VBMI, 6 * 32 + 1)
XEN_CPUFEATURE(UMIP, 6 * 32 + 2)
XEN_CPUFEATURE(PKU, 6 * 32 + 3)
XEN_CPUFEATURE(OSPKE, 6 * 32 + 4)
XEN_CPUFEATURE(AVX512_VBMI2, 6 * 32 + 6)
XEN_CPUFEATURE(CET_SS, 6 * 32 + 7)
XEN_CPUFEATURE(GFNI, 6 * 32 + 8)
XEN_CPUFEATURE(VAES, 6 * 32 + 9)
XEN_CPUFEATURE(VPCLMULQDQ, 6 * 32 + 10)
XEN_CPUFEATURE(AVX512_VNNI, 6 * 32 + 11)
XEN_CPUFEATURE(AVX512_BITALG, 6 * 32 + 12)
XEN_CPUFEATURE(AVX512_VPOPCNTDQ, 6 * 32 + 14)
XEN_CPUFEATURE(RDPID, 6 * 32 + 22)
XEN_CPUFEATURE(CLDEMOTE, 6 * 32 + 25)
XEN_CPUFEATURE(MOVDIRI, 6 * 32 + 27)
XEN_CPUFEATURE(MOVDIR64B, 6 * 32 + 28)
XEN_CPUFEATURE(ENQCMD, 6 * 32 + 29)
/*
 * word 7: leaf 0x80000007, edx
 *
 * PV guests get nothing of this word. Whether time by the TSC is reliable they
 * learn from the hypervisor's own leaves (cpuid.h) and from vcpu_time_info.
 */
XEN_CPUFEATURE(HW_PSTATE, 7 * 32 + 7)
XEN_CPUFEATURE(ITSC, 7 * 32 + 8)
XEN_CPUFEATURE(CPB, 7 * 32 + 9)
XEN_CPUFEATURE(EFRO, 7 * 32 + 10)
/*
 * word 8: leaf 0x80000008, ebx
 *
 * PV guests get CLZERO. Most others tell of MSRs against speculation, which no
 * guest can write, or promise that one is not needed.
 */
XEN_CPUFEATURE(CLZERO, 8 * 32 + 0)
XEN_CPUFEATURE(RSTR_FP_ERR_PTRS, 8 * 32 + 2)
XEN_CPUFEATURE(WBNOINVD, 8 * 32 + 9)
XEN_CPUFEATURE(IBPB, 8 * 32 + 12)
XEN_CPUFEATURE(IBRS, 8 * 32 + 14)
XEN_CPUFEATURE(AMD_STIBP, 8 * 32 + 15)
XEN_CPUFEATURE(IBRS_ALWAYS, 8 * 32 + 16)
XEN_CPUFEATURE(STIBP_ALWAYS, 8 * 32 + 17)
XEN_CPUFEATURE(IBRS_FAST, 8 * 32 + 18)
XEN_CPUFEATURE(IBRS_SAME_MODE, 8 * 32 + 19)
XEN_CPUFEATURE(NO_LMSL, 8 * 32 + 20)
XEN_CPUFEATURE(AMD_PPIN, 8 * 32 + 23)
XEN_CPUFEATURE(AMD_SSBD, 8 * 32 + 24)
XEN_CPUFEATURE(VIRT_SSBD, 8 * 32 + 25)
XEN_CPUFEATURE(SSB_NO, 8 * 32 + 26)
XEN_CPUFEATURE(PSFD, 8 * 32 + 28)
XEN_CPUFEATURE(BTC_NO, 8 * 32 + 29)
XEN_CPUFEATURE(IBPB_RET, 8 * 32 + 30)
/*
 * word 9: leaf 7, edx
 *
 * PV guests get AVX512_4VNNIW, AVX512_4FMAPS, FSRM, MD_CLEAR and SERIALIZE.
 * MD_CLEAR is among them because verw, which it is about, works in any ring.
 * IBRSB, STIBP, SSBD and ARCH_CAPS, too, stand for MSRs and are not given.
 */
XEN_CPUFEATURE(AVX512_4VNNIW, 9 * 32 + 2)
XEN_CPUFEATURE(AVX512_4FMAPS, 9 * 32 + 3)
XEN_CPUFEATURE(FSRM, 9 * 32 + 4)
XEN_CPUFEATURE(AVX512_VP2INTERSECT, 9 * 32 + 8)
XEN_CPUFEATURE(SRBDS_CTRL, 9 * 32 + 9)
XEN_CPUFEATURE(MD_CLEAR, 9 * 32 + 10)
XEN_CPUFEATURE(RTM_ALWAYS_ABORT, 9 * 32 + 11)
XEN_CPUFEATURE(TSX_FORCE_ABORT, 9 * 32 + 13)
XEN_CPUFEATURE(SERIALIZE, 9 * 32 + 14)
XEN_CPUFEATURE(HYBRID, 9 * 32 + 15)
XEN_CPUFEATURE(TSXLDTRK, 9 * 32 + 16)
XEN_CPUFEATURE(CET_IBT, 9 * 32 + 20)
XEN_CPUFEATURE(AVX512_FP16, 9 * 32 + 23)
XEN_CPUFEATURE(IBRSB, 9 * 32 + 26)
XEN_CPUFEATURE(STIBP, 9 * 32 + 27)
XEN_CPUFEATURE(L1D_FLUSH, 9 * 32 + 28)
XEN_CPUFEATURE(ARCH_CAPS, 9 * 32 + 29)
XEN_CPUFEATURE(CORE_CAPS, 9 * 32 + 30)
XEN_CPUFEATURE(SSBD, 9 * 32 + 31)
/*
 * word 10: leaf 7 subleaf 1, eax
 *
 * PV guests get all of these; AVX_VNNI and AVX512_BF16 with their states.
 */
XEN_CPUFEATURE(AVX_VNNI, 10 * 32 + 4)
XEN_CPUFEATURE(AVX512_BF16, 10 * 32 + 5)
XEN_CPUFEATURE(FZRM, 10 * 32 + 10)
XEN_CPUFEATURE(FSRS, 10 * 32 + 11)
XEN_CPUFEATURE(FSRCS, 10 * 32 + 12)
/*
 * word 11: leaf 0x80000021, eax
 *
 * PV guests get LFENCE_DISPATCH (lfence serialises) and NSCB (loading a null
 * selector clears the base): facts that hold in every ring.
 */
XEN_CPUFEATURE(LFENCE_DISPATCH, 11 * 32 + 2)
XEN_CPUFEATURE(VERW_CLEAR, 11 * 32 + 5)
XEN_CPUFEATURE(NSCB, 11 * 32 + 6)
XEN_CPUFEATURE(AUTO_IBRS, 11 * 32 + 8)
XEN_CPUFEATURE(SBPB, 11 * 32 + 27)
XEN_CPUFEATURE(IBPB_BRTYPE, 11 * 32 + 28)
XEN_CPUFEATURE(SRSO_NO, 11 * 32 + 29)
XEN_CPUFEATURE(SRSO_US_NO, 11 * 32 + 30)
XEN_CPUFEATURE(SRSO_MSR_FIX, 11 * 32 + 31)
/*
 * word 12: leaf 7 subleaf 1, ebx
 *
 * Nothing of the words from here on is given to PV guests.
 */
XEN_CPUFEATURE(INTEL_PPIN, 12 * 32 + 0)
/*
 * word 13: leaf 7 subleaf 2, edx
 *
 * More bits of the MSRs against speculation, and one promise (MCDT_NO), which a
 * guest cannot learn here.
 */
XEN_CPUFEATURE(INTEL_PSFD, 13 * 32 + 0)
XEN_CPUFEATURE(IPRED_CTRL, 13 * 32 + 1)
XEN_CPUFEATURE(RRSBA_CTRL, 13 * 32 + 2)
XEN_CPUFEATURE(BHI_CTRL, 13 * 32 + 4)
XEN_CPUFEATURE(MCDT_NO, 13 * 32 + 5)
/*
 * word 15: leaf 7 subleaf 1, edx. Word 14 is ecx of the same leaf, of which no
 * bit has a name yet.
 */
XEN_CPUFEATURE(CET_SSS, 15 * 32 + 18)
/*
 * word 16: MSR_ARCH_CAPS, eax and edx in word 17
 *
 * Bits from 32 on are those of word 17. Both words are 0 in every set: the
 * hypervisor shows no such MSR to guests and does not report its own.
 */
XEN_CPUFEATURE(RDCL_NO, 16 * 32 + 0)
XEN_CPUFEATURE(EIBRS, 16 * 32 + 1)
XEN_CPUFEATURE(RSBA, 16 * 32 + 2)
XEN_CPUFEATURE(SKIP_L1DFL, 16 * 32 + 3)
XEN_CPUFEATURE(INTEL_SSB_NO, 16 * 32 + 4)
XEN_CPUFEATURE(MDS_NO, 16 * 32 + 5)
XEN_CPUFEATURE(IF_PSCHANGE_MC_NO, 16 * 32 + 6)
XEN_CPUFEATURE(TSX_CTRL, 16 * 32 + 7)
XEN_CPUFEATURE(TAA_NO, 16 * 32 + 8)
XEN_CPUFEATURE(MCU_CTRL, 16 * 32 + 9)
XEN_CPUFEATURE(MISC_PKG_CTRL, 16 * 32 + 10)
XEN_CPUFEATURE(ENERGY_FILTERING, 16 * 32 + 11)
XEN_CPUFEATURE(DOITM, 16 * 32 + 12)
XEN_CPUFEATURE(SBDR_SSDP_NO, 16 * 32 + 13)
XEN_CPUFEATURE(FBSDP_NO, 16 * 32 + 14)
XEN_CPUFEATURE(PSDP_NO, 16 * 32 + 15)
XEN_CPUFEATURE(FB_CLEAR, 16 * 32 + 17)
XEN_CPUFEATURE(FB_CLEAR_CTRL, 16 * 32 + 18)
XEN_CPUFEATURE(RRSBA, 16 * 32 + 19)
XEN_CPUFEATURE(BHI_NO, 16 * 32 + 20)
XEN_CPUFEATURE(XAPIC_STATUS, 16 * 32 + 21)
XEN_CPUFEATURE(OVRCLK_STATUS, 16 * 32 + 23)
XEN_CPUFEATURE(PBRSB_NO, 16 * 32 + 24)
XEN_CPUFEATURE(GDS_CTRL, 16 * 32 + 25)
XEN_CPUFEATURE(GDS_NO, 16 * 32 + 26)
XEN_CPUFEATURE(RFDS_NO, 16 * 32 + 27)
XEN_CPUFEATURE(RFDS_CLEAR, 16 * 32 + 28)
XEN_CPUFEATURE(ITS_NO, 16 * 32 + 62)
/*
 * word 18: leaf 0x80000021, ecx
 *
 * The last word. Here, as in other words, a name that ends in _NO says that the
 * CPU is free of a fault.
 */
XEN_CPUFEATURE(TSA_SQ_NO, 18 * 32 + 1)
XEN_CPUFEATURE(TSA_L1_NO, 18 * 32 + 2)
#undef XEN_CPUFEATURE
#undef XEN_CPUFEATURE_FOREACH
#endif

#ifdef XEN_CPUFEATURE_ENUM
#undef XEN_CPUFEATURE_ENUM
};
#endif
