/* SPDX-License-Identifier: MIT */
/* Pairs of transitions, each begun in some state (interleave_pairs.c). */
#ifndef INTERLEAVE_PAIRS_H
#define INTERLEAVE_PAIRS_H
#include "interleave.h"
#include "interleave_tlb.h"

/* A domain's tables, one of each level; the first entry of each leads to the
 * next one, and that of the last to a page. All entries that there can be in
 * the L2 table lead to the same L1 table: that is enough for a break. */
struct tree {
    struct page_info *level[5]; /* [0]: the page */
};
/* By domain: that which its vcpus use. */
extern struct tree root_tree[WORLD_DOMAINS];
/* Of domain 1, complete, but only pages until it is used. */
extern struct tree spare;
#define FREE_SLOT 511 /* in each of their tables */

struct transition {
    const char *name;
    void (*fn)(void);
    domid_t by;   /* current is a vcpu of that domain */
    domid_t ends; /* the domain that dies by it; 0: none */
};
struct state {
    const char *name;
    void (*fn)(void); /* by domain 1 */
    bool breaks;      /* there is none without */
};
struct pairs {
    const struct state *states;
    const struct transition *transitions;
    unsigned int nr_states, nr_transitions;
    bool (*right)(void); /* see struct contest */
    domid_t third;       /* CPU 2 runs it */
};

/* Once: domains of which each has a tree. */
void pairs_begin(unsigned int nr_domains);
/* All pairs in all states, or, if the program has an argument, those of which a
 * name has it. The number that went wrong. */
unsigned int pairs_run(const struct pairs *p);
/* What main() does: n tests. setup: as cmocka's of a group, or NULL. */
struct CMUnitTest;
int pairs_main(int argc, char **argv, const struct CMUnitTest *tests, size_t n,
               int (*setup)(void **state));

/* --- for transitions ------------------------------------------------------ */
/* What the test itself reads or writes next is a step. */
void will_read(const volatile void *p, size_t n);
void will_write(const volatile void *p, size_t n);
struct domain;
pte_t leads_to(const struct page_info *pg);
unsigned long frame_number(const struct page_info *pg);
long mmuext(unsigned int cmd, const struct page_info *pg, domid_t id);
long update(const struct page_info *pg, unsigned int slot, pte_t e,
            uint32_t foreign);
#endif
