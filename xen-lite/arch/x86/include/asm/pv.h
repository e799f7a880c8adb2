/* SPDX-License-Identifier: MIT */
/* The PV CPU: what the files of arch/x86/pv share with each other and with
 * arch/x86/domain.c. Addresses a guest gives are checked where they come in,
 * so that what is stored can be used. */
#ifndef ASM_PV_H
#define ASM_PV_H

#include <hv/domain.h>
#include "../../pv/descriptor_check.h"
#include <asm/traps.h>
#include <asm/uaccess.h>

static inline bool guest_kernel_mode(const struct vcpu *v)
{
    return v->arch.flags & TF_KERNEL_MODE;
}

/* --- bounce frames (pv/traps.c) ------------------------------------------- */
struct bounce {
    uint64_t rip;
    uint16_t cs;
    bool mask_events;
    bool has_error_code;
    uint32_t error_code;
};
/* Continue current at b's entry point, its state on its kernel stack. */
void pv_bounce(struct vcpu *v, const struct bounce *b);

/* --- descriptors (pv/descriptors.c) --------------------------------------- */
/* v is current or not running. 0/-EINVAL */
int pv_set_gdt(struct vcpu *v, const unsigned long *frames, uint32_t entries);
void pv_destroy_gdt(struct vcpu *v);
int pv_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries);
void pv_init_gdt_window(struct vcpu *v);
void pv_map_cpu_gdt_page(struct vcpu *v); /* irqs off, v about to run here */
void load_ldt(struct vcpu *v);
/* The guest touched its LDT/GDT window: map the page in. True if done. */
bool map_ldt_shadow_page(unsigned int index);
void invalidate_ldt(struct vcpu *v);

/* --- hypercall page (pv/hypercall_page.c) --------------------------------- */
void fill_hypercall_page(void *page);
int hypercall_page_init(struct domain *d, uint64_t gmfn); /* 0/-EACCES */

/* --- roots (arch/x86/context.c) ------------------------------------------- */
/*
 * Between these two calls the addresses of current's kernel are mapped,
 * whatever mode it is in.
 */
void borrow_kernel_root(const struct vcpu *v);
void return_root(const struct vcpu *v);

/* --- debug registers (pv/debugreg.c) -------------------------------------- */
int set_debugreg(struct vcpu *v, unsigned int reg, uint64_t value);
void load_debugregs(const struct vcpu *v);

/* --- segments (pv/segments.c) --------------------------------------------- */
void save_segments(struct vcpu *v);
void load_segments(struct vcpu *v);
void pv_set_kernel_stack(struct vcpu *v, uint16_t ss, uint64_t sp);

/* --- ports (pv/emul/io_ports.c) ------------------------------------------- */
/* The bitmap is in force in kernel mode once a port access has trapped, until
 * the guest goes to user mode or off the CPU. */
void io_bitmap_open(struct vcpu *v);
void io_bitmap_close(struct vcpu *v);
uint32_t guest_io_read(struct vcpu *v, unsigned int port, unsigned int bytes);
void guest_io_write(struct vcpu *v, unsigned int port, unsigned int bytes,
                    uint32_t data);
int io_bitmap_create(struct domain *d);
/* At boot: dom0 does not get this range of ports. */
bool guest_io_permitted(const struct vcpu *v, unsigned int port,
                        unsigned int bytes);

/* --- FPU (arch/x86/fpu.c) ------------------------------------------------- */
int fpu_create(struct vcpu *v);
void fpu_destroy(struct vcpu *v);
void fpu_reset(struct vcpu *v);
void fpu_save(struct vcpu *v);
void fpu_restore(struct vcpu *v);
void fpu_import(struct vcpu *v, const void *fxsave);
void fpu_export(const struct vcpu *v, void *fxsave);
int fpu_set_xcr0(struct vcpu *v, uint64_t xcr0);
/* XEN_DOMCTL_{get,set}vcpuextstate: an XSAVE image of standard format. */
#define XSTATE_FP_SSE 3
uint32_t fpu_xstate_size(const struct vcpu *v);
int fpu_set_xstate(struct vcpu *v, uint64_t xcr0, uint64_t accum,
                   const void *image, uint32_t size);

/* --- MSRs, CPUID (pv/emul/msr.c, cpuid.c) --------------------------------- */
long domctl_get_cpu_policy(struct domain *d, void *op);
long domctl_set_cpu_policy(struct domain *d, void *op);
int cpu_policy_create(struct domain *d);
void cpu_policy_destroy(struct domain *d);
bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);
void guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf,
                 uint32_t r[4]);

#endif
