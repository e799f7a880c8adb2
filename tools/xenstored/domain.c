/* SPDX-License-Identifier: MIT */
/*
 * Records of domains. While a ring is mapped its domain cannot vanish
 * completely (the mapping holds a page of it), so a domain id is never reused
 * behind the back of an introduced domain. A record without such a page is
 * checked by the domain's handle.
 */
#include "domain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xen/xen.h>
#include <daemon/clock.h>
#include <daemon/log.h>

#include "connection.h"
#include "ring.h"
#include "state.h"
#include "store.h"
#include "trace.h"
#include "xen.h"

/* Back-off of a domain whose writes starve domain 0: doubled each time, within
 * these bounds. It is forgotten when the domain has starved nobody for the last
 * of these times. */
#define HOLD_BACK_MIN 50
#define HOLD_BACK_MAX 1000
#define FORGIVEN      10000
/* For so long a guest has its quiet, and so long after its beginning there can
 * be the next: all that a domain can lose to guests is this part of its time.
 */
#define QUIET_MS    200
#define QUIET_EVERY 1000
/* How long a guest waits whose events nobody reads, before the next look. */
#define OUTSTANDING_MS 20

static struct domain *by_id[DOMID_FIRST_RESERVED];
static unsigned int highest;
static uint32_t last_incarnation = INCARNATION_DOM0;
static uint64_t deaths;
static bool have_xen;
static bool rings_missing, journal_damaged; /* see domain_restore_rings() */
static struct {
    uint64_t since; /* ms: when the last one began */
    struct identity whose, next;
} quiet;

static struct domain *add(uint16_t domid, uint32_t incarnation)
{
    struct domain *d = calloc(1, sizeof(*d));

    if (d) {
        d->id = (struct identity){domid, incarnation};
        by_id[domid] = d;
        if (domid > highest)
            highest = domid;
    }
    return d;
}

static void discard(struct domain *d)
{
    by_id[d->id.domid] = NULL;
    while (highest && !by_id[highest])
        highest--;
    free(d);
}

int domain_init(bool xen)
{
    have_xen = xen;
    return by_id[0] || add(0, INCARNATION_DOM0) ? 0 : ENOMEM;
}

struct domain *domain_known(uint16_t domid)
{
    return domid < DOMID_FIRST_RESERVED ? by_id[domid] : NULL;
}

struct domain *domain_next(const struct domain *after)
{
    for (unsigned int i = after ? after->id.domid + 1u : 0; i <= highest; i++)
        if (by_id[i])
            return by_id[i];
    return NULL;
}

struct account *account_of(struct identity id)
{
    struct domain *d = domain_known(id.domid);
    return d && d->id.incarnation == id.incarnation ? &d->account : NULL;
}

static int look_up(uint16_t domid, struct xen_domain_info *info)
{
    memset(info, 0, sizeof(*info));
    return have_xen ? xen_domain_info(domid, info) : 0;
}

struct domain *domain_get(uint16_t domid)
{
    struct domain *d = domain_known(domid);
    struct xen_domain_info info;

    if (d || domid >= DOMID_FIRST_RESERVED)
        return d;
    share_charge(LOOK_UP_US);
    if (look_up(domid, &info) || info.dying)
        return NULL;
    /* Wrapping around would take 2^32 domains. */
    d = add(domid, ++last_incarnation);
    if (!d)
        return NULL;
    memcpy(d->handle, info.handle, sizeof(d->handle));
    state_new_domain(d);
    return d;
}

uint32_t domain_incarnation(uint16_t domid)
{
    struct domain *d = domain_get(domid);
    return d ? d->id.incarnation : INCARNATION_NONE;
}

uint64_t domain_deaths(void)
{
    return deaths;
}

void domain_forget(struct domain *d)
{
    struct identity id = d->id;

    if (d->connection)
        connection_end(d->connection);
    deaths++;
    store_forget_domain(id);
    state_domain_gone(d);
    discard(d);
    trace_note("domain %u is gone", (unsigned int)id.domid);
}

/* --- requests of the toolstack -------------------------------------------- */

static bool is_held(const struct domain *d)
{
    return d->connection && ring_has_page(d->connection);
}

static int rebind(struct domain *d, uint64_t gfn, uint32_t port)
{
    int rc = ring_rebind(d->connection, gfn, port);

    rings_missing |= !ring_is_whole(d->connection);
    state_ring(d);
    connection_again(d->connection);
    return rc;
}

int domain_introduce(uint16_t domid, uint64_t gfn, uint32_t port, bool *fresh)
{
    struct domain *d = domain_known(domid);

    *fresh = false;
    if (!have_xen)
        return ENOSYS;
    if (d && domid && !is_held(d)) {
        struct xen_domain_info info;
        int rc = look_up(domid, &info);
        if (rc && rc != ESRCH)
            return rc;
        if (rc || memcmp(info.handle, d->handle, sizeof(d->handle))) {
            domain_forget(d);
            d = NULL;
        }
    }
    if (d && d->connection)
        return domid ? rebind(d, gfn, port) : EINVAL;
    d = domain_get(domid);
    if (!d)
        return EINVAL;
    d->connection = ring_connect(d, gfn, port);
    if (!d->connection)
        return EINVAL;
    state_ring(d);
    /* Of what stands in the ring already the event has gone to nobody. */
    connection_again(d->connection);
    *fresh = true;
    return 0;
}

/* One that is introduced: ENOENT if there is no such domain, EINVAL if the
 * store has not met it. */
static int introduced(uint16_t domid, struct domain **d)
{
    *d = domain_get(domid);
    if (!*d)
        return ENOENT;
    return (*d)->connection ? 0 : EINVAL;
}

int domain_release(uint16_t domid)
{
    struct xen_domain_info info;
    struct domain *d;
    int rc = domid ? introduced(domid, &d) : EINVAL;

    if (rc)
        return rc;
    if (look_up(domid, &info) == ESRCH || info.dying)
        domain_forget(d);
    else
        connection_end(d->connection);
    return 0;
}

int domain_resume(uint16_t domid)
{
    struct domain *d;
    int rc = domid ? introduced(domid, &d) : EINVAL;

    if (rc)
        return rc;
    d->shutdown = false;
    state_touch(d);
    return 0;
}

int domain_set_target(uint16_t domid, uint16_t target)
{
    struct domain *d, *t;
    int rc = introduced(domid, &d);

    rc = rc ? rc : introduced(target, &t);
    if (rc)
        return rc;
    d->connection->who.target = t->id;
    state_touch(d);
    return 0;
}

/* --- the end of domains --------------------------------------------------- */

/* True if something happened to @d that watchers want to know. */
static bool check(struct domain *d)
{
    struct xen_domain_info info;
    int rc = look_up(d->id.domid, &info);
    bool gone = rc == ESRCH || info.dying;

    /* If the look-up failed for another reason, the domain is assumed to be
     * alive. */
    if (rc && !gone)
        return false;
    if (!gone && !is_held(d))
        gone = memcmp(info.handle, d->handle, sizeof(d->handle)) != 0;
    if (gone) {
        domain_forget(d);
        return true;
    }
    if (info.shutdown && !d->shutdown) {
        d->shutdown = true;
        state_touch(d);
        return true;
    }
    return false;
}

void domain_check_all(void)
{
    bool news = false;

    share_begin(NULL);
    /* domain_next() starts from an id: the record may go meanwhile. */
    for (unsigned int i = 1; i <= highest; i++)
        if (by_id[i] && check(by_id[i]))
            news = true;
    if (news)
        watch_fire_special("@releaseDomain");
}

/* --- after a restart ------------------------------------------------------ */

int domain_restore(struct identity id, const void *handle)
{
    struct domain *d = domain_known(id.domid);

    if (id.domid == 0)
        return id.incarnation == INCARNATION_DOM0 ? 0 : EINVAL;
    if (d || id.domid >= DOMID_FIRST_RESERVED ||
        id.incarnation <= INCARNATION_DOM0)
        return EINVAL;
    d = add(id.domid, id.incarnation);
    if (!d)
        return ENOMEM;
    memcpy(d->handle, handle, sizeof(d->handle));
    domain_restore_incarnation(id.incarnation);
    return 0;
}

void domain_drop(struct domain *d)
{
    if (d->connection)
        connection_end(d->connection);
    discard(d);
}

void domain_drop_all(void)
{
    struct domain *dom0 = by_id[0];

    for (unsigned int i = 1; i <= highest; i++)
        if (by_id[i])
            domain_drop(by_id[i]);
    if (dom0->connection)
        connection_end(dom0->connection);
    connection_reap();
    memset(&dom0->account, 0, sizeof(dom0->account));
}

uint32_t domain_last_incarnation(void)
{
    return last_incarnation;
}

void domain_restore_incarnation(uint32_t last)
{
    if (last > last_incarnation)
        last_incarnation = last;
}

enum fate { LIVES, GONE, UNKNOWN };
static enum fate fate_of(const struct domain *d)
{
    struct xen_domain_info info;
    int rc = d->id.domid ? look_up(d->id.domid, &info) : 0;

    if (!d->id.domid)
        return LIVES;
    if (rc)
        return rc == ESRCH ? GONE : UNKNOWN;
    return !info.dying && !memcmp(info.handle, d->handle, sizeof(d->handle))
               ? LIVES
               : GONE;
}

/* As long as no page of it is mapped, its id can become another's: a page is
 * its own if it lives afterwards. Before that nothing may be done to it. */
static enum fate map_page(const struct domain *d)
{
    enum fate fate = fate_of(d);

    if (fate != LIVES || ring_map(d->connection))
        return fate;
    fate = fate_of(d);
    if (fate == LIVES)
        ring_take_up(d->connection, journal_damaged);
    else
        ring_unmap(d->connection);
    return fate;
}

/* What is missing of its ring. True: something has come of it. */
static bool attach(const struct domain *d)
{
    bool held = is_held(d);

    if (!held && map_page(d) == GONE) {
        connection_kill(d->connection);
        return false;
    }
    if (is_held(d) && !ring_bind(d->connection))
        return true;
    rings_missing = true;
    return held != is_held(d);
}

void domain_restore_rings(bool damaged)
{
    struct domain *d = NULL;

    journal_damaged = damaged;
    rings_missing = false;
    while ((d = domain_next(d))) {
        if (!d->connection)
            continue;
        if (have_xen)
            attach(d);
        else
            connection_kill(d->connection);
        if (d->connection->dead)
            continue;
        if (damaged && !ring_has_page(d->connection))
            connection_lose_halves(d->connection);
        if (!ring_is_whole(d->connection))
            log_warning("the ring of domain %u cannot be connected again: it "
                        "is tried again and again",
                        (unsigned int)d->id.domid);
        ring_publish(d->connection);
    }
}

bool domain_rings_missing(void)
{
    return rings_missing;
}

void domain_attach_rings(void)
{
    struct domain *d = NULL;

    rings_missing = false;
    while ((d = domain_next(d))) {
        if (!d->connection || ring_is_whole(d->connection) || !attach(d))
            continue;
        state_touch(d);
        connection_again(d->connection);
        if (!state_on())
            ring_publish(d->connection);
    }
}

/* --- fairness ------------------------------------------------------------- */

static void hold_for_dom0(struct domain *d, uint64_t now)
{
    uint64_t length;

    if (now < d->held_back_until)
        return;
    if (now > d->held_back_until + FORGIVEN)
        d->offences = 0;
    length = (uint64_t)HOLD_BACK_MIN << d->offences;
    if (length < HOLD_BACK_MAX)
        d->offences++;
    else
        length = HOLD_BACK_MAX;
    d->held_back_until = now + length;
}

/* The next quiet is that of the one which had its last the longest ago: whoever
 * complains all the time has its turn, however many others do. */
static void ask_for_quiet(struct domain *judge, uint64_t now)
{
    struct domain *next = domain_known(quiet.next.domid);

    if (!next || !identity_equal(next->id, quiet.next) ||
        judge->had_quiet < next->had_quiet)
        next = judge;
    quiet.next = next->id;
    if (now < quiet.since + QUIET_EVERY)
        return;
    quiet.since = next->had_quiet = now;
    quiet.whose = next->id;
    quiet.next = judge->id;
}

void domain_hold_back(uint16_t domid, uint16_t judge)
{
    struct domain *d = domain_known(domid), *for_whom = domain_known(judge);
    uint64_t now = now_ms();

    if (!d || !domid || !for_whom)
        return;
    if (!judge) {
        hold_for_dom0(d, now);
    } else {
        d->suspect_until = now + FORGIVEN;
        ask_for_quiet(for_whom, now);
    }
}

/* Until when, in any case. */
static uint64_t held_until(const struct domain *d, uint64_t now)
{
    uint64_t until = quiet.since + QUIET_MS;

    if (now < d->suspect_until && until > d->held_back_until &&
        !identity_equal(d->id, quiet.whose))
        return until;
    return d->held_back_until;
}

bool domain_held_back(const struct domain *d, uint64_t now)
{
    return now < held_until(d, now);
}

bool domain_waits(struct domain *d)
{
    if (outstanding_full(d)) {
        quota_refused(&d->account, d->id, QUOTA_OUTSTANDING);
        return true;
    }
    return (d->held_back_until || d->suspect_until) &&
           domain_held_back(d, now_ms());
}

unsigned int domain_wait(struct domain *d, uint64_t now)
{
    if (domain_held_back(d, now))
        return (unsigned int)(held_until(d, now) - now);
    return outstanding_full(d) ? OUTSTANDING_MS : share_wait(d, now);
}
