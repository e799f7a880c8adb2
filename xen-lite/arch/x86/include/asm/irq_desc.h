/* SPDX-License-Identifier: MIT */
/*
 * One irq, and what irq/pirq.c does with it on behalf of a domain. The
 * functions take desc->lock themselves (LOCK_IRQ) and may be called with
 * pirq.c's lock.
 *
 * An irq has one user: the hypervisor (action) or a domain (guest), or none.
 */
#ifndef ASM_IRQ_DESC_H
#define ASM_IRQ_DESC_H

#include <hv/percpu.h>
#include <hv/spinlock.h>
#include <asm/msi.h>

struct irq_desc {
    spinlock_t lock; /* all fields */
    uint8_t vector;  /* 0: not started */
    uint16_t cpu;
    bool level, active_low; /* wiring of a GSI */
    bool masked;
    bool awaits_eoi;            /* level, masked until the guest's eoi */
    struct msi_desc *msi;       /* NULL: a GSI */
    void (*action)(void *data); /* the hypervisor's handler, in irq context */
    void *data;
    struct domain *guest;
    uint32_t pirq;
};

/* There is one for each number below NR_IRQS, for ever. */
struct irq_desc *irq_to_desc(unsigned int irq);

/* --- vectors (irq/vectors.c) ---------------------------------------------- */
#define NR_VECTORS 256
/* irq by vector; 0 means "none": it is the PIT's line, which no guest gets. */
DECLARE_PER_CPU(uint16_t[NR_VECTORS], vector_irq);
/* Gives desc a vector on a CPU. False: none is left there, and nothing has
 * changed. The caller holds desc->lock, and writes the route. */
bool place_irq(struct irq_desc *desc, unsigned int cpu);
/* desc is shut down: no CPU knows it any more. The same lock. */
void leave_all_places(struct irq_desc *desc);

/* --- on behalf of a domain ------------------------------------------------ */
/* desc starts to raise d's pirq, on cpu. 0; -EBUSY: it has a user; -ENOSPC: the
 * CPU has no vector left. */
int irq_bind_guest(struct irq_desc *desc, struct domain *d, uint32_t pirq,
                   unsigned int cpu);
/* The rest do nothing unless desc is d's. */
void irq_unbind_guest(struct irq_desc *desc, const struct domain *d);
void irq_set_cpu(struct irq_desc *desc, const struct domain *d,
                 unsigned int cpu);
void irq_guest_eoi(struct irq_desc *desc, const struct domain *d);

/* For ASSERT(): whether this CPU holds pirq.c's lock. */
bool pirq_lock_is_held(void);
/* A new irq for a message, masked: its number or -ENOSPC. msi must live until
 * irq_destroy_msi(). pirq.c's lock is held. */
int irq_create_msi(struct msi_desc *msi);
/* Returns what it was created with, for msi_release(). */
struct msi_desc *irq_destroy_msi(struct irq_desc *desc);
/* dev was reset: write its messages again. */
void irq_restore_msi(struct pci_sbdf dev);

#endif
