/* SPDX-License-Identifier: MIT */
/*
 * Interrupts: vectors are per CPU; an irq is a GSI line or an MSI entry; a
 * pirq is a domain's name for an irq.
 *
 * Functions about pirqs are hypercalls' work: interrupts are on, numbers may be
 * any (-EINVAL), and only dom0 has pirqs at all (-EINVAL for others). Those
 * that look for a free number are called with d->lock held.
 */
#ifndef ASM_IRQ_H
#define ASM_IRQ_H

#include <hv/types.h>
#include <hv/spinlock.h>

struct cpu_regs;
struct domain;
struct vcpu;

#define FIRST_DYNAMIC_VECTOR 0x20
#define LAST_DYNAMIC_VECTOR  0xdf
/* Our own, high priority. */
#define SPURIOUS_APIC_VECTOR  0xff
#define ERROR_APIC_VECTOR     0xfe
#define INVALIDATE_TLB_VECTOR 0xfd
#define EVENT_CHECK_VECTOR    0xfc
#define CALL_FUNCTION_VECTOR  0xfb
#define LOCAL_TIMER_VECTOR    0xfa

#define NR_IRQS  1024
#define NR_GSIS  256
#define NR_PIRQS 1024 /* per domain: GSIs first, then MSI */

/* Called by entry.S for vectors >= 0x20, irqs off. */
void do_IRQ(struct cpu_regs *regs);
void disable_i8259(void); /* first */
void init_irqs(void);     /* after ACPI tables are read */
/* To online CPUs; any context. What was written before is visible there. */
void smp_send_ipi(unsigned int cpu, unsigned int vector);
void smp_send_ipi_mask(uint64_t mask, unsigned int vector);

/* Hypervisor's own use of a line (serial), for ever: fn runs at each interrupt,
 * interrupts off. 0; -EBUSY: it has a user; -EINVAL: no such line */
int request_irq(unsigned int isa_irq, void (*fn)(void *data), void *data);

/*
 * Give an irq a name in d: pirq, or any that is free if it is negative. The
 * number or -errno: -EINVAL the line or the name cannot be had, -ENOSPC no name
 * is left. d->lock is held, as it is for map_msi_pirq() and get_free_pirq().
 */
int map_gsi_pirq(struct domain *d, int gsi, int pirq);
/* table: where dom0 says the MSI-X table is, 0 for MSI. Also -ENODEV: the
 * device has no such capability; -ENOMEM. */
struct pci_sbdf;
int map_msi_pirq(struct domain *d, struct pci_sbdf dev, unsigned int entry_nr,
                 paddr_t table, int pirq);
/* A pirq that is not mapped, from the GSIs' range or above: pirq/-ENOSPC */
int get_free_pirq(struct domain *d, bool gsi);
/* The name goes, and its message if it stood for one; unbound first. */
int unmap_pirq(struct domain *d, int pirq);
/* Flags XENIRQSTAT_*: every pirq wants an eoi. */
int pirq_status(struct domain *d, int pirq, uint32_t *flags);
/* d has served the device: the line may interrupt again. */
int pirq_eoi(struct domain *d, int pirq);
/* How a line is wired. -EEXIST: it is in use, and its wiring stays. */
int setup_gsi(unsigned int gsi, bool level, bool active_low);
/* The guest's page of "wants an eoi" bits. 0/-EINVAL/-EBUSY */
int pirq_set_eoi_page(struct domain *d, mfn_t mfn, bool auto_unmask);
/* All of d's, when it dies. */
void free_domain_pirqs(struct domain *d);

#endif
