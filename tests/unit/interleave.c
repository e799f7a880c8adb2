/* SPDX-License-Identifier: MIT */
/*
 * The search through all schedules of a contest: depth first, by doing all of
 * it again with the last decision changed.
 *
 * A decision is changed only where it matters (dynamic partial-order
 * reduction): when a step conflicts with an earlier one of the other CPU, and
 * nothing between has put the two in order, the schedule in which this CPU came
 * first at that place is still to be run. A CPU whose next step was tried at
 * a place need not go on there before the other one has made a step that
 * conflicts with it: what would come is known ("asleep").
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include "hv_world.h"
#include "interleave.h"

#define NR_TOUCHED     (1u << 13)
#define MAX_STEPS      (1u << 16)
#define STACK_SIZE_CPU (256u << 10)
#define MAIN_STACK     (8u << 20)
#define NONE           (-1)

struct interleave_figures interleave_figures;
unsigned long interleave_preemptions = 2, interleave_schedules = 50;

struct access {
    uintptr_t at;
    uint32_t size;
    bool write;
    bool any;    /* not known: it may conflict with everything */
    bool mapped; /* TLBs may have another content by it */
    const void *pc;
};

static struct cpu {
    void *sp; /* while it does not run */
    struct cpu_info info;
    struct access next;
    int known; /* the other's steps up to there come before this one's next */
    bool waiting;        /* for a write of the other CPU */
    unsigned int writes; /* so far */
    const void *waited;  /* where it did so last, */
    unsigned int seen;   /* and what the other one had written */
    bool yields;         /* it would let the other one go first */
    bool over;
    bool ready; /* it has its turn for 'next' */
} cpus[2];
static uint8_t stacks[2][STACK_SIZE_CPU] __attribute__((aligned(16)));
static void *main_sp;

/* A place where it was decided which CPU makes the next step, and that step. */
static struct step {
    struct access a;
    uint32_t preempted;          /* how often, this decision too */
    uint8_t cpu;                 /* decided */
    uint8_t enabled, todo, done; /* bits of CPUs */
    uint8_t yields;              /* those that do */
    uint8_t asleep;              /* at this place, before the step */
} trace[MAX_STEPS];
static unsigned int nr_steps, kept; /* of this schedule; decided before it */
static unsigned long preemptions, left_out; /* allowed; so not run */
static uint8_t asleep;                      /* at the end of the trace */
static uint8_t first_cpu;                   /* of the first schedule */
static int self = NONE;                     /* the CPU that has its turn */
static bool starting, failed, dropped;
static const struct contest *contest;

bool interleave_running(void)
{
    return self != NONE;
}

unsigned int interleave_cpu(void)
{
    return self;
}

/* --- what was written is put back ----------------------------------------- */

static struct saved {
    uintptr_t at;
    uint64_t old;
    uint32_t size;
} * journal;
static size_t nr_saved, saved_room;
static uintptr_t main_stack_top;

static bool is_stack(uintptr_t at)
{
    return at - (uintptr_t)stacks < sizeof(stacks) ||
           main_stack_top - at < MAIN_STACK;
}

void interleave_save(const void *p, size_t n)
{
    uintptr_t at = (uintptr_t)p;

    for (size_t part; n; at += part, n -= part) {
        struct saved *s;

        part = n < 8 ? n : 8;
        if (nr_saved == saved_room) {
            saved_room = saved_room ? 2 * saved_room : 4096;
            journal = realloc(journal, saved_room * sizeof(*journal));
        }
        s = &journal[nr_saved++];
        *s = (struct saved){.at = at, .size = part};
        memcpy(&s->old, (const void *)at, part);
    }
}

size_t interleave_mark(void)
{
    main_stack_top = main_stack_top ? main_stack_top : (uintptr_t)environ;
    return nr_saved;
}

void interleave_back_to(size_t mark)
{
    while (nr_saved > mark) {
        struct saved *s = &journal[--nr_saved];

        memcpy((void *)s->at, &s->old, s->size);
    }
}

/* --- conflicts ------------------------------------------------------------ */

static bool conflict(const struct access *a, const struct access *b)
{
    if (a->any || b->any || (a->mapped && b->at == INTERLEAVE_TLB) ||
        (b->mapped && a->at == INTERLEAVE_TLB))
        return true;
    return (a->write || b->write) && a->at < b->at + b->size &&
           b->at < a->at + a->size;
}

/* Who touched these eight bytes last, in this schedule: numbers of steps. */
static struct touched {
    uintptr_t at;
    unsigned long schedule;
    int read[2], write[2];
} touched[NR_TOUCHED];

static struct touched *touch(uintptr_t at)
{
    size_t i = (at >> 3) * 0x9e3779b97f4a7c15ull >> 51;

    for (;; i = (i + 1) % NR_TOUCHED) {
        struct touched *t = &touched[i];

        if (t->schedule != interleave_figures.schedules)
            *t = (struct touched){
                at, interleave_figures.schedules, {NONE, NONE}, {NONE, NONE}};
        if (t->at == at)
            return t;
    }
}

/* Step number 'at' could also have come after this CPU's. */
static void could_come_before(int at)
{
    struct step *s = &trace[at];
    uint8_t me = 1u << self;

    if (s->enabled & me)
        s->todo |= me;
    /* Preemptions are few: where the other one began to run, too. */
    while (at && trace[at - 1].cpu == s->cpu)
        at--;
    if (trace[at].enabled & me)
        trace[at].todo |= me;
}

/* The last step of the other CPU that conflicts with this one here. */
static int meet(uintptr_t at, bool write)
{
    struct touched *t = touch(at);
    int last = t->write[!self];

    if (write)
        last = MAX(last, t->read[!self]);
    (write ? t->write : t->read)[self] = nr_steps;
    return last;
}

static void order(const struct access *a)
{
    struct cpu *c = &cpus[self];
    int last = NONE;

    for (uintptr_t at = a->at & ~7ul; at < a->at + a->size; at += 8)
        if (a->size <= 16 || !interleave_ignores(at))
            last = MAX(last, meet(at, a->write));
    if (a->mapped)
        last = MAX(last, meet(INTERLEAVE_TLB, false));
    if (last > c->known) {
        could_come_before(last);
        c->known = last;
    }
}

/* --- turns ---------------------------------------------------------------- */

/* What a function must keep goes onto the stack that is left, and comes from
 * that which is taken. */
void switch_stack(void **left, void *taken);
asm(".text\n"
    "switch_stack:\n"
    "push %rbp\n"
    "push %rbx\n"
    "push %r12\n"
    "push %r13\n"
    "push %r14\n"
    "push %r15\n"
    "mov %rsp, (%rdi)\n"
    "mov %rsi, %rsp\n"
    "pop %r15\n"
    "pop %r14\n"
    "pop %r13\n"
    "pop %r12\n"
    "pop %rbx\n"
    "pop %rbp\n"
    "ret\n");

/* To another CPU, or (NONE) to the program that lets them run. */
static void switch_to(int to)
{
    static struct cpu_info mains;
    struct cpu *from = self == NONE ? NULL : &cpus[self];

    if (to == self)
        return;
    *(from ? &from->info : &mains) = test_cpu;
    self = to;
    test_cpu = to == NONE ? mains : cpus[to].info;
    switch_stack(from ? &from->sp : &main_sp,
                 to == NONE ? main_sp : cpus[to].sp);
}

void interleave_fail(const char *fmt, ...)
{
    va_list ap;

    printf("# ");
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    failed = true;
    if (self != NONE)
        switch_to(NONE);
}

/* The last step's write is done by now. */
static void settle(void)
{
    struct access *a = nr_steps ? &trace[nr_steps - 1].a : NULL;

    if (a && a->write)
        interleave_written(a->at);
}

static uint8_t enabled_cpus(void)
{
    uint8_t enabled = 0;

    for (unsigned int c = 0; c < 2; c++)
        if (!cpus[c].over && !cpus[c].waiting)
            enabled |= 1u << c;
    return enabled;
}

/* The CPU that goes on goes on, unless it yields or must not. */
static void choose(struct step *s)
{
    uint8_t first = nr_steps ? s[-1].cpu : first_cpu, may;

    *s = (struct step){
        .enabled = s->enabled, .yields = s->yields, .asleep = asleep};
    if (s->yields >> first & 1)
        first = !first;
    may = s->enabled & ~asleep;
    s->cpu = may & (1u << first) ? first : !first;
    dropped = !may;
}

/* What choose() does is none; a CPU that yields and goes on is one, too, or
 * its loop would have no end. */
static bool is_preemption(const struct step *s)
{
    uint8_t last = s[-1].cpu;

    return s->yields >> last & 1 ? s->cpu == last && s->enabled == 3
                                 : s->cpu != last && (s->enabled >> last & 1);
}

static void count_preemptions(struct step *s)
{
    s->preempted = nr_steps ? s[-1].preempted + is_preemption(s) : 0;
}

/* Which CPU makes the next step? Returns when it is this one. */
static void decide(void)
{
    struct step *s = &trace[nr_steps];

    settle();
    s->enabled = enabled_cpus();
    s->yields = cpus[0].yields | cpus[1].yields << 1;
    if (!s->enabled) {
        if (!cpus[0].over || !cpus[1].over)
            interleave_fail("a CPU waits for ever");
        switch_to(NONE);
        return;
    }
    if (nr_steps == MAX_STEPS - 1)
        interleave_fail("no end after %u steps", nr_steps);
    if (nr_steps >= kept)
        choose(s);
    count_preemptions(s);
    switch_to(dropped ? NONE : s->cpu);
}

/* This CPU's step at the place that was decided. */
static void record(const struct access *a)
{
    struct step *s = &trace[nr_steps];
    struct cpu *other = &cpus[!self];

    s->a = *a;
    if (!a->any)
        order(a);
    asleep = (s->asleep | s->done) & ~(1u << self);
    if (conflict(a, &other->next))
        asleep = 0;
    if (a->write) {
        other->waiting = false;
        cpus[self].writes++;
    }
    nr_steps++;
}

void interleave_turn(uintptr_t at, size_t n, bool write, const void *pc)
{
    if (self == NONE || is_stack(at) || interleave_ignores(at))
        return;
    cpus[self].next = (struct access){.at = at,
                                      .size = n,
                                      .write = write,
                                      .mapped = write && interleave_maps(at),
                                      .pc = pc};
    if (starting)
        switch_to(NONE);
    else
        decide();
    cpus[self].ready = true;
}

void interleave_perform(uintptr_t at, size_t n, bool write)
{
    if (is_stack(at))
        return;
    if (write && at >= PAGE_SIZE)
        interleave_save((void *)at, n);
    if (self == NONE || !cpus[self].ready)
        return;
    cpus[self].ready = false;
    cpus[self].next.write = write;
    cpus[self].next.mapped &= write;
    record(&cpus[self].next);
}

static void give_way(bool *how)
{
    struct cpu *c = &cpus[self];

    c->next = (struct access){.any = true};
    *how = true;
    decide();
    *how = false;
    record(&c->next);
}

/* What is waited for may have come since it was looked at: only a turn of the
 * loop that has seen nothing new is the last one for now. */
void interleave_wait_at(const void *pc)
{
    struct cpu *c;
    unsigned int writes;

    if (self == NONE)
        return;
    c = &cpus[self];
    writes = cpus[!self].writes;
    if (c->waited == pc && c->seen == writes)
        give_way(&c->waiting);
    c->waited = pc;
    c->seen = writes;
}

void interleave_wait(void)
{
    interleave_wait_at(__builtin_return_address(0));
}

void interleave_yield(void)
{
    if (self != NONE && !cpus[!self].over)
        give_way(&cpus[self].yields);
}

/* --- one schedule --------------------------------------------------------- */

static void cpu_main(void)
{
    contest->work[self]();
    cpus[self].over = true;
    if (starting)
        switch_to(NONE);
    else
        decide();
    switch_to(NONE);
}

/* As switch_stack() leaves one, with cpu_main() to return to. A call has left
 * eight bytes more than a multiple of sixteen. */
static void *new_stack(unsigned int cpu)
{
    void **top = (void **)(stacks[cpu] + STACK_SIZE_CPU);

    top[-2] = cpu_main;
    return top - 8;
}

/* Each CPU comes to its first step. */
static void start(void)
{
    starting = true;
    for (int c = 0; c < 2; c++) {
        struct cpu *cpu = &cpus[c];

        *cpu = (struct cpu){.known = NONE, .info = {.cpu = c}};
        __asan_unpoison_memory_region(stacks[c], STACK_SIZE_CPU);
        cpu->sp = new_stack(c);
        switch_to(c);
    }
    starting = false;
}

static void run_schedule(void)
{
    interleave_figures.schedules++;
    nr_steps = 0;
    asleep = 0;
    failed = dropped = false;
    start();
    decide();
    interleave_figures.steps += nr_steps;
    interleave_figures.dropped += dropped;
    if (!failed && !dropped) {
        settle();
        failed = !contest->right();
    }
}

/* The last decision that can be another one is changed. */
static bool next_schedule(void)
{
    for (unsigned int n = nr_steps; n--;) {
        struct step *s = &trace[n];
        uint8_t left;

        s->done |= 1u << s->cpu;
        left = s->todo & ~s->done & ~s->asleep;
        if (!left)
            continue;
        s->cpu = !s->cpu;
        nr_steps = n;
        count_preemptions(s);
        kept = n + 1;
        if (s->preempted <= preemptions)
            return true;
        left_out++;
        s->done |= left;
    }
    return false;
}

static void print_schedule(void)
{
    char text[256];

    for (unsigned int n = 0; n < nr_steps; n++) {
        const struct step *s = &trace[n];

        if (n + 1 < nr_steps && s[1].cpu == s->cpu)
            continue;
        __sanitizer_symbolize_pc((void *)s->a.pc, "%f %S", text, sizeof(text));
        printf("# CPU %u up to %s %s\n", s->cpu,
               !s->a.pc     ? "a wait"
               : s->a.write ? "the write in"
                            : "the read in",
               s->a.pc ? text : "");
    }
}

static void read_limit(const char *name, unsigned long *limit)
{
    const char *s = getenv(name);

    if (s)
        *limit = strtoul(s, NULL, 0);
}

/* From a first schedule on, as many as are allowed (0: all). True: there are
 * more. */
static bool search_from(uint8_t cpu, unsigned long allowed)
{
    unsigned long end = interleave_figures.schedules + allowed;
    size_t mark = interleave_mark();
    bool more;

    first_cpu = cpu;
    kept = 0;
    do {
        run_schedule();
        if (failed)
            print_schedule();
        interleave_back_to(mark);
        more = !failed && next_schedule();
    } while (more && (!allowed || interleave_figures.schedules != end));
    return more;
}

/* With no more preemptions than are allowed. The last decisions are changed
 * first, so what is cut off is what would begin with the other CPU. */
static bool search(void)
{
    left_out = 0;
    if (search_from(0, interleave_schedules))
        interleave_figures.cut +=
            search_from(1, (interleave_schedules + 1) / 2);
    return !failed;
}

/* What few preemptions show is found first. */
bool interleave(const struct contest *c)
{
    struct interleave_figures *f = &interleave_figures;
    bool good = true;

    contest = c;
    f->contests++;
    left_out = 1;
    for (preemptions = 1;
         good && left_out && preemptions <= interleave_preemptions;
         preemptions++)
        good = search();
    f->left_out += left_out;
    return good;
}

static void found_bug(const char *file, int line, const char *what)
{
    interleave_fail("%s:%d: %s", file, line, what);
}

void interleave_begin(void)
{
    world_at_bug = found_bug;
    world_at_continuation = interleave_yield;
    read_limit("INTERLEAVE_PREEMPTIONS", &interleave_preemptions);
    read_limit("INTERLEAVE_SCHEDULES", &interleave_schedules);
}

void interleave_end(void)
{
    const struct interleave_figures *f = &interleave_figures;

    printf(
        "# %lu pairs, %lu schedules (%lu of them dropped on their way), "
        "%lu steps\n"
        "# %lu schedules left out, with more than %lu preemptions; %lu pairs "
        "cut off after %lu schedules\n",
        f->contests, f->schedules, f->dropped, f->steps, f->left_out,
        interleave_preemptions, f->cut, interleave_schedules);
}
