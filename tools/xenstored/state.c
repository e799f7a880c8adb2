/* SPDX-License-Identifier: MIT */
/* Writing the state: see state.h. restore.c is the way back. */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <daemon/log.h>

#include "connection.h"
#include "domain.h"
#include "dump.h"
#include "errand.h"
#include "record.h"
#include "ring.h"
#include "store.h"

/* The file is rewritten when it is larger than state_journal_min and as many
 * times larger than the state. */
#define REWRITE_RATIO 4
size_t state_journal_min = 1 << 20;
size_t state_step = 64 << 10;

static struct {
    bool on, wanted; /* written; to be written as soon as there is room */
    struct journal journal;
    size_t record;    /* where the frame's last one begins */
    struct dump dump; /* of a journal that takes the place of that one */
    char path[4096], fresh_path[4096 + sizeof(JOURNAL_FRESH)],
        boot_id[JOURNAL_BOOT_ID];
    uint64_t full_size; /* of the file when it was last rewritten */
    uint64_t written;   /* frames */
    uint32_t life;
    struct domain *touched;
    bool quota_told[QUOTA_COUNT + 1];
    long quota_start[QUOTA_COUNT + 1]; /* those of the command line */
} state = {.journal.fd = -1};

bool state_on(void)
{
    return state.on;
}

uint32_t state_life(void)
{
    return state.life;
}

void state_restore_life(uint32_t last)
{
    state.life = last + 1;
}

static bool something_to_write(void)
{
    return state.on && (state.touched || journal_has_frame(&state.journal));
}

uint64_t state_batch(void)
{
    return state.written + something_to_write();
}

bool state_batch_written(uint64_t batch)
{
    return !state.on || batch <= state.written;
}

/* --- reports -------------------------------------------------------------- */

/* Where a record goes; NULL: there is no journal. */
static struct pack *frame(void)
{
    struct pack *p = state.on ? journal_pack(&state.journal) : NULL;

    if (p)
        state.record = p->used;
    return p;
}

/* What was packed since then is of @d: the journal that is to take this one's
 * place may have the domain already. */
static void follow(const struct domain *d)
{
    const struct pack *p = &state.journal.frame;

    if (dump_follows(&state.dump, d->id.domid) && !p->failed)
        pack_bytes(journal_pack(&state.dump.journal), p->data + state.record,
                   p->used - state.record);
}

void state_create(const char *path, const char *rest, const void *data,
                  size_t len, const struct perms *perms)
{
    struct pack *p = frame();
    if (p)
        pack_create(p, path, (size_t)(rest - path), data, len, perms);
}

void state_set_value(const char *path, const void *data, size_t len)
{
    struct pack *p = frame();
    if (p)
        pack_value(p, path, data, len);
}

void state_set_perms(const char *path, const struct perms *perms)
{
    struct pack *p = frame();
    if (p)
        pack_node_perms(p, path, perms);
}

void state_remove(const char *path)
{
    struct pack *p = frame();

    if (p)
        pack_remove(p, path);
}

void state_new_domain(const struct domain *d)
{
    struct pack *p = frame();

    if (!p)
        return;
    pack_domain(p, d);
    follow(d);
}

void state_domain_gone(struct domain *d)
{
    struct pack *p = frame();
    struct domain **t = &state.touched;

    while (*t && *t != d)
        t = &(*t)->next_touched;
    if (*t)
        *t = d->next_touched;
    if (!p)
        return;
    pack_u8(p, RECORD_DOMAIN_GONE);
    pack_u16(p, d->id.domid);
    follow(d);
}

void state_ring(const struct domain *d)
{
    struct pack *p = record_connection_of(d) ? frame() : NULL;

    if (!p)
        return;
    pack_ring(p, d);
    follow(d);
}

void state_ring_gone(struct domain *d)
{
    struct pack *p = frame();

    if (!p)
        return;
    pack_u8(p, RECORD_RING_GONE);
    pack_u16(p, d->id.domid);
    follow(d);
}

void state_watch(const struct watch *w)
{
    struct pack *p = w->c->domain ? frame() : NULL;

    if (!p)
        return;
    pack_watch(p, w);
    follow(w->c->domain);
}

void state_unwatch(const struct watch *w)
{
    struct pack *p = w->c->domain ? frame() : NULL;

    if (!p)
        return;
    pack_u8(p, RECORD_UNWATCH);
    pack_u16(p, w->c->domain->id.domid);
    pack_string(p, w->path);
    pack_string(p, w->token);
    follow(w->c->domain);
}

void state_touch(struct domain *d)
{
    if (!state.on || d->touched)
        return;
    d->touched = true;
    d->next_touched = state.touched;
    state.touched = d;
}

/* The number of the soft limit in the journal. Those that are younger stand
 * behind it. */
#define SOFT_MEMORY QUOTA_CPU

static long *limit(unsigned int number)
{
    if (number == SOFT_MEMORY)
        return &quota_soft_memory;
    return &quota[number < SOFT_MEMORY ? number : number - 1];
}

void state_quotas(void)
{
    struct pack *p = frame();

    for (unsigned int q = 0; p && q <= QUOTA_COUNT; q++)
        if (state.quota_told[q] || *limit(q) != state.quota_start[q]) {
            state.quota_told[q] = true;
            pack_quota(p, q, *limit(q));
        }
}

void state_restore_quota(unsigned int q, long value)
{
    *limit(q) = value;
    state.quota_told[q] = true;
}

void state_forget_quotas(void)
{
    for (unsigned int q = 0; q <= QUOTA_COUNT; q++) {
        state_restore_quota(q, state.quota_start[q]);
        state.quota_told[q] = false;
    }
}

void state_commit_tree(const struct node *before, const struct node *after)
{
    struct pack *p = frame();

    if (p)
        pack_tree_change(p, before, after);
}

/* --- the whole state ------------------------------------------------------ */

/* The journal has its messages. */
static void is_saved(const struct domain *d)
{
    struct connection *c = record_connection_of(d);

    if (!c)
        return;
    c->unsaved = NULL;
    c->gone = 0;
}

static void all_is_saved(void)
{
    struct domain *d = NULL;

    while ((d = domain_next(d)))
        is_saved(d);
}

/* Beside the old file, so that whoever is killed leaves one of the two. */
static int begin_rewriting(void)
{
    return dump_begin(&state.dump, state.fresh_path, state.boot_id);
}

static void stop_rewriting(void)
{
    if (!state.dump.on)
        return;
    dump_abandon(&state.dump);
    errand_remove(state.fresh_path);
}

/* The old file has no more than this one. */
static int end_rewriting(void)
{
    struct pack *p = journal_pack(&state.dump.journal);
    int rc;

    pack_counters(p);
    for (unsigned int q = 0; q <= QUOTA_COUNT; q++)
        if (state.quota_told[q])
            pack_quota(p, q, *limit(q));
    rc = dump_end(&state.dump);
    rc = rc ? rc : errand_rename(state.fresh_path, state.path);
    if (rc)
        return rc;
    journal_close(&state.journal);
    state.journal = dump_take(&state.dump);
    state.journal.path = state.path;
    state.full_size = state.dump.size;
    all_is_saved();
    return 0;
}

/* At once. */
static int rewrite(void)
{
    bool whole;
    int rc;

    stop_rewriting();
    rc = begin_rewriting();
    rc = rc ? rc : dump_step(&state.dump, &state.journal, UINT64_MAX, &whole);
    rc = rc ? rc : end_rewriting();
    if (rc)
        stop_rewriting();
    return rc;
}

int state_rewrite(void)
{
    return state.on ? rewrite() : ENOSPC;
}

static void put_off_rewriting(int why)
{
    stop_rewriting();
    log_warning("rewriting %s: %s; it grows on", state.path, strerror(why));
    state.full_size = state.journal.size / 2;
}

/* --- a round -------------------------------------------------------------- */

/* All that was reported since the last time. */
static int write_changes(void)
{
    int rc;

    for (struct domain *d = state.touched; d; d = d->next_touched) {
        pack_connection(frame(), d, false);
        follow(d);
    }
    pack_counters(frame());
    rc = journal_write(&state.journal);
    /* The room is that of the file that was to take its place. */
    if (rc == ENOSPC && state.dump.on) {
        put_off_rewriting(rc);
        rc = journal_write(&state.journal);
    }
    for (struct domain *d = state.touched; !rc && d; d = d->next_touched)
        is_saved(d);
    return rc;
}

static void publish_touched(void)
{
    while (state.touched) {
        struct domain *d = state.touched;

        state.touched = d->next_touched;
        d->touched = false;
        if (record_connection_of(d))
            ring_publish(d->connection);
    }
}

/* The old file was not written to the end and must not be found: it would take
 * guests back in time. If there is no room for two files, it goes first. */
static int replace(void)
{
    int rc = rewrite();

    if (!rc)
        return 0;
    errand_remove(state.path);
    journal_close(&state.journal);
    return rewrite();
}

static bool is_long(void)
{
    return state.journal.size > state_journal_min &&
           state.journal.size > REWRITE_RATIO * state.full_size;
}

/* A part of it in each round, and twice what the round itself has written, or a
 * busy store would outrun it: whoever has written last does not pay for all.
 * The old file is complete: without room for another it goes on. */
static void compact(uint64_t written)
{
    bool whole = false;
    int rc = state.dump.on ? 0 : begin_rewriting();

    rc = rc ? rc
            : dump_step(&state.dump, &state.journal, state_step + 2 * written,
                        &whole);
    if (whole && !rc)
        rc = end_rewriting();
    if (rc)
        put_off_rewriting(rc);
}

/* A daemon that serves without a journal is better than none that does. */
static void give_up(int error)
{
    log_error("writing %s: %s; the store goes on, but until there is room it "
              "would not survive the end of this process",
              state.path, strerror(error));
    state_stop();
    state.wanted = true;
}

bool state_wanted(void)
{
    return state.wanted;
}

void state_try_again(void)
{
    if (!state.wanted || rewrite())
        return;
    log_info("%s is written again", state.path);
    state.wanted = false;
    state.on = true;
}

void state_commit(void)
{
    uint64_t before = state.journal.size;
    int rc;

    if (!something_to_write())
        return;
    rc = write_changes();
    if (rc)
        rc = replace();
    else if (state.dump.on || is_long())
        compact(state.journal.size - before);
    state.written++;
    publish_touched();
    if (rc)
        give_up(rc);
}

/* What the journal has is not told again. */
static void begin_reports(void)
{
    state.on = true;
    all_is_saved();
}

/* The journal of the daemon before, as far as it is good: without room for
 * another it grows on, with what the way back has changed. */
static int go_on_with_old(int why)
{
    struct domain *d = NULL;

    log_warning("rewriting %s: %s; it grows on", state.path, strerror(why));
    state.full_size = state.journal.size / 2;
    while ((d = domain_next(d)))
        if (record_connection_of(d))
            state_touch(d);
    return write_changes();
}

static void set_paths(const char *path, const char *boot_id)
{
    snprintf(state.path, sizeof(state.path), "%s", path);
    snprintf(state.fresh_path, sizeof(state.fresh_path), "%s" JOURNAL_FRESH,
             path);
    memcpy(state.boot_id, boot_id, sizeof(state.boot_id));
}

int state_start(const char *path, const char *boot_id)
{
    size_t lost, good;
    int rc;

    set_paths(path, boot_id);
    for (unsigned int q = 0; q <= QUOTA_COUNT; q++) {
        state.quota_start[q] = *limit(q);
        state.quota_told[q] = false;
    }
    rc = restore_journal(path, boot_id, &lost, &good);
    if (rc)
        return rc;
    if (good && journal_append(&state.journal, path, good))
        good = 0;
    begin_reports();
    domain_restore_rings(lost != 0);
    connection_reap();
    rc = good ? rewrite() : replace();
    if (rc && good)
        rc = go_on_with_old(rc) ? replace() : 0;
    if (rc)
        give_up(rc);
    return 0;
}

void state_resume(void)
{
    struct domain *d = NULL;

    domain_check_all();
    while ((d = domain_next(d)))
        if (record_connection_of(d))
            connection_serve(d->connection);
    state_commit();
}

void state_stop(void)
{
    publish_touched();
    stop_rewriting();
    journal_close(&state.journal);
    state.on = state.wanted = false;
}
