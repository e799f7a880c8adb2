/* SPDX-License-Identifier: MIT */
/*
 * Tiny guests as domU. A test runs in dom0, which builds domains from its own
 * image and lets them call functions: both sides stand in one file.
 *
 *     static long sum(uint64_t a, uint64_t b) { return a + b; }
 *
 *     struct domu *u = domu_start(1);
 *     is(domu_call(u, sum, 2, 3), 5, "a domU can add");
 *
 * sum() runs in the domU, on its vcpu 0 and with its own copy of all variables.
 * What it prints dom0 shows as remarks; checks (ok(), is()) are dom0's alone.
 * The image comes as dom0's ramdisk, so the test says "run: ramdisk=1".
 *
 * All of this is dom0's, on one vcpu.
 */
#ifndef PV_DOMU_H
#define PV_DOMU_H

#include <pv/pv.h>
#include <xen/domctl.h>

/* The page that both sides share; see domu.c. */
struct mailbox;

struct domu {
    domid_t id;
    uint64_t shared_info_mfn;
    uint64_t nr_pages; /* all of them are in its window */
    uint64_t *p2m;     /* dom0's copy of its list */
    uint64_t image_pfn, si_pfn, mailbox_pfn, pt_pfn; /* where things are */
    struct mailbox *mailbox;
    uint32_t asked; /* calls so far */
};

/* What the next ones are created with, but for the number of vcpus: a test may
 * change it. Few of everything at first. */
extern struct xen_domctl_createdomain domu_config;

/* Builds a domU with that many vcpus and 4 MiB and lets it run; bails out if
 * that fails. Its library has started before the first call is made. */
struct domu *domu_start(unsigned int vcpus);

/* Calls fn(a, b) in the domU and waits for what it returns: DOMU_GONE if the
 * domain has shut down instead, DOMU_HANGS if nothing came for some seconds. */
typedef long (*domu_fn)(uint64_t a, uint64_t b);
#define DOMU_GONE  (-0x7fffffffL)
#define DOMU_HANGS (-0x7ffffffeL)
long domu_call(struct domu *u, domu_fn fn, uint64_t a, uint64_t b);
/* The same in two steps, so that several can be at work. 0: not yet. */
void domu_ask(struct domu *u, domu_fn fn, uint64_t a, uint64_t b);
bool domu_answered(struct domu *u, long *result);

/* Words that both sides share, 0 at first: of u, in dom0; the domU's own
 * (NULL). dom0 can read them until it destroys the domain. */
#define DOMU_WORDS 100
volatile uint64_t *domu_words(struct domu *u);

/* What getdomaininfo says: XEN_DOMINF_*. 0 if there is no such domain. */
uint32_t domu_flags(const struct domu *u);
/* domctl with the rest of the request in d: 0 or -errno. */
long domu_control(domid_t id, uint32_t cmd, struct xen_domctl *d);
/* A vcpu of a domain, dom0's too, is to run on that CPU alone: 0 or -errno. */
long bind_vcpu(domid_t id, unsigned int vcpu, unsigned int cpu);
/* Takes the domain away. What dom0 has mapped of it, but for the mailbox, it
 * keeps until it unmaps it itself. Other calls with u are wrong then. */
void domu_destroy(struct domu *u);

/* The domU's side, called by the library instead of main(). */
void domu_serve(void) __attribute__((noreturn));
/* Where its console_write() goes. */
void domu_console_write(const char *s, size_t n);

#endif
