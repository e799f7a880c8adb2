/* SPDX-License-Identifier: MIT */
/*
 * A guest's page tables, as the rest of arch/x86 sees them: roots, walks, the
 * end. What the files of pv/mm share with each other is in pv/mm/mm.h.
 */
#ifndef ASM_GUEST_TABLES_H
#define ASM_GUEST_TABLES_H

#include <hv/types.h>
#include <asm/page.h>

struct cpu_regs;
struct domain;
struct vcpu;

/* Toggle between kernel and user root of v (current). */
void toggle_guest_mode(struct vcpu *v);
/* The validated L1 entry that maps va under v's kernel root, or 0. */
pte_t guest_l1e(struct vcpu *v, unsigned long va);
/* #PF in guest kernel mode on a page-table page: emulate the write. True if
 * handled. */
bool ptwr_do_page_fault(struct vcpu *v, unsigned long addr,
                        struct cpu_regs *regs);
/* References for a root of v: general and PGT_l4_table. What was interrupted of
 * the domain's tables is finished first. 0, -EINVAL, -ERESTART */
int take_root(struct vcpu *v, mfn_t mfn);
/* New kernel root for v (current), with references of its own: 0, -EINVAL,
 * -ERESTART */
int new_guest_root(struct vcpu *v, mfn_t mfn);
/* v's cr3 values from its roots; v is not running. */
void set_vcpu_cr3(struct vcpu *v);
/* Drop both roots (vcpu reset, death); v is not running. 0/-ERESTART */
int vcpu_destroy_pagetables(struct vcpu *v);
/* Preemptible walk over all frames of a dying domain. 0/-ERESTART */
int relinquish_memory(struct domain *d);

#endif
