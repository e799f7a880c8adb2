/* SPDX-License-Identifier: MIT */
/*
 * CPU policies: see cpu_policy.h.
 *
 * A feature is offered if it works in ring 3 without our help and its state is
 * saved per vcpu. Not offered: what belongs to ring 0 (large and global pages,
 * SMEP, SMAP, PCID, VMX, MONITOR, ...), what we would have to virtualise
 * (MTRRs, performance counters, speculation MSRs), and FSGSBASE, whose use
 * would make every one of a guest's context switches trap.
 */
#include <hv/errno.h>
#include "cpu_policy.h"

#define BIT(n) (1u << (n))
enum reg { A, B, C, D };

/* Features of a leaf that a PV guest may see; other leaves' registers are
 * facts, not features. The order is that of the public feature words. */
static const struct feature_word {
    uint32_t leaf, subleaf, pv_mask;
    uint8_t reg;
} feature_word[CPU_FEATURE_WORDS] = {
    /* FPU DE TSC MSR PAE MCE CX8 APIC SEP MCA CMOV PAT CLFLUSH ACPI MMX FXSR
     * SSE SSE2 SS HTT */
    {1, 0, 0x1fc9cbf5, D},
    /* SSE3 PCLMULQDQ SSSE3 FMA CX16 SSE4.1 SSE4.2 MOVBE POPCNT AESNI XSAVE AVX
     * F16C RDRAND */
    {1, 0, 0x76d83203, C},
    /* SYSCALL NX MMXEXT RDTSCP LM 3DNOWEXT 3DNOW; AMD repeats leaf 1's */
    {0x80000001, 0, 0xe8500800 | (0x0183f3ff & 0x1fc9cbf5), D},
    /* LAHF CMP_LEGACY ABM SSE4A MISALIGNSSE 3DNOWPREFETCH XOP FMA4 TBM DBEXT */
    {0x80000001, 0, 0x042109e3, C},
    /* XSAVEOPT XSAVEC XGETBV1 */
    {0xd, 1, 0x7, A},
    /* BMI1 AVX2 BMI2 ERMS AVX512F/DQ RDSEED ADX AVX512IFMA CLFLUSHOPT CLWB
     * AVX512PF/ER/CD SHA AVX512BW/VL */
    {7, 0, 0xfdaf0328, B},
    /* AVX512VBMI VBMI2 GFNI VAES VPCLMULQDQ VNNI BITALG VPOPCNTDQ RDPID */
    {7, 0, 0x00405f42, C},
    {0x80000007, 0, 0, D},
    {0x80000008, 0, BIT(0) /* CLZERO */, B},
    /* AVX512_4VNNIW 4FMAPS FSRM MD_CLEAR SERIALIZE */
    {7, 0, 0x0000441c, D},
    /* AVX-VNNI AVX512_BF16 FZRM FSRS FSRCS */
    {7, 1, 0x00001c30, A},
    /* LFENCE serialises, null selectors clear bases */
    {0x80000021, 0, 0x00000044, A},
    {7, 1, 0, B},
    {7, 2, 0, D},
    {7, 1, 0, C},
    {7, 1, 0, D},
    /* the MSR_ARCH_CAPS words: no such MSR for guests */
    {~0u, 0, 0, A},
    {~0u, 0, 0, A},
    {0x80000021, 0, 0, C},
};

#define F1C_FMA        BIT(12)
#define F1C_XSAVE      BIT(26)
#define F1C_OSXSAVE    BIT(27)
#define F1C_AVX        BIT(28)
#define F1C_F16C       BIT(29)
#define F1C_HYPERVISOR BIT(31)
#define F7B_AVX2       BIT(5)
#define F7B_AVX512     0xdc230000u
#define F7C_AVX        (BIT(9) | BIT(10))
#define F7C_AVX512     0x00005842u
#define F7D_AVX512     0x0000000cu
#define F71A_AVX       BIT(4)
#define F71A_AVX512    BIT(5)
#define FE1C_AVX       (BIT(11) | BIT(16)) /* XOP FMA4 */
#define F1D_SEP        BIT(11)
#define MAX_EXT_INTEL  0x80000008u
#define XCR0_FP_SSE    3u
#define XCR0_AVX       4u
#define XCR0_AVX512    0xe0u

const xen_cpuid_leaf_t *cpu_policy_find(const struct cpu_policy *p,
                                        uint32_t leaf, uint32_t subleaf)
{
    for (unsigned int i = 0; i < p->nr; i++) {
        const xen_cpuid_leaf_t *l = &p->leaf[i];

        if (l->leaf == leaf &&
            (l->subleaf == XEN_CPUID_NO_SUBLEAF || l->subleaf == subleaf))
            return l;
    }
    return 0;
}

static uint32_t *reg_of(xen_cpuid_leaf_t *l, enum reg reg)
{
    return reg == A ? &l->a : reg == B ? &l->b : reg == C ? &l->c : &l->d;
}

static xen_cpuid_leaf_t *find_mutable(struct cpu_policy *p, uint32_t leaf,
                                      uint32_t subleaf)
{
    return (xen_cpuid_leaf_t *)cpu_policy_find(p, leaf, subleaf);
}

/* Those that are saved per vcpu and need no more support than that. One needs
 * the other: a host under another hypervisor may show what it cannot enable. */
uint64_t cpu_policy_states(uint32_t offered)
{
    uint32_t states = offered & (XCR0_FP_SSE | XCR0_AVX | XCR0_AVX512);

    if ((states & XCR0_FP_SSE) != XCR0_FP_SSE)
        return 0;
    if (!(states & XCR0_AVX) || (states & XCR0_AVX512) != XCR0_AVX512)
        states &= ~XCR0_AVX512;
    return states;
}

/* --- reading -------------------------------------------------------------- */

static void add(struct cpu_policy *p, cpuid_fn_t host, uint32_t last,
                uint32_t leaf, uint32_t subleaf)
{
    xen_cpuid_leaf_t *l = &p->leaf[p->nr++];
    uint32_t r[4] = {0};

    if (leaf <= last)
        host(leaf, subleaf == XEN_CPUID_NO_SUBLEAF ? 0 : subleaf, r);
    *l = (xen_cpuid_leaf_t){leaf, subleaf, r[A], r[B], r[C], r[D]};
}

static uint32_t nr_subleaves(uint32_t leaf)
{
    return leaf == 4     ? 6
           : leaf == 7   ? 3
           : leaf == 0xb ? 2
           : leaf == 0xd ? 20
                         : 0;
}

static uint32_t last_leaf(cpuid_fn_t host, uint32_t first, uint32_t most)
{
    uint32_t r[4];

    host(first, 0, r);
    return r[A] < first ? first : r[A] < most ? r[A] : most;
}

void cpu_policy_read(struct cpu_policy *p, cpuid_fn_t host)
{
    uint32_t last = last_leaf(host, 0, CPU_POLICY_MAX_BASIC);

    p->nr = 0;
    for (uint32_t leaf = 0; leaf <= CPU_POLICY_MAX_BASIC; leaf++) {
        uint32_t n = nr_subleaves(leaf);

        if (!n)
            add(p, host, last, leaf, XEN_CPUID_NO_SUBLEAF);
        for (uint32_t s = 0; s < n; s++)
            add(p, host, last, leaf, s);
    }
    p->leaf[0].a = last;
    /* The hypervisor's own leaves are computed when a guest reads them. */
    add(p, host, 0, 0x40000000, XEN_CPUID_NO_SUBLEAF);
    add(p, host, 0, 0x40000100, XEN_CPUID_NO_SUBLEAF);
    last = last_leaf(host, 0x80000000, CPU_POLICY_MAX_EXT);
    for (uint32_t leaf = 0x80000000; leaf <= CPU_POLICY_MAX_EXT; leaf++)
        add(p, host, last, leaf, XEN_CPUID_NO_SUBLEAF);
    find_mutable(p, 0x80000000, 0)->a = last;
}

static bool is_shown(const struct cpu_policy *p, const xen_cpuid_leaf_t *l)
{
    switch (l->leaf) {
    case 4: /* caches, up to the first of no type */
        return !l->subleaf || l->a & 0x1f || l[-1].a & 0x1f;
    case 7:
        return l->subleaf <= cpu_policy_find(p, 7, 0)->a;
    case 0xb:
        return !l->subleaf || l->c & 0xff00 || l[-1].c & 0xff00;
    case 0xd:
        return l->subleaf < 2 ||
               cpu_policy_find(p, 0xd, 0)->a >> l->subleaf & 1;
    default:
        return l->leaf < 0x80000000 ||
               l->leaf <= cpu_policy_find(p, 0x80000000, 0)->a;
    }
}

unsigned int cpu_policy_serialise(const struct cpu_policy *p,
                                  xen_cpuid_leaf_t *to)
{
    unsigned int n = 0;

    for (unsigned int i = 0; i < p->nr; i++) {
        const xen_cpuid_leaf_t *l = &p->leaf[i];

        if ((l->leaf <= CPU_POLICY_MAX_BASIC && l->leaf > p->leaf[0].a) ||
            !is_shown(p, l))
            continue;
        if (to)
            to[n] = *l;
        n++;
    }
    return n;
}

/* --- from host to guest --------------------------------------------------- */

static void mask_features(struct cpu_policy *p)
{
    for (unsigned int i = 0; i < CPU_FEATURE_WORDS; i++) {
        const struct feature_word *w = &feature_word[i];
        xen_cpuid_leaf_t *l = find_mutable(p, w->leaf, w->subleaf);

        if (l)
            *reg_of(l, w->reg) &= w->pv_mask;
    }
}

static void clear(struct cpu_policy *p, uint32_t leaf, uint32_t subleaf,
                  enum reg reg, uint32_t bits)
{
    xen_cpuid_leaf_t *l = find_mutable(p, leaf, subleaf);

    if (l)
        *reg_of(l, reg) &= ~bits;
}

/* Features whose state cannot be enabled are none. */
static void drop_unusable(struct cpu_policy *p, uint64_t xcr0)
{
    xen_cpuid_leaf_t *l1 = find_mutable(p, 1, 0);

    if (!l1 || !(l1->c & F1C_XSAVE))
        xcr0 = 0;
    if (!xcr0) {
        clear(p, 1, 0, C, F1C_XSAVE);
        clear(p, 0xd, 1, A, ~0u);
    } else if (l1) {
        l1->c |= F1C_OSXSAVE; /* CR4 is the same for all guests */
    }
    if (!(xcr0 & XCR0_AVX)) {
        clear(p, 1, 0, C, F1C_FMA | F1C_AVX | F1C_F16C);
        clear(p, 7, 0, B, F7B_AVX2);
        clear(p, 7, 0, C, F7C_AVX);
        clear(p, 7, 1, A, F71A_AVX);
        clear(p, 0x80000001, 0, C, FE1C_AVX);
    }
    if (!(xcr0 & XCR0_AVX512)) {
        clear(p, 7, 0, B, F7B_AVX512);
        clear(p, 7, 0, C, F7C_AVX512);
        clear(p, 7, 0, D, F7D_AVX512);
        clear(p, 7, 1, A, F71A_AVX512);
    }
}

static void fix_xstate(struct cpu_policy *p, uint64_t xcr0)
{
    for (unsigned int i = 0; i < p->nr; i++) {
        xen_cpuid_leaf_t *l = &p->leaf[i];

        if (l->leaf != 0xd)
            continue;
        if (l->subleaf == 0) {
            l->a = xcr0;
            l->d = xcr0 >> 32;
        } else if (l->subleaf == 1) {
            l->b = l->c = l->d = 0;
        } else if (!(xcr0 >> l->subleaf & 1)) {
            l->a = l->b = l->c = l->d = 0;
        }
    }
}

/* Leaves that tell of hardware a guest has no access to. */
static bool is_hidden(uint32_t leaf)
{
    switch (leaf) {
    case 3:          /* serial number */
    case 5:          /* MONITOR */
    case 6:          /* power and thermal */
    case 9:          /* direct cache access */
    case 0xa:        /* performance counters */
    case 0xb:        /* topology: made for each vcpu */
    case 0x8000000a: /* SVM */
    case 0x8000001b: /* IBS */
    case 0x8000001c: /* LWP */
    case 0x8000001e: /* topology */
    case 0x8000001f: /* memory encryption */
    case 0x80000020: /* bandwidth */
        return true;
    default:
        return false;
    }
}

/* The last extended leaf is the vendor's, not this CPU's, so that an image
 * finds the same one on the next machine. AMD has no SYSENTER in long mode. */
static void fit_vendor(struct cpu_policy *p)
{
    bool amd = p->leaf[0].b == 0x68747541; /* "Auth" */
    uint32_t *last = &find_mutable(p, 0x80000000, 0)->a;

    if (amd) {
        *last = CPU_POLICY_MAX_EXT;
        clear(p, 1, 0, D, F1D_SEP);
    } else if (*last > MAX_EXT_INTEL) {
        *last = MAX_EXT_INTEL;
    }
}

void cpu_policy_to_pv(struct cpu_policy *p, uint64_t xcr0)
{
    xen_cpuid_leaf_t *l;

    fit_vendor(p);
    for (unsigned int i = 0; i < p->nr; i++) {
        l = &p->leaf[i];
        if (is_hidden(l->leaf))
            l->a = l->b = l->c = l->d = 0;
        if (l->leaf == 7 && l->subleaf == 0 && l->a > 2)
            l->a = 2;
        if (l->leaf == 0x80000007)
            l->a = l->b = l->c = 0;
    }
    mask_features(p);
    drop_unusable(p, xcr0);
    l = find_mutable(p, 1, 0);
    if (l) {
        l->c |= F1C_HYPERVISOR;
        if (!(l->c & F1C_XSAVE))
            xcr0 = 0;
    }
    fix_xstate(p, xcr0);
}

/* --- what the tools want -------------------------------------------------- */

static bool is_hypervisor_leaf(uint32_t leaf)
{
    return leaf >= 0x40000000 && leaf < 0x40000200;
}

static bool last_leaf_ok(const struct cpu_policy *p,
                         const struct cpu_policy *max, uint32_t leaf,
                         xen_cpuid_leaf_t *bad)
{
    bad->leaf = leaf;
    bad->subleaf = XEN_CPUID_NO_SUBLEAF;
    return cpu_policy_find(p, leaf, 0)->a <= cpu_policy_find(max, leaf, 0)->a;
}

int cpu_policy_apply(struct cpu_policy *p, const struct cpu_policy *max,
                     const xen_cpuid_leaf_t *list, unsigned int n,
                     xen_cpuid_leaf_t *bad)
{
    for (unsigned int i = 0; i < n; i++) {
        const xen_cpuid_leaf_t *want = &list[i];
        xen_cpuid_leaf_t *have = find_mutable(p, want->leaf, want->subleaf);

        *bad = *want;
        if (is_hypervisor_leaf(want->leaf) &&
            want->subleaf == XEN_CPUID_NO_SUBLEAF)
            continue; /* the hypervisor decides them */
        if (want->leaf == 0xd && want->subleaf < 63 && !have)
            continue; /* of a state that no guest has */
        if (!have || (have->subleaf == XEN_CPUID_NO_SUBLEAF) !=
                         (want->subleaf == XEN_CPUID_NO_SUBLEAF))
            return -ERANGE;
        *have = *want;
    }
    if (!last_leaf_ok(p, max, 0, bad) || !last_leaf_ok(p, max, 0x80000000, bad))
        return -EINVAL;
    /* The features are a subset of what the host offers, whatever was asked
     * for. */
    for (unsigned int i = 0; i < CPU_FEATURE_WORDS; i++) {
        const struct feature_word *w = &feature_word[i];
        xen_cpuid_leaf_t *have = find_mutable(p, w->leaf, w->subleaf);
        xen_cpuid_leaf_t *limit =
            (xen_cpuid_leaf_t *)cpu_policy_find(max, w->leaf, w->subleaf);

        if (have && limit)
            *reg_of(have, w->reg) &= *reg_of(limit, w->reg);
    }
    return 0;
}

void cpu_policy_features(const struct cpu_policy *p,
                         uint32_t words[CPU_FEATURE_WORDS])
{
    for (unsigned int i = 0; i < CPU_FEATURE_WORDS; i++) {
        const struct feature_word *w = &feature_word[i];
        xen_cpuid_leaf_t *l =
            find_mutable((struct cpu_policy *)p, w->leaf, w->subleaf);

        words[i] = l ? *reg_of(l, w->reg) : 0;
    }
}
