/* SPDX-License-Identifier: MIT */
/*
 * The frontends of frontends/ against a store and backends that lie: what they
 * say is refused, nothing else is harmed. vcpu 1 is the store; the backends'
 * part in the rings is played here. run: smp=2 timeout=200
 */
#include <pv/control.h>
#include <pv/grant_table.h>
#include <pv/xenbus.h>

#include "frontends.h"
#include "store.h"

static uint8_t data[PAGE_SIZE] __attribute__((aligned(4096)));

/* --- grants --------------------------------------------------------------- */

static void try_grants(void)
{
    static grant_ref_t ref[1500];
    unsigned int n = sizeof(ref) / sizeof(ref[0]), made = 0, ended = 0, free;
    bool twice = false;

    for (unsigned int i = 0; i < n; i++) {
        ref[i] = grant_page(0, data, true);
        made += ref[i] >= GNTTAB_NR_RESERVED_ENTRIES;
        twice = twice || (i && ref[i] == ref[i - 1]);
    }
    is(made, n, "the table of grants grows, and none is the toolstack's");
    ok(!twice, "no reference is given out twice");
    free = grants_free();
    for (unsigned int i = 0; i < n; i++)
        ended += grant_end(ref[i]);
    is(ended, n, "grants that nobody uses can be ended");
    is(grants_free(), free + n,
       "grants that were ended can be given out again");
}

grant_handle_t map(grant_ref_t ref, void **va)
{
    struct gnttab_map_grant_ref m = {.flags = GNTMAP_host_map, .ref = ref};
    long rc;

    *va = map_mfn(virt_to_mfn(data), PTE_P | PTE_U | PTE_A, &rc);
    set_pte(pte_maddr(*va), 0);
    m.host_addr = (uint64_t)*va;
    HC3(grant_table_op, GNTTABOP_map_grant_ref, &m, 1);
    is(m.status, GNTST_okay, "a granted page can be mapped");
    return m.handle;
}

void unmap(grant_handle_t handle, void *va)
{
    struct gnttab_unmap_grant_ref u = {.host_addr = (uint64_t)va,
                                       .handle = handle};

    HC3(grant_table_op, GNTTABOP_unmap_grant_ref, &u, 1);
}

static void try_grant_in_use(void)
{
    grant_ref_t ref = grant_page(0, data, false);
    void *va;
    grant_handle_t handle = map(ref, &va);

    ok(!grant_end(ref), "a grant that is in use cannot be ended");
    unmap(handle, va);
    ok(grant_end(ref), "a grant that is not used any more can be ended");
}

/* --- backends ------------------------------------------------------------ */

void serve_all(void)
{
    while (events_serve(SECOND_NS / 100))
        ;
}

void make_device(const char *kind)
{
    static char path[32];

    snprintf(path, sizeof(path), "device/%s/0/backend", kind);
    store_set(path, "/b");
    snprintf(path, sizeof(path), "device/%s/0/backend-id", kind);
    store_set(path, "0");
    snprintf(path, sizeof(path), "device/%s/0/mac", kind);
    store_set(path, "00:16:3E:aB:0c:01");
    store_set("/b/state", "2");
    store_set("/b/online", "1");
    store_set("/b/sectors", "1000");
    store_set("/b/feature-flush-cache", "1");
    store_set("/b/feature-max-indirect-segments", "1000");
    store_set("/b/feature-sg", "1");
    snprintf(path, sizeof(path), "device/%s/0/state", kind);
    store_backend(path, "/b/state");
}

void heard(uint32_t port)
{
    event_raise(port);
    serve_all();
}

/* --- the store ------------------------------------------------------------ */

static unsigned int fired;

static void count(struct xenbus_watch *w)
{
    fired++;
}

static struct xenbus_watch watch = {.path = "watched", .changed = count};

static void try_watch(const char *when)
{
    fired = 0;
    store_set("watched", "x");
    store_set("watched", "y");
    serve_all();
    ok(fired == 1 || fired == 2, "%s: a watch that is set fires", when);
}

static void try_trick(enum trick t, const char *name)
{
    unsigned int before = store_restarts();
    char value[16] = "";

    store_play(t);
    is(xenbus_read(NULL, "node", value, sizeof(value)), 5,
       "%s: a value is read nevertheless", name);
    if (t == FAR_CONSUMER)
        xenbus_read(NULL, "node", value, sizeof(value));
    ok(!strcmp(value, "value"), "%s: the value that is read is right", name);
    is(store_restarts(), before + 1, "%s: the conversation is begun afresh",
       name);
    try_watch(name);
}

static void try_store(void)
{
    static const char *const names[NR_TRICKS] = {
        [LONG_MESSAGE] = "a message that is too long",
        [OTHER_REQUEST] = "a reply to another request",
        [OTHER_TYPE] = "a reply of another type",
        [UNASKED] = "a reply without a request",
        [BROKEN_EVENT] = "a watch event without a token",
        [LONG_EVENT] = "a watch event without an end",
        [FAR_INDEX] = "more sent than the ring holds",
        [FAR_CONSUMER] = "more taken than there was",
        [STOPPED] = "a store that has stopped",
    };
    char value[16];

    store_offer(XENSTORE_SERVER_FEATURE_RECONNECTION |
                XENSTORE_SERVER_FEATURE_ERROR);
    store_set("node", "value");
    is(xenbus_read(NULL, "none", value, sizeof(value)), -ENOENT,
       "a node that is not there is -ENOENT");
    is(xenbus_read(NULL, "node", value, 5), -E2BIG,
       "a value that does not fit is -E2BIG");
    ok(xenbus_number("d", "none", 7) == 7, "no node is no number");
    store_set("d/number", "18446744073709551615");
    ok(xenbus_number("d", "number", 7) == UINT64_MAX,
       "the largest number of 64 bits is read");
    store_set("d/number", "18446744073709551616");
    ok(xenbus_number("d", "number", 7) == 7,
       "a number above 64 bits is no number");
    store_set("d/number", "12x");
    ok(xenbus_number("d", "number", 7) == 7,
       "digits and a letter are no number");
    is(xenbus_watch(&watch), 0, "a watch is set");
    serve_all();
    is(fired, 1, "a watch fires once when it is set");
    for (enum trick t = HONEST + 1; t < NR_TRICKS; t++)
        try_trick(t, names[t]);
}

static void try_watch_of_broken_conversation(void)
{
    static struct xenbus_watch w = {.path = "watched", .changed = count};

    store_play(OTHER_TYPE);
    is(xenbus_watch(&w), 0,
       "a watch is set although its conversation has to be begun afresh");
    serve_all();
    fired = 0;
    store_set("watched", "z");
    serve_all();
    is(fired, 2, "two watches of a node fire when it changes");
    xenbus_unwatch(&w);
}

static long begin_afresh(const struct xenbus_tx *tx, void *arg)
{
    unsigned int *times = arg;
    char value[16];

    if (!(*times)++)
        store_play(OTHER_TYPE);
    return xenbus_read(tx, "node", value, sizeof(value)) < 0 ? -EAGAIN : 0;
}

static void try_lost_transaction(void)
{
    unsigned int times = 0;

    is(xenbus_transaction(begin_afresh, &times), 0,
       "a transaction comes to its end");
    is(times, 2,
       "a transaction that was lost with its conversation is done again");
}

static long ends(const struct xenbus_tx *tx, void *arg)
{
    return 0;
}

static void try_transaction_of_broken_conversation(void)
{
    store_play(UNASKED);
    is(xenbus_transaction(ends, NULL), 0,
       "a transaction is begun once more if the conversation that began it is "
       "over");
}

/* As the store tells about one that has expired. */
static long fail_twice(const struct xenbus_tx *tx, void *arg)
{
    unsigned int *times = arg;

    return (*times)++ < 2 ? -EAGAIN : 0;
}

static void try_failing_transactions(void)
{
    unsigned int times = 0;

    is(xenbus_transaction(fail_twice, &times), 0,
       "a transaction that has to be done again comes to its end");
    is(times, 3, "it is done as often as it takes");
    ok(!store_has_transactions(),
       "a transaction that is done again was ended at the store each time");
}

static char wish[16];

static void note_wish(const char *how)
{
    snprintf(wish, sizeof(wish), "%s", how);
}

static void try_control(void)
{
    is(control_open(note_wish), 0, "the toolstack's wishes are followed");
    serve_all();
    ok(!*wish, "a toolstack that wants nothing is not followed");
    store_set("control/shutdown", "halt");
    serve_all();
    ok(!strcmp(wish, "halt"), "what the toolstack wants is told");
    ok(!*store_get("control/shutdown"), "what the toolstack wants is taken");
    store_set("control/shutdown", "a very long word without sense");
    serve_all();
    ok(!strcmp(wish, "halt"), "a word that is too long is passed over");
    is(shared_info->arch.max_pfn, start_info->nr_pages,
       "the toolstack is told how many frames the guest has");
}

static void try_refused_store(void)
{
    char value[16];

    is(xenbus_read(NULL, "node", value, sizeof(value)), -EIO,
       "a store that lies and cannot begin afresh is given up");
    is(xenbus_write(NULL, "node", "x"), -EIO,
       "a store that was given up is not asked again");
}

int main(void)
{
    uint32_t port = event_new_ipi(0);

    try_grants();
    try_grant_in_use();
    is(xenbus_open_ring(store_start(port), port), 0, "the store is there");
    try_store();
    try_watch_of_broken_conversation();
    try_lost_transaction();
    try_transaction_of_broken_conversation();
    try_failing_transactions();
    try_disks();
    try_networks();
    try_control();
    try_disk_without_store();
    try_refused_store();
    return 0;
}
