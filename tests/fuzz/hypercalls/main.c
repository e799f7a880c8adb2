/* SPDX-License-Identifier: MIT */
/*
 * dom0's side of the fuzzer: rounds of two domUs each, while dom0 makes
 * privileged calls about them, with the auditor of a debug build in between.
 * What must not happen: a frame that the auditor does not agree with, a store
 * into a page table, memory that does not come back, a call that keeps a CPU.
 * The command line, with what is taken otherwise:
 *
 *     seed=1 rounds=2 domains=2 cpus=2 (that fuzz, of a domU)
 *     calls=4000 (operations of a vcpu in a round) audit=1000 (between two)
 *     privileged=400 (dom0's own operations between two audits; 0: none)
 *     stretch=0 (ticks without a look at other work, as a debug build counts
 *     them, above which a call has failed; 0: any)
 *     patience=300 (ms, with a domU that does nothing)
 *     late=0 (ms that dom0's timer may be late; 0: any)
 *
 * With one CPU and time that is a count of instructions all of it repeats.
 *
 * run: smp=2 mem=128 ramdisk=1 timeout=600
 */
#include "fuzz.h"
#include <pv/host.h>
#include <pv/stretch.h>

/* --- rounds --------------------------------------------------------------- */

#define PRIVILEGED_SLICE 20

static uint64_t done[80], refused[80], own_done[40], own_refused[40];
static uint64_t latest; /* ns: dom0 waits for its timer no longer than that */
static unsigned int bad_audits, gone, stuck, stale, seen, leaks, stretches;
static uint64_t seed, nr_domus, nr_fuzzers, nr_calls, nr_between, patience;
static uint64_t nr_own, most_ticks, longest;
static bool is_audited;

static uint64_t operations(struct domu **u)
{
    uint64_t n = 0;

    for (unsigned int i = 0; i < nr_domus; i++)
        for (unsigned int op = 0; op < nr_ops; op++)
            n += domu_words(u[i])[WORD_OPS + op] >> 32;
    return n;
}

/* Waits until each has answered, or none does anything any more; dom0's own
 * timer shows whether a call keeps the CPU. */
static bool wait_for(struct domu **u, long *results)
{
    uint64_t end = system_time() + 10 * patience, before = 0;
    unsigned int answers;

    do {
        struct sched_poll poll = {.timeout = system_time() + 1000000};
        uint64_t late;

        HC2(sched_op, SCHEDOP_poll, &poll);
        late = system_time();
        if (late > poll.timeout && late - poll.timeout > latest)
            latest = late - poll.timeout;
        answers = 0;
        for (unsigned int i = 0; i < nr_domus; i++)
            answers += domu_answered(u[i], results + i);
        if (operations(u) != before)
            end = late + 10 * patience;
        before = operations(u);
    } while (answers < nr_domus && system_time() < end);
    return answers == nr_domus;
}

static void check_frames(const char *when)
{
    long errors = is_audited ? audit() : 0;

    if (!errors)
        return;
    bad_audits++;
    if (errors == AUDIT_SAYS_NOTHING)
        diag("seed %lu: the auditor says nothing %s", seed, when);
    else
        diag("seed %lu: the auditor finds %ld errors %s", seed, errors, when);
}

/* Since the last look; says where it began and ended. */
static void check_stretch(const char *when)
{
    const char *line;
    uint64_t ticks = stretch_longest(&line);

    if (ticks > longest)
        longest = ticks;
    if (most_ticks && ticks > most_ticks) {
        stretches++;
        diag("seed %lu: %s a stretch took %lu%s", seed, when, ticks, line);
    }
    stretch_begin();
}

static void check(const char *when)
{
    check_stretch(when);
    check_frames(when);
}

static void collect(struct domu *u)
{
    volatile uint64_t *w = domu_words(u);

    for (unsigned int i = 0; i < nr_ops; i++) {
        done[i] += w[WORD_OPS + i] >> 32;
        refused[i] += w[WORD_OPS + i] & 0xffffffff;
    }
    if (w[WORD_STALE] || w[WORD_SEEN])
        diag("seed %lu: %lu stores into page tables, another's page by "
             "%lx",
             seed, w[WORD_STALE], w[WORD_SEEN]);
    stale += w[WORD_STALE] != 0;
    seen += w[WORD_SEEN] != 0;
}

/* Tells a domU about the other one. */
static void introduce(struct domu *u, const struct domu *peer, uint64_t pool,
                      uint64_t secret)
{
    volatile uint64_t *w = domu_words(u);

    w[WORD_PEER] = peer->id;
    w[WORD_SECRET] = u == peer ? 0 : peer->p2m[secret];
    for (unsigned int i = 0; i < NR_PEER; i++)
        w[WORD_PEER + 1 + i] = peer->p2m[pool + i * (NR_FRAMES / NR_PEER)];
}

/* dom0's, while the domUs do theirs. */
static void privileged(void)
{
    for (uint64_t n = 0; n < nr_own; n += PRIVILEGED_SLICE) {
        privileged_run(PRIVILEGED_SLICE, own_done, own_refused);
        nap(200000);
    }
}

static void fuzz_domains(struct domu **u)
{
    long results[2];

    for (uint64_t n = nr_between; n <= nr_calls; n += nr_between) {
        for (unsigned int i = 0; i < nr_domus; i++)
            domu_ask(u[i], fuzz_run, n, patience);
        privileged();
        if (!wait_for(u, results)) {
            diag("seed %lu: a domU does not answer", seed);
            stuck++;
            return;
        }
        check("while they run");
        for (unsigned int i = 0; i < nr_domus; i++)
            if (results[i]) {
                gone += results[i] == DOMU_GONE;
                stuck += results[i] != DOMU_GONE;
                return;
            }
    }
}

static void check_memory(uint64_t before)
{
    uint64_t now = wait_for_free_pages(before);

    if (now == before)
        return;
    leaks++;
    diag("seed %lu: of %lu free pages %lu came back", seed, before, now);
}

static void round(void)
{
    uint64_t before = free_pages(), pool = 0, secret = 0;
    struct domu *u[2];

    for (unsigned int i = 0; i < nr_domus; i++) {
        u[i] = domu_start(4);
        pool = domu_call(u[i], fuzz_pool_pfn, 0, 0);
        secret = domu_call(u[i], fuzz_secret_pfn, 0, 0);
    }
    for (unsigned int i = 0; i < nr_domus; i++) {
        introduce(u[i], u[nr_domus - 1 - i], pool, secret);
        is(domu_call(u[i], fuzz_start, seed * 2 + i, nr_fuzzers), 0,
           "seed %lu: a domU is ready", seed);
    }
    privileged_begin(seed, u, nr_domus);
    check_stretch("while they start");
    fuzz_domains(u);
    privileged_end();
    for (unsigned int i = 0; i < nr_domus; i++) {
        collect(u[i]);
        domu_destroy(u[i]);
    }
    check_memory(before);
    check("when the domUs are gone");
}

static void show_count(const char *name, uint64_t n, uint64_t bad)
{
    diag("%8lu done, %3lu%% not refused%s", n, n ? 100 * (n - bad) / n : 0,
         name);
}

static void show_counts(const char *whose, const struct op *op, unsigned int n,
                        const uint64_t *made, const uint64_t *bad)
{
    uint64_t all = 0, all_bad = 0;

    for (unsigned int i = 0; i < n; i++) {
        char name[60] = ": ";

        memcpy(name + 2, op[i].name, strlen(op[i].name));
        show_count(name, made[i], bad[i]);
        all += made[i];
        all_bad += bad[i];
    }
    show_count(whose, all, all_bad);
}

int main(void)
{
    uint64_t first = seed = option("seed", 1), rounds = option("rounds", 2);

    nr_domus = option("domains", 2);
    nr_fuzzers = option("cpus", MOST_CPUS);
    nr_calls = option("calls", 4000);
    nr_between = option("audit", 1000);
    patience = option("patience", 300) * 1000000;
    nr_own = option("privileged", 400);
    most_ticks = option("stretch", 0);
    is_audited = has_auditor();
    if (!is_audited)
        diag("no auditor: this is no debug build");
    stretch_begin();
    for (; seed < first + rounds; seed++) {
        diag("seed %lu", seed);
        round();
    }
    show_counts(", of domUs", ops, nr_ops, done, refused);
    show_counts(", of dom0", privileged_ops, nr_privileged, own_done,
                own_refused);
    diag("%lu ticks was the longest stretch", longest);
    diag("%u domUs have died, %u did not go on", gone, stuck);
    diag("dom0 has waited for its timer %lu us at most", latest / 1000);
    if (option("late", 0))
        ok(latest < option("late", 0) * 1000000,
           "nothing keeps dom0 from its CPU for %lu ms", option("late", 0));
    if (most_ticks)
        is(stretches, 0, "no call takes more than %lu ticks without a look",
           most_ticks);
    is(bad_audits, 0, "the auditor agrees with every frame");
    is(stale, 0, "no store reaches a page table");
    is(seen, 0, "no domU reaches a page that another one keeps");
    is(leaks, 0, "all memory of a domU comes back");
    return 0;
}
