/* SPDX-License-Identifier: MIT */
/*
 * The vcpus' floating-point and vector state: saved when a vcpu leaves its CPU,
 * loaded before the next one runs. The hypervisor itself uses none of it, so
 * nothing happens on entries and exits, and no state of one guest is ever left
 * in the registers while another runs.
 *
 * Areas hold only what the CPU wrote or what was checked here: a load never
 * faults.
 */
#include <hv/lib.h>
#include <hv/page_alloc.h>
#include <asm/pv.h>

struct xsave_area {
    /* legacy part, as FXSAVE */
    uint16_t fcw, fsw;
    uint8_t ftw, rsvd0;
    uint16_t fop;
    uint64_t fip, fdp;
    uint32_t mxcsr, mxcsr_mask;
    uint8_t regs[480];
    /* header */
    uint64_t xstate_bv, xcomp_bv, rsvd1[6];
    uint8_t extended[];
};
#define FCW_DEFAULT   0x037f
#define MXCSR_DEFAULT 0x1f80

static void xsetbv0(uint64_t v)
{
    asm volatile("xsetbv" ::"c"(0), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

int fpu_create(struct vcpu *v)
{
    if (boot_cpu.xsave_size > PAGE_SIZE)
        return -EINVAL;
    v->arch.fpu = alloc_xenheap_page();
    if (!v->arch.fpu)
        return -ENOMEM;
    fpu_reset(v);
    return 0;
}

void fpu_destroy(struct vcpu *v)
{
    if (v->arch.fpu)
        free_xenheap_page(v->arch.fpu);
    v->arch.fpu = NULL;
}

void fpu_reset(struct vcpu *v)
{
    struct xsave_area *x = v->arch.fpu;

    memset(x, 0, PAGE_SIZE);
    x->fcw = FCW_DEFAULT;
    x->mxcsr = MXCSR_DEFAULT;
    x->xstate_bv = XSTATE_FP_SSE;
    v->arch.xcr0 = v->arch.xcr0_accum = cpu_has_xsave ? 1 : 0;
}

void fpu_save(struct vcpu *v)
{
    asm volatile("clts");
    if (cpu_has_xsave) {
        if (v->arch.xcr0 != boot_cpu.xcr0_mask)
            xsetbv0(boot_cpu.xcr0_mask);
        asm volatile("xsave64 %0"
                     : "=m"(*(struct xsave_area *)v->arch.fpu)
                     : "a"(~0), "d"(~0)
                     : "memory");
    } else {
        asm volatile("fxsave64 %0" : "=m"(*(struct xsave_area *)v->arch.fpu));
    }
}

/*
 * AMD's CPUs before Zen 2 load the addresses of the x87's last instruction and
 * operand only with an exception pending. Otherwise those of the vcpu before
 * would stay, and be seen: let them be this instruction's, which tells nothing.
 */
static __attribute__((noinline)) void replace_pointers(void)
{
    static const int32_t zero;

    asm volatile("fnclex; ffree %%st(7); fildl %0" ::"m"(zero));
}

void fpu_restore(struct vcpu *v)
{
    const struct xsave_area *x = v->arch.fpu;

    asm volatile("clts");
    if (cpu_keeps_fpu_pointers && !(x->fsw & ~x->fcw & 0x3f))
        replace_pointers();
    if (cpu_has_xsave) {
        asm volatile("xrstor64 %0" ::"m"(*(struct xsave_area *)v->arch.fpu),
                     "a"(~0), "d"(~0)
                     : "memory");
        if (v->arch.xcr0 != boot_cpu.xcr0_mask)
            xsetbv0(v->arch.xcr0);
    } else {
        asm volatile("fxrstor64 %0" ::"m"(*(struct xsave_area *)v->arch.fpu));
    }
    if (v->arch.ctrlreg_cr0 & CR0_TS)
        WRITE_CR(0, READ_CR(0) | CR0_TS);
}

/* The bits of MXCSR that exist; the CPU leaves its answer in an area. */
static uint32_t mxcsr_mask(void)
{
    static uint32_t mask;
    static struct xsave_area probe __aligned(64);

    if (!mask) {
        asm volatile("clts; fxsave64 %0" : "=m"(probe));
        mask = probe.mxcsr_mask ? probe.mxcsr_mask : 0xffbf;
    }
    return mask;
}

void fpu_import(struct vcpu *v, const void *fxsave)
{
    struct xsave_area *x = v->arch.fpu;

    memcpy(x, fxsave, 512);
    x->mxcsr &= mxcsr_mask();
    x->xstate_bv |= XSTATE_FP_SSE;
}

void fpu_export(const struct vcpu *v, void *fxsave)
{
    memcpy(fxsave, v->arch.fpu, 512);
}

static bool xcr0_ok(uint64_t xcr0)
{
    if (!(xcr0 & 1) || (xcr0 & ~boot_cpu.xcr0_mask))
        return false;
    if ((xcr0 & 4) && !(xcr0 & 2)) /* AVX needs SSE */
        return false;
    if ((xcr0 & 0xe0) && ((xcr0 & 0xe0) != 0xe0 || !(xcr0 & 4)))
        return false;
    return true;
}

/* v is current or not running. */
int fpu_set_xcr0(struct vcpu *v, uint64_t xcr0)
{
    if (!cpu_has_xsave || !xcr0_ok(xcr0))
        return -EINVAL;
    v->arch.xcr0 = xcr0;
    v->arch.xcr0_accum |= xcr0;
    if (v == current)
        xsetbv0(xcr0);
    return 0;
}

uint32_t fpu_xstate_size(const struct vcpu *v)
{
    return cpu_has_xsave ? boot_cpu.xsave_size : 0;
}

/* A CPU may say that a state is in use that the vcpu has never enabled. It is
 * as after a reset then, and an image that has it would be refused. v is
 * paused. */
const void *fpu_get_xstate(struct vcpu *v)
{
    struct xsave_area *x = v->arch.fpu;

    x->xstate_bv &= v->arch.xcr0_accum | XSTATE_FP_SSE;
    return x;
}

/* All of it is checked before any of it is taken. v is paused. */
int fpu_set_xstate(struct vcpu *v, uint64_t xcr0, uint64_t accum,
                   const void *image, uint32_t size)
{
    const struct xsave_area *in = image;
    struct xsave_area *x = v->arch.fpu;

    if (!cpu_has_xsave || size < sizeof(*in) || size > boot_cpu.xsave_size)
        return -EINVAL;
    if (!xcr0_ok(xcr0) || !xcr0_ok(accum) || (xcr0 & ~accum))
        return -EINVAL;
    if ((in->xstate_bv & ~(accum | XSTATE_FP_SSE)) || in->xcomp_bv)
        return -EINVAL;
    for (unsigned int i = 0; i < ARRAY_SIZE(in->rsvd1); i++)
        if (in->rsvd1[i])
            return -EINVAL;
    v->arch.xcr0 = xcr0;
    v->arch.xcr0_accum = accum;
    memset(x, 0, PAGE_SIZE);
    memcpy(x, in, size);
    x->mxcsr &= mxcsr_mask();
    return 0;
}
