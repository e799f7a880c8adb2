/* SPDX-License-Identifier: MIT */
/*
 * Model-specific registers of guest kernels: an allow list. Unknown ones fault;
 * Linux survives that for all but the base of GS, which it writes first thing.
 * Other kernels have msr_relaxed.
 */
#include <hv/lib.h>
#include <asm/pv.h>

#define MSR_PLATFORM_ID     0x17
#define MSR_TSC             0x10
#define MSR_FEATURE_CONTROL 0x3a
#define MSR_UCODE_REV       0x8b
#define MSR_MCG_CAP         0x179
#define MSR_MCG_STATUS      0x17a
#define MSR_MISC_ENABLE     0x1a0
#define MSR_MC0_CTL         0x400
#define MSR_MC_LAST         0x47f
#define MSR_K7_PERF_FIRST   0xc0010000
#define MSR_K7_PERF_LAST    0xc0010007
#define MSR_K8_SYSCFG       0xc0010010
#define MSR_K7_HWCR         0xc0010015
#define MSR_AMD_DE_CFG      0xc0011029
#define MISC_ENABLE_NO_PEBS ((1ULL << 11) | (1ULL << 12))
#define APIC_BASE_BSP       (1ULL << 8)
#define APIC_BASE_XAPIC     0xfee00800ULL /* enabled, at its address */

/* Reads as zero, writes vanish: machine checks and counters that a guest does
 * not have, but probes. */
static bool is_null_msr(uint32_t msr)
{
    return msr == MSR_MCG_CAP || msr == MSR_MCG_STATUS ||
           (msr >= MSR_MC0_CTL && msr <= MSR_MC_LAST) ||
           msr == MSR_MISC_FEATURES ||
           (cpu_is_amd &&
            ((msr >= MSR_K7_PERF_FIRST && msr <= MSR_K7_PERF_LAST) ||
             msr == MSR_K7_HWCR || msr == MSR_K8_SYSCFG));
}

/* The real thing, where it says what the CPU is and nothing else. */
static bool is_host_msr(uint32_t msr)
{
    return msr == MSR_UCODE_REV || (cpu_is_amd && msr == MSR_AMD_DE_CFG) ||
           (!cpu_is_amd && msr == MSR_PLATFORM_ID);
}

static uint64_t host_msr(uint32_t msr)
{
    uint64_t v;

    return rdmsr_safe(msr, &v) ? 0 : v;
}

/* Also of those that the CPU has, if the domain wants it so. */
static bool is_null_for(const struct domain *d, uint32_t msr)
{
    uint64_t v;

    return is_null_msr(msr) || (d->arch.msr_relaxed && !rdmsr_safe(msr, &v));
}

bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value)
{
    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_SHADOW_GS_BASE:
        *value = rdmsr(msr);
        return true;
    case MSR_TSC:
        *value = rdtsc();
        return true;
    case MSR_PAT:
        *value = HV_PAT;
        return true;
    case MSR_EFER:
        *value = EFER_SCE | EFER_LME | EFER_LMA | EFER_NX;
        return true;
    case MSR_APIC_BASE:
        *value = APIC_BASE_XAPIC | (v->vcpu_id ? 0 : APIC_BASE_BSP);
        return true;
    case MSR_MISC_ENABLE:
        if (cpu_is_amd)
            return false;
        *value = host_msr(msr) | MISC_ENABLE_NO_PEBS;
        return true;
    case MSR_FEATURE_CONTROL:
    case MSR_PLATFORM_INFO:
        *value = 0;
        return !cpu_is_amd;
    case MSR_TSC_AUX:
        *value = v->arch.tsc_aux;
        return cpu_has_rdtscp;
    default:
        *value = is_host_msr(msr) ? host_msr(msr) : 0;
        return is_host_msr(msr) || is_null_for(v->domain, msr);
    }
}

static bool write_base(uint32_t msr, uint64_t value)
{
    if (!is_canonical(value))
        return false;
    wrmsr(msr, value);
    return true;
}

bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value)
{
    uint64_t old;

    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_SHADOW_GS_BASE:
        return write_base(msr, value);
    case MSR_TSC_AUX:
        if (!cpu_has_rdtscp || value >> 32)
            return false;
        v->arch.tsc_aux = value;
        wrmsr(MSR_TSC_AUX, value);
        return true;
    case MSR_TSC:
    case MSR_UCODE_REV:
        return true;
    case MSR_PAT:
    case MSR_EFER:
    case MSR_APIC_BASE:
    case MSR_MISC_ENABLE:
        /* Not the guest's to change; writing back what it read is fine. */
        return guest_rdmsr(v, msr, &old) && old == value;
    default:
        return is_null_for(v->domain, msr);
    }
}
