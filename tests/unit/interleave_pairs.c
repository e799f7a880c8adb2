/* SPDX-License-Identifier: MIT */
/*
 * Each of some transitions beside each other one, in each of some states: the
 * domains in which they happen, and what can happen at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "interleave_pairs.h"
#include <asm/pv.h>
#include <asm/tlb.h>

/* --- domains -------------------------------------------------------------- */

#define WIDE   5
#define ENOUGH 5 /* pairs that go wrong: the others are not tried */
struct tree root_tree[WORLD_DOMAINS], spare;

static struct page_info *page(struct domain *d)
{
    struct page_info *pg = alloc_domheap_pages(d, 0, 0);

    memset(page_to_virt(pg), 0, PAGE_SIZE);
    return pg;
}

pte_t leads_to(const struct page_info *pg)
{
    return pte_make(page_to_mfn(pg), PTE_PRESENT | PTE_RW | PTE_USER);
}

static void grow(struct tree *t, struct domain *d)
{
    for (unsigned int level = 0; level <= 4; level++) {
        pte_t *table;

        t->level[level] = page(d);
        table = page_to_virt(t->level[level]);
        for (unsigned int i = 0; level && i < (level == 2 ? WIDE : 1); i++)
            table[model_slots[i]] = leads_to(t->level[level - 1]);
    }
}

static void run_on(unsigned int cpu, domid_t id)
{
    world_run(cpu, world_domain[id]->vcpu[cpu]);
}

void pairs_begin(unsigned int nr_domains)
{
    world_init();
    world_quiet(true);
    for (domid_t id = 0; id < nr_domains; id++)
        grow(&root_tree[id], world_create_domain(id, 100));
    grow(&spare, world_domain[1]);
    for (unsigned int cpu = 0; cpu < WORLD_CPUS; cpu++)
        for (domid_t id = 0; id < nr_domains; id++) {
            run_on(cpu, id);
            if (new_guest_root(current, page_to_mfn(root_tree[id].level[4])))
                abort();
        }
}

/* --- for transitions ------------------------------------------------------ */

void will_read(const volatile void *p, size_t n)
{
    interleave_turn((uintptr_t)p, n, false, __builtin_return_address(0));
    interleave_perform((uintptr_t)p, n, false);
}

void will_write(const volatile void *p, size_t n)
{
    interleave_turn((uintptr_t)p, n, true, __builtin_return_address(0));
    interleave_perform((uintptr_t)p, n, true);
}

unsigned long frame_number(const struct page_info *pg)
{
    return mfn_x(page_to_mfn(pg));
}

long mmuext(unsigned int cmd, const struct page_info *pg, domid_t id)
{
    struct mmuext_op op = {.cmd = cmd, .arg1.mfn = frame_number(pg)};

    return world_call(__HYPERVISOR_mmuext_op, (uint64_t)&op, 1, 0, id);
}

long update(const struct page_info *pg, unsigned int slot, pte_t e,
            uint32_t foreign)
{
    struct mmu_update req = {
        frame_number(pg) << PAGE_SHIFT | slot * sizeof(pte_t), e};

    return world_call(__HYPERVISOR_mmu_update, (uint64_t)&req, 1, 0, foreign);
}

/* --- pairs ---------------------------------------------------------------- */

static const struct transition *now[2];

static void work(void)
{
    unsigned int cpu = interleave_cpu();

    test_cpu.current_vcpu = world_domain[now[cpu]->by]->vcpu[cpu];
    now[cpu]->fn();
}

static bool run_pair(const struct pairs *p, const struct state *s)
{
    const struct contest c = {.work = {work, work}, .right = p->right};
    size_t mark = interleave_mark();
    bool good;

    run_on(0, 1);
    s->fn();
    for (unsigned int cpu = 0; cpu < 2; cpu++)
        run_on(cpu, now[cpu]->by);
    run_on(2, p->third);
    model_begin();
    good = interleave(&c);
    interleave_back_to(mark);
    if (!good)
        printf("# %s, then %s beside %s\n", s->name, now[0]->name,
               now[1]->name);
    return good;
}

/* A domain's vcpus are paused when it dies. */
static bool can_meet(const struct transition *a, const struct transition *b)
{
    return !(a->ends && (a->ends == b->by || a->ends == b->ends)) &&
           !(b->ends && b->ends == a->by);
}

static const char *word;

static bool has_word(const char *name)
{
    return !word || strstr(name, word);
}

unsigned int pairs_run(const struct pairs *p)
{
    bool alike = world_preempt_cpus != 1; /* else CPU 0 alone takes breaks */
    unsigned int bad = 0;

    for (unsigned int n = 0; n < p->nr_states; n++)
        for (unsigned int i = 0; i < p->nr_transitions; i++)
            for (unsigned int j = alike ? i : 0; j < p->nr_transitions; j++) {
                const struct state *s = &p->states[n];

                now[0] = &p->transitions[i];
                now[1] = &p->transitions[j];
                if (bad < ENOUGH && (world_preempt || !s->breaks) &&
                    can_meet(now[0], now[1]) &&
                    (has_word(s->name) || has_word(now[0]->name) ||
                     has_word(now[1]->name)))
                    bad += !run_pair(p, s);
            }
    return bad;
}

int pairs_main(int argc, char **argv, const struct CMUnitTest *tests, size_t n,
               int (*setup)(void **state))
{
    int rc;

    if (argc > 1)
        word = argv[1];
    interleave_begin();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    rc = _cmocka_run_group_tests("tests", tests, n, setup, NULL);
    interleave_end();
    return rc;
}
