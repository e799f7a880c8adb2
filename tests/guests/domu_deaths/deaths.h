/* SPDX-License-Identifier: MIT */
/*
 * Domains die in every way and leave nothing: no page, no port, no grant, no
 * domain. In each cycle dom0 builds a domU, or two, lets it hold what the
 * cycle's number says, lets it die or takes it away while it runs.
 *
 *     main.c    dom0: the cycles, and what must be as it was
 *     ends.c    how a domU ends by itself
 *     works.c   what it is at when dom0 takes it away
 *     holds.c   what it holds meanwhile, and shares with others
 */
#ifndef DEATHS_H
#define DEATHS_H

#include <pv/domu.h>
#include <pv/host.h>

#define RW (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define RO (PTE_P | PTE_U | PTE_A)

/* fn(arg) in the domU ends it for that reason, SHUTDOWN_*. */
struct end {
    const char *name; /* a domU that ... */
    domu_fn fn;
    uint64_t arg;
    unsigned int reason;
};
extern const struct end ends[];
extern const unsigned int nr_ends;

/* fn, again and again in the domU; then dom0 does that to it, if not NULL. */
struct work {
    const char *name;
    domu_fn fn;
    void (*then)(struct domu *u);
};
extern const struct work works[];
extern const unsigned int nr_works;
long again(uint64_t fn, uint64_t unused);

/* Called in a domU: ports, areas, timers, descriptor tables, a user root, a
 * vcpu. */
long hold(uint64_t unused, uint64_t unused_too);

/* Two domains that share: each offers two pages, from reference 'ref' on, and a
 * port, and takes those of the other one. dom0 calls these too. offer() has
 * what take() needs; take() and let_go() return 0 or what was refused. The
 * other side of what is let go may be gone. */
#define REF 8
long offer(uint64_t dom, uint64_t ref);
long take(uint64_t dom, uint64_t offered);
long let_go(uint64_t unused, uint64_t unused_too);
/* Is one of the two still in use by the other one? */
bool in_use(unsigned int ref);

#endif
