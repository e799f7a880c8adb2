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

/* Whether v is in its kernel: a flag, since both modes run in ring 3. */
static inline bool guest_kernel_mode(const struct vcpu *v)
{
    return v->arch.flags & TF_KERNEL_MODE;
}

/* --- bounce frames (pv/traps.c) ------------------------------------------- */
/* An entry of the guest's kernel: an exception handler or a callback. */
struct bounce {
    uint64_t rip;
    uint16_t cs;
    bool mask_events;
    bool has_error_code;
    uint32_t error_code;
};
/* Continue current at b's entry point, its state on its kernel stack. A stack
 * that cannot be written crashes the domain. */
void pv_bounce(struct vcpu *v, const struct bounce *b);

/* --- descriptors (pv/descriptors.c) --------------------------------------- */
/*
 * v is current or not running. The frames become descriptor pages, of which the
 * table holds references, or nothing changes: -EINVAL one of them cannot be, or
 * there are too many entries (pv_set_ldt(): base is not a guest's, either).
 * pv_destroy_gdt() drops the references. An LDT's pages are looked at when they
 * are first used.
 */
int pv_set_gdt(struct vcpu *v, const unsigned long *frames, uint32_t entries);
void pv_destroy_gdt(struct vcpu *v);
int pv_set_ldt(struct vcpu *v, uint64_t base, uint32_t entries);
void pv_init_gdt_window(struct vcpu *v);
void pv_map_cpu_gdt_page(struct vcpu *v); /* irqs off, v about to run here */
/* Puts v's LDT into this CPU's register; v is current or about to be. */
void load_ldt(struct vcpu *v);
/* The guest touched its LDT/GDT window: map the page in. True if done. */
bool map_ldt_shadow_page(unsigned int index);
void invalidate_ldt(struct vcpu *v);

/* --- hypercall page (pv/hypercall_page.c) --------------------------------- */
/* Writes the calls, one for each number, into a page of memory. */
void fill_hypercall_page(void *page);
/* The same for d's frame. -EACCES: it is not d's or cannot be written. */
int hypercall_page_init(struct domain *d, uint64_t gmfn);

/* --- roots (arch/x86/context.c) ------------------------------------------- */
/*
 * Between these two calls the addresses of current's kernel are mapped,
 * whatever mode it is in.
 */
void borrow_kernel_root(const struct vcpu *v);
void return_root(const struct vcpu *v);

/* --- debug registers (pv/debugreg.c) -------------------------------------- */
/* v is current or not running. 0; -EPERM: a breakpoint of the hypervisor's, or
 * bits that no guest gets; -ENODEV: no such register. */
int set_debugreg(struct vcpu *v, unsigned int reg, uint64_t value);
/* Puts v's into this CPU; only where its DR7 has a breakpoint in use. */
void load_debugregs(const struct vcpu *v);

/* --- segments (pv/segments.c) --------------------------------------------- */
/* Selectors and bases between this CPU and v. To load them v's address space
 * and descriptor tables must be in force; a selector that faults becomes null.
 */
void save_segments(struct vcpu *v);
void load_segments(struct vcpu *v);
/* The stack on which v's kernel gets its exceptions from user mode. */
void pv_set_kernel_stack(struct vcpu *v, uint16_t ss, uint64_t sp);

/* --- ports (pv/emul/io_ports.c) ------------------------------------------- */
/* The bitmap is in force in kernel mode once a port access has trapped, until
 * the guest goes to user mode or off the CPU. */
void io_bitmap_open(struct vcpu *v);
void io_bitmap_close(struct vcpu *v);
/* One access of 1, 2 or 4 bytes for current, to the device if the domain has
 * the port. What nobody answers reads as all ones, and writes to it are lost.
 */
uint32_t guest_io_read(struct vcpu *v, unsigned int port, unsigned int bytes);
void guest_io_write(struct vcpu *v, unsigned int port, unsigned int bytes,
                    uint32_t data);
/* dom0's ports: all but those that the hypervisor keeps. 0/-ENOMEM */
int io_bitmap_create(struct domain *d);
/* Whether v's I/O privilege level is enough for its mode. */
bool guest_iopl_permits(const struct vcpu *v);
/* Whether current may use the instruction at all: by its I/O privilege level or
 * its process's bitmap. If not the guest's kernel gets #GP. */
bool guest_io_permitted(const struct vcpu *v, unsigned int port,
                        unsigned int bytes);

/* --- FPU (arch/x86/fpu.c) ------------------------------------------------- */
/* The save area and its first contents. 0/-ENOMEM/-EINVAL (too large a CPU) */
int fpu_create(struct vcpu *v);
void fpu_destroy(struct vcpu *v);
void fpu_reset(struct vcpu *v);
/* At a context switch, all states of the CPU; interrupts are off. Restoring
 * brings back the guest's TS bit as well. */
void fpu_save(struct vcpu *v);
void fpu_restore(struct vcpu *v);
/* The 512 bytes of FXSAVE that a vcpu context has; v is not running. Bits that
 * would fault are cleared. */
void fpu_import(struct vcpu *v, const void *fxsave);
void fpu_export(const struct vcpu *v, void *fxsave);
/* XSETBV: v is current or not running. -EINVAL: states that the CPU does not
 * have or that need others. */
int fpu_set_xcr0(struct vcpu *v, uint64_t xcr0);
/* XEN_DOMCTL_{get,set}vcpuextstate: an XSAVE image of standard format. v is
 * paused. -EINVAL: it is not one, and then nothing is taken. */
#define XSTATE_FP_SSE 3
uint32_t fpu_xstate_size(const struct vcpu *v);
const void *fpu_get_xstate(struct vcpu *v);
int fpu_set_xstate(struct vcpu *v, uint64_t xcr0, uint64_t accum,
                   const void *image, uint32_t size);

/* --- MSRs, CPUID (pv/emul/msr.c, cpuid.c) --------------------------------- */
/* Rows of domctl. */
long domctl_get_cpu_policy(struct domain *d, void *op);
long domctl_set_cpu_policy(struct domain *d, void *op);
/* What d's guests see of the CPU: the default, until it is set. 0/-ENOMEM */
int cpu_policy_create(struct domain *d);
void cpu_policy_destroy(struct domain *d);
/* For current. False: there is no such register for it, or no such value: #GP.
 * CPUID answers every leaf, one that is not there with zeros. */
bool guest_rdmsr(struct vcpu *v, uint32_t msr, uint64_t *value);
bool guest_wrmsr(struct vcpu *v, uint32_t msr, uint64_t value);
void guest_cpuid(const struct vcpu *v, uint32_t leaf, uint32_t subleaf,
                 uint32_t r[4]);

#endif
