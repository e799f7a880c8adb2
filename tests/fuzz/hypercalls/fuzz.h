/* SPDX-License-Identifier: MIT */
/*
 * A fuzzer of hypercalls: two domUs, each with some vcpus that do random but
 * knowledgeable things. What a vcpu does follows from its seed.
 *
 *     main.c    dom0: builds the domUs, lets them run for a while, calls the
 *               auditor, builds the next ones with the next seed
 *     guest.c   a domU: its vcpus and the loop
 *     values.c  arguments: frames, addresses, entries, domains, pointers
 *     ops.c     the table of all operations, with their weights
 *     pages.c, grants.c, events.c, vcpus.c, memory.c, traps.c   operations
 *     never.c   operations that must not succeed
 *     privileged.c, foreign.c   what dom0 does meanwhile
 *
 * A domU has a pool of pages to play with, and addresses to map them at; with
 * the rest of its memory it lives, so that is rarely touched. A domU that dies
 * is no failure.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <pv/domu.h>

/* --- a vcpu --------------------------------------------------------------- */
#define STACK_SIZE   16384 /* traps.c finds the vcpu by its stack */
#define STACK_TOP(c) ((uint64_t)(c) + STACK_SIZE) /* for traps of user mode */
#define MOST_CPUS    2 /* that fuzz; vcpu 0 serves dom0 */
#define SPARE_VCPU   3 /* not started but by the fuzzer */
#define MOST_BATCH   12
#define NR_HANDLES   16
#define ARGS_SIZE    (8 * PAGE_SIZE)

struct cpu {
    uint64_t resume_rsp; /* first: where a trap goes on, see traps.c */
    uint64_t random;
    unsigned int id;
    volatile uint64_t made; /* operations so far */
    struct vcpu_info *info; /* where the hypervisor keeps it */
    /* A multicall that is being made up: call() adds to it. */
    struct multicall_entry *batch;
    unsigned int batch_len;
    bool changes_traps; /* the operation does, or one in its batch */
    uint8_t *args;      /* of the current operation */
    size_t args_used;
    uint64_t *own; /* a page for never.c */
    struct {
        uint64_t addr;
        uint32_t handle;
    } grants[NR_HANDLES]; /* mapped, some of them no more */
};

/* Makes the hypercall, or adds it to the batch (0, then). */
long call(struct cpu *c, unsigned int nr, uint64_t a, uint64_t b, uint64_t d,
          uint64_t e);
/* Zeroed memory for an argument, until the operation ends. */
void *arg(struct cpu *c, size_t size);

/* --- operations ----------------------------------------------------------- */
/* What one returns is below 0 if it was refused. */
typedef long op_fn(struct cpu *c);
struct op {
    const char *name;
    unsigned int weight;
    op_fn *fn;
};
extern const struct op ops[];
extern const unsigned int nr_ops;
/* One at random, counted; see words below. */
void do_op(struct cpu *c);

op_fn op_window, op_update_va, op_update_other, op_mmu_update, op_mmuext,
    op_make_table, op_pin, op_unpin, op_roots, op_store, op_touch, op_set_gdt,
    op_descriptor, op_ldt;
op_fn op_stale, op_secret;
op_fn op_entry, op_map, op_unmap, op_replace, op_copy, op_swap, op_table,
    op_grant_other;
op_fn op_unbound, op_interdomain, op_bind, op_send, op_close, op_port, op_reset,
    op_fifo;
op_fn op_initialise, op_updown, op_area, op_timer, op_nmi, op_sched, op_poll,
    op_stack, op_segment, op_debugreg, op_callback, op_trap_table, op_assist,
    op_iopl;
op_fn op_decrease, op_populate, op_exchange, op_memory, op_version, op_control,
    op_device, op_unknown, op_multicall;
op_fn op_user, op_kernel;

/* --- arguments (values.c) ------------------------------------------------- */
uint64_t rnd(struct cpu *c);
unsigned int below(struct cpu *c, unsigned int n); /* 0 to n - 1 */
bool one_in(struct cpu *c, unsigned int n);

/* The pool, by number. Numbers lean to a use: some for tables of each level,
 * the rest for pages. */
#define NR_FRAMES 128
unsigned int any_frame(struct cpu *c);
unsigned int frame_for(struct cpu *c, unsigned int level);
void *frame_address(unsigned int frame); /* in the window; may be unmapped */
uint64_t frame_mfn(unsigned int frame);
uint64_t any_mfn(struct cpu *c);
/* Where pages may be mapped: some addresses that collide often, all below the
 * tables that frames 0 to 5 are: an L3, an L2, four L1. */
#define PLAY 0x0000200000000000UL
uint64_t play_address(struct cpu *c);
uint64_t any_address(struct cpu *c); /* or one that is none of the guest's */
uint64_t any_entry(struct cpu *c, unsigned int level);
uint64_t any_entry_maddr(struct cpu *c, unsigned int *level);
domid_t any_domid(struct cpu *c);
uint32_t any_count(struct cpu *c, uint32_t usual);
uint32_t any_port(struct cpu *c);
uint32_t any_vcpu(struct cpu *c);
uint64_t any_word(struct cpu *c); /* of no known meaning */
/* p, or seldom another pointer: misaligned, unmapped, the hypervisor's. */
uint64_t odd(struct cpu *c, void *p);
/* An argument of that many words of no known meaning. */
uint64_t any_struct(struct cpu *c, unsigned int words);

/* --- pages (pages.c) ------------------------------------------------------ */
#define RW (PTE_P | PTE_W | PTE_U | PTE_A | PTE_D)
#define RO (PTE_P | PTE_U | PTE_A)
/* The window's own mapping of a frame of the pool: RW, RO, or 0 for none. */
long window(struct cpu *c, unsigned int frame, uint64_t flags);
long mmuext_mfn(struct cpu *c, unsigned int cmd, uint64_t mfn);

/* --- traps ---------------------------------------------------------------- */
/* fn(arg) until it returns or traps. On the vcpu's own stack. */
#define TRAPPED (-1000L)
long attempt(long (*fn)(void *arg), void *arg);
/* Every vector and callback of the calling vcpu leads to attempt()'s end. */
void catch_all(void);
extern char fuzz_trap[];
void fuzz(struct cpu *c); /* all that a vcpu does; on its own stack */
void fuzz_begin(struct cpu *c);

/* --- the domU ------------------------------------------------------------- */
/* Called by dom0. Start: with that many vcpus; words tell about the other. */
long fuzz_start(uint64_t seed, uint64_t cpus);
/* Until each vcpu has done so many operations; ns at most. How many have not.
 */
long fuzz_run(uint64_t made, uint64_t ns);
long fuzz_pool_pfn(uint64_t unused, uint64_t unused_too);
/* Of a page that no operation uses. */
long fuzz_secret_pfn(uint64_t unused, uint64_t unused_too);

/* --- dom0's own operations (privileged.c) --------------------------------- */
op_fn op_memory_of, op_exchange_of, op_claim, op_map_foreign, op_tables_of,
    op_pin_of;
/* A domain that they are about: not dom0 itself. */
domid_t target(struct cpu *c);
/* What that domain plays with; seldom another's. */
uint64_t frame_of(struct cpu *c, domid_t id);
/* A page of dom0's pool, which it may map anything at. */
static inline void *any_page(struct cpu *c)
{
    return frame_address(any_frame(c));
}
extern const struct op privileged_ops[];
extern const unsigned int nr_privileged;
/* A round's: about those domUs, which know their peers already. */
void privileged_begin(uint64_t seed, struct domu *const *u, unsigned int n);
/* So many; of each operation, how often it was done and refused. What keeps a
 * domU from going on does not last. */
void privileged_run(unsigned int n, uint64_t *done, uint64_t *refused);
/* Nothing that was made is left. */
void privileged_end(void);

/* Words that dom0 and the domU share. */
#define WORD_OPS    0  /* of each operation: done << 32 | refused */
#define WORD_PEER   80 /* the other domU's id, and frames of its pool */
#define NR_PEER     15
#define WORD_SECRET 96 /* a frame of the other one that it keeps for itself */
#define WORD_STALE  97 /* how often op_stale() found one */
#define WORD_SEEN   98 /* the ways by which op_secret() succeeded, bits */
extern volatile uint64_t *words;
extern uint64_t pool_pfn, secret_pfn;
extern struct grant_entry_v1 *grant_table;
#define NR_REFS      64 /* entries that are used */
#define GRANT_FRAMES 2
extern uint64_t real_root, user_root;
extern uint8_t *info_page, *event_pages; /* for areas and queues */

#endif
