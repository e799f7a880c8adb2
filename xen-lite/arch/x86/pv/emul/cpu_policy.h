/* SPDX-License-Identifier: MIT */
/*
 * What CPUID tells a guest, as a list of leaves in the public form. Derived
 * from the host's by a mask of what a PV guest can use; the tools may take away
 * more. Pure functions (cpu_policy.c), tested on the host.
 */
#ifndef PV_EMUL_CPU_POLICY_H
#define PV_EMUL_CPU_POLICY_H

#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>

#define CPU_POLICY_MAX_LEAVES 120  /* Xen's number: saved images have room */
#define CPU_POLICY_MAX_MSRS   2    /* that are part of a policy */
#define CPU_POLICY_MAX_BASIC  0xdu /* last leaf of each range */
#define CPU_POLICY_MAX_EXT    0x80000021u
#define CPU_FEATURE_WORDS     19 /* of 32 bits, in the order of the ABI */

/* The leaves in rising order, all of them, with zeros where the CPU has
 * nothing. It has no pointers: a copy is a policy. */
struct cpu_policy {
    unsigned int nr;
    xen_cpuid_leaf_t leaf[CPU_POLICY_MAX_LEAVES];
};

/* Of the states that a CPU has, by its leaf 0xd, those that guests may enable
 * in XCR0: together they are a value that XCR0 takes. 0: it is to be used as
 * one without XSAVE. */
uint64_t cpu_policy_states(uint32_t offered);

/* The CPUID instruction, or a test's stand-in. */
typedef void (*cpuid_fn_t)(uint32_t leaf, uint32_t subleaf, uint32_t r[4]);

/* All leaves of our range; zero where the host has none. */
void cpu_policy_read(struct cpu_policy *p, cpuid_fn_t host);
/* From the host's to a guest's; xcr0: the states guests may enable. */
void cpu_policy_to_pv(struct cpu_policy *p, uint64_t xcr0);
/* NULL: not part of policies. A leaf without subleaves is found by any. */
const xen_cpuid_leaf_t *cpu_policy_find(const struct cpu_policy *p,
                                        uint32_t leaf, uint32_t subleaf);
/*
 * Replace what the list says; bits beyond max disappear. -ERANGE for a leaf
 * that policies do not have, -EINVAL for a last leaf above max's, with *bad
 * the culprit.
 */
int cpu_policy_apply(struct cpu_policy *p, const struct cpu_policy *max,
                     const xen_cpuid_leaf_t *list, unsigned int n,
                     xen_cpuid_leaf_t *bad);
/* What the tools see: without leaves beyond the last one and empty subleaves.
 * The number of leaves; to may be NULL. */
unsigned int cpu_policy_serialise(const struct cpu_policy *p,
                                  xen_cpuid_leaf_t *to);
/* The feature bits alone (XEN_SYSCTL_get_cpu_featureset). */
void cpu_policy_features(const struct cpu_policy *p,
                         uint32_t words[CPU_FEATURE_WORDS]);

#endif
