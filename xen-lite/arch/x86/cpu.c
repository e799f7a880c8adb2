/* SPDX-License-Identifier: MIT */
/*
 * What this CPU can do, and turning it on.
 *
 * Guests do not see the control registers' real bits: CR4 is the same for all
 * of them (mmu_cr4_features), FSGSBASE and UMIP stay off (the bases of FS and
 * GS change only where we see it; guests may execute SGDT and friends).
 */
#include <hv/lib.h>
#include <asm/processor.h>
#include "pv/emul/cpu_policy.h"

struct cpuinfo boot_cpu;
bool cpu_has_xsave, cpu_has_rdtscp, cpu_is_amd, cpu_keeps_fpu_pointers;
unsigned long mmu_cr4_features;

extern const struct smap_site __smap_sites_start[], __smap_sites_end[];

static void xsetbv(uint32_t reg, uint64_t v)
{
    asm volatile("xsetbv" ::"c"(reg), "a"((uint32_t)v),
                 "d"((uint32_t)(v >> 32)));
}

static void identify_model(uint32_t eax)
{
    boot_cpu.family = (eax >> 8) & 0xf;
    boot_cpu.model = (eax >> 4) & 0xf;
    boot_cpu.stepping = eax & 0xf;
    if (boot_cpu.family >= 6)
        boot_cpu.model |= (eax >> 12) & 0xf0;
    if (boot_cpu.family == 15)
        boot_cpu.family += (eax >> 20) & 0xff;
}

static void identify_xsave(void)
{
    uint32_t r[4];

    boot_cpu.xsave_size = 512;
    if (!(boot_cpu.feat_1c & (1u << 26)) || boot_cpu.max_leaf < 0xd)
        return;
    cpuid_count(0xd, 0, r);
    boot_cpu.xcr0_mask = cpu_policy_states(r[0]);
    if (!boot_cpu.xcr0_mask)
        return;
    cpu_has_xsave = true;
    WRITE_CR(4, READ_CR(4) | CR4_OSXSAVE);
    xsetbv(0, boot_cpu.xcr0_mask);
    cpuid_count(0xd, 0, r); /* ebx: bytes for what is enabled now */
    boot_cpu.xsave_size = r[1];
}

/* Writes the instructions into the no-ops. Text is read-only: WP is off for
 * the moment, on the only CPU that runs. */
static void smap_enable(void)
{
    static const uint8_t insn[2][3] = {
        [SMAP_SITE_STAC] = {0x0f, 0x01, 0xcb},
        [SMAP_SITE_CLAC] = {0x0f, 0x01, 0xca},
    };
    const struct smap_site *s;
    unsigned long flags = local_irq_save();
    uint32_t r[4];

    WRITE_CR(0, READ_CR(0) & ~CR0_WP);
    for (s = __smap_sites_start; s < __smap_sites_end; s++) {
        volatile uint8_t *code = (uint8_t *)&s->site + s->site;

        for (unsigned int i = 0; i < 3; i++)
            code[i] = insn[s->kind][i];
    }
    WRITE_CR(0, READ_CR(0) | CR0_WP);
    cpuid_count(0, 0, r); /* serialise */
    local_irq_restore(flags);
}

void cpu_identify(void)
{
    uint32_t r[4];
    bool pge, smep, smap;

    cpuid_count(0, 0, r);
    boot_cpu.max_leaf = r[0];
    memcpy(boot_cpu.vendor, &r[1], 4);
    memcpy(boot_cpu.vendor + 4, &r[3], 4);
    memcpy(boot_cpu.vendor + 8, &r[2], 4);
    cpu_is_amd = !strcmp(boot_cpu.vendor, "AuthenticAMD") ||
                 !strcmp(boot_cpu.vendor, "HygonGenuine");
    cpuid_count(1, 0, r);
    identify_model(r[0]);
    boot_cpu.feat_1c = r[2];
    boot_cpu.feat_1d = r[3];
    if (boot_cpu.max_leaf >= 7) {
        cpuid_count(7, 0, r);
        boot_cpu.feat_7b = r[1];
        boot_cpu.feat_7c = r[2];
    }
    cpuid_count(0x80000000, 0, r);
    boot_cpu.max_ext_leaf = r[0];
    cpuid_count(0x80000001, 0, r);
    boot_cpu.feat_e1c = r[2];
    boot_cpu.feat_e1d = r[3];
    boot_cpu.phys_bits = 36;
    r[1] = 0;
    if (boot_cpu.max_ext_leaf >= 0x80000008) {
        cpuid_count(0x80000008, 0, r);
        boot_cpu.phys_bits = r[0] & 0xff;
    }
    cpu_keeps_fpu_pointers = cpu_is_amd && !(r[1] & (1u << 2));
    /* Global entries are flushed by changing CR4. Under another hypervisor on
     * AMD that traps each time, and emulators ignore the bit: not worth it. */
    pge = (boot_cpu.feat_1d & (1u << 13)) &&
          !(cpu_is_amd && (boot_cpu.feat_1c & (1u << 31)));
    smep = boot_cpu.feat_7b & (1u << 7);
    smap = boot_cpu.feat_7b & (1u << 20);
    cpu_has_rdtscp = boot_cpu.feat_e1d & (1u << 27);
    identify_xsave();

    mmu_cr4_features = CR4_DE | CR4_PAE | CR4_MCE | CR4_OSFXSR |
                       CR4_OSXMMEXCPT | (pge ? CR4_PGE : 0) |
                       (cpu_has_xsave ? CR4_OSXSAVE : 0) |
                       (smep ? CR4_SMEP : 0) | (smap ? CR4_SMAP : 0);
    if (smap)
        smap_enable();
}

void cpu_init_features(void)
{
    wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SCE | EFER_NX);
    wrmsr(MSR_PAT, HV_PAT);
    WRITE_CR(0, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_PG);
    WRITE_CR(4, mmu_cr4_features);
    if (cpu_has_xsave)
        xsetbv(0, boot_cpu.xcr0_mask);
}
