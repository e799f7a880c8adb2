/* SPDX-License-Identifier: MIT */
/*
 * What an architecture provides for common/: <hv/domain.h> includes it. Beside
 * these functions, it fills struct arch_domain and struct arch_vcpu, has rows
 * of sub-operations (arch_domctl_table, arch_memory_table), and implements
 *
 *   <hv/guest_access.h>  the copies to and from guest memory
 *   <hv/hypercall.h>     hypercall_preempt_check(), hypercall_again(),
 *                        hypercall_set_arg(), hypercall_invoke()
 *   <hv/mm.h>            references and types of frames, whose page each is
 *   <asm/frame.h>        the record of a frame, the direct map
 *   <asm/tlb.h>          stamps of the flush clock, for the allocator
 *   <hv/smp.h>           calls to other CPUs
 *
 * Unless said otherwise no lock is held, and 0 is success.
 */
#ifndef HV_ARCH_H
#define HV_ARCH_H

#include <hv/types.h>

struct domain;
struct vcpu;
struct vcpu_guest_context;
struct xen_domctl_createdomain;
struct xen_domctl_getdomaininfo;
struct xen_sysctl_physinfo;

/* --- life ----------------------------------------------------------------- */

/* -EINVAL, -EOPNOTSUPP for what this architecture cannot create. */
long arch_sanitise_domain_config(struct xen_domctl_createdomain *config);
/* d is not listed yet. -ENOMEM */
int arch_domain_create(struct domain *d,
                       const struct xen_domctl_createdomain *config);
/* Frees what arch_domain_create() made; d has no frames left. */
void arch_domain_destroy(struct domain *d);
/* Releases all memory of a dying domain: page tables, frames. -ERESTART: call
 * again. The control lock is held. */
int arch_domain_relinquish(struct domain *d);
/* v is not listed yet, and has no context. -ENOMEM: nothing is left of it. */
int arch_vcpu_create(struct vcpu *v);
/* v will never run again. */
void arch_vcpu_destroy(struct vcpu *v);

/* --- contexts ------------------------------------------------------------- */

/*
 * Loads a start context that the guest gives (VCPUOP_initialise: d->lock is
 * held) or the toolstack (domctl: the domain is paused). c is a private copy,
 * of which nothing is believed. -EINVAL; -ERESTART: call again.
 */
int arch_set_info_guest(struct vcpu *v, const struct vcpu_guest_context *c);
/* v is paused. */
void arch_get_info_guest(struct vcpu *v, struct vcpu_guest_context *c);
/* Forgets the context, with its roots, of v, which is down and initialised no
 * more; its domain is paused. -ERESTART: call again. */
int arch_vcpu_reset(struct vcpu *v);

/* --- running -------------------------------------------------------------- */

/* Switches this CPU from prev (current) to next. Returns in next's context, on
 * its own terms. Interrupts are off. */
void context_switch(struct vcpu *prev, struct vcpu *next);
/* The scheduler chose the same vcpu again: undoes what the idle loop may have
 * left stale, and goes on. */
noreturn void continue_running(struct vcpu *v);
noreturn void startup_cpu_idle_loop(void);
/* An event became pending for v: its CPU looks, by an IPI if v is running. Any
 * context. */
void vcpu_kick(struct vcpu *v);
/* VCPUOP_send_nmi, XEN_DOMCTL_sendtrigger. -errno as there. */
long arch_send_guest_nmi(struct vcpu *v);
/* One is pending, and not held back by the handler of another. */
bool arch_nmi_needs_delivery(const struct vcpu *v);
/* No CPU holds translations of d's address spaces after it. All CPUs answer:
 * interrupts are on, and no lock that is taken with them off is held. */
void arch_flush_tlb(struct domain *d);

/* --- time ----------------------------------------------------------------- */

/* v's clock in its vcpu_info is the one of this CPU now. Any CPU. */
void update_vcpu_system_time(struct vcpu *v);
/* The same for all of d, wherever its guest reads a clock. d does not run. */
void update_domain_system_time(struct domain *d);
/* The guest wants v's clock at this address of its own, too; 0: no more. */
void set_time_area(struct vcpu *v, uint64_t at);
/* Nobody writes a vcpu's clock between the two: its place may change, and so
 * may d->is_shut_down. By itself the clock of a domain that is shut down stays
 * as it is. */
unsigned long clock_records_lock(void);
void clock_records_unlock(unsigned long flags);
/* The wall clock into d's shared_info. */
void update_domain_wallclock_time(struct domain *d);
/* Seconds and nanoseconds since 1970 that it was at system_time (ns since
 * boot); for all domains. */
void set_wallclock(uint64_t secs, uint32_t nsecs, uint64_t system_time);

/* --- interrupts of devices: the guest's side of a pirq --------------------
 * d's event lock is held; NR_PIRQS is the architecture's. */

/* Delivery to v's domain begins. -errno as for
 * EVTCHNOP_bind_pirq. */
int pirq_guest_bind(struct vcpu *v, uint32_t pirq, bool will_share);
void pirq_guest_unbind(struct domain *d, uint32_t pirq);
/* Interrupts come to v's CPU from now on. */
void pirq_guest_set_affinity(struct domain *d, uint32_t pirq, struct vcpu *v);

/* --- what tools and guests ask -------------------------------------------- */

void arch_get_domain_info(const struct domain *d,
                          struct xen_domctl_getdomaininfo *info);
void arch_do_physinfo(struct xen_sysctl_physinfo *info);
/* Sub-operations of sysctl. */
long arch_cpu_levelling_caps(struct domain *d, void *op);
long arch_cpu_featureset(struct domain *d, void *op);
long arch_cpu_policy(struct domain *d, void *op);
/* XENMEM_maximum_gpfn: the largest number of d's frames, 0 if not known. */
long arch_max_gpfn(const struct domain *d);
/* Turns an assist of VM_ASSIST_VALID on or off for the caller's domain.
 * -EBUSY */
#define VM_ASSIST_VALID                                                        \
    ((1UL << VMASST_TYPE_4gb_segments) |                                       \
     (1UL << VMASST_TYPE_4gb_segments_notify) |                                \
     (1UL << VMASST_TYPE_writable_pagetables) |                                \
     (1UL << VMASST_TYPE_pae_extended_cr3) |                                   \
     (1UL << VMASST_TYPE_architectural_iopl) |                                 \
     (1UL << VMASST_TYPE_runstate_update_flag))
int arch_vm_assist(struct domain *d, unsigned int type, bool on);
/* To the console: a debug key, a crash report. Any context. */
void arch_dump_domain(struct domain *d);
void arch_dump_vcpu(struct vcpu *v);

#endif
