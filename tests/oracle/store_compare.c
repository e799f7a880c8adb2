/* SPDX-License-Identifier: MIT */
/*
 * store_compare STOCK OURS PRELOAD FIRST LAST [STEPS]
 *
 * Two store daemons on the host, the C daemon of Xen and ours, each with
 * store_xen.c as its hypervisor, hear the same random requests, one history for
 * each seed from FIRST to LAST: of two local clients, of domain 0's ring and of
 * two guests on theirs. All answers must be equal, and so must be the events
 * that each client has got after each request. What differs for a reason is in
 * the table of store_reasons.c. TAP: a line for each seed.
 */
#include "store_compare.h"

#include <signal.h>

#include "store_xen.h"

/* --- comparison ----------------------------------------------------------- */

static void print_bytes(const char *data, uint32_t len)
{
    for (uint32_t i = 0; i < len && i < 120; i++)
        printf(data[i] >= ' ' && data[i] < 127 ? "%c" : "\\%03o",
               (unsigned char)data[i]);
    if (len > 120)
        printf("... %u bytes", len);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of children have no order. */
static void sort_names(struct message *m)
{
    char *name[PAYLOAD_MAX], copy[PAYLOAD_MAX + 1], *to = m->data;
    unsigned int n = 0;

    memcpy(copy, m->data, m->len + 1);
    for (uint32_t at = 0; at < m->len; at += (uint32_t)strlen(copy + at) + 1)
        name[n++] = copy + at;
    qsort(name, n, sizeof(name[0]), by_text);
    for (unsigned int i = 0; i < n; i++)
        to = stpcpy(to, name[i]) + 1;
}

static bool equal(const struct request *r, struct message *a, struct message *b)
{
    if (r->type == XS_DIRECTORY) {
        sort_names(a);
        sort_names(b);
    }
    if (a->type == b->type && a->type == r->type &&
        (r->type == XS_TRANSACTION_START || r->type == XS_DIRECTORY_PART))
        return true;
    return a->type == b->type && a->len == b->len &&
           !memcmp(a->data, b->data, a->len);
}

static struct request last;

static void print_request(const struct request *r)
{
    printf("# seed %u, step %u: domain %u%s, type %u%s: ", seed, step,
           r->p->domid, r->p->on_ring ? "'s ring" : "", r->type,
           r->in_transaction ? " in a transaction" : "");
    print_bytes(r->data, r->len);
}

static void print_difference(const struct request *r, const struct message *m)
{
    static const char *const who[] = {"Xen's", "ours"};

    print_request(r);
    printf("\n");
    for (int s = 0; s < 2; s++) {
        printf("#   %s: %s%u ", who[s], m[s].type == XS_ERROR ? "error " : "",
               m[s].type);
        print_bytes(m[s].data, m[s].len);
        printf("\n");
    }
}

static unsigned long asked, differences;

static bool ask_both(struct request *r)
{
    struct message m[2];

    for (int s = 0; s < 2; s++)
        ask(r->p, s, r, &m[s]);
    asked++;
    if (r->type == XS_TRANSACTION_START && m[STOCK].type == r->type)
        for (int s = 0; s < 2; s++)
            r->p->transaction[s] = (uint32_t)strtoul(m[s].data, NULL, 10);
    if (getenv("VERBOSE"))
        print_difference(r, m);
    if (equal(r, &m[STOCK], &m[OURS]))
        return true;
    if (explained(r, &m[STOCK], &m[OURS])) {
        return m[STOCK].type == m[OURS].type;
    }
    differences++;
    print_difference(r, m);
    return false;
}

/* A commit of ours tells also of what it has only made sure of; one of Xen's of
 * what was made and has gone again with what is above it. */
static bool removed_in_transaction;

static void drop_more(struct event_list *ours, const struct event_list *stock)
{
    unsigned int kept = 0;

    for (unsigned int i = 0; i < ours->count; i++) {
        unsigned int k = 0;

        while (k < stock->count && strcmp(stock->event[k], ours->event[i]))
            k++;
        if (k < stock->count)
            ours->event[kept++] = ours->event[i];
        else
            free(ours->event[i]);
    }
    ours->count = kept;
}

static bool same_events(struct peer *p)
{
    bool same;

    if (last.type == XS_TRANSACTION_END) {
        drop_more(&p->events[OURS], &p->events[STOCK]);
        if (removed_in_transaction)
            drop_more(&p->events[STOCK], &p->events[OURS]);
    }
    same = p->events[0].count == p->events[1].count;
    for (int s = 0; s < 2; s++)
        qsort(p->events[s].event, p->events[s].count, sizeof(char *), by_text);
    for (unsigned int i = 0; same && i < p->events[0].count; i++)
        same = !strcmp(p->events[0].event[i], p->events[1].event[i]);
    if (!same) {
        differences++;
        print_request(&last);
        printf(": events of domain %u%s\n", p->domid,
               p->on_ring ? "'s ring" : "");
    }
    for (int s = 0; s < 2; s++) {
        for (unsigned int i = 0; i < p->events[s].count; i++) {
            if (!same)
                printf("#   %s: %.200s\n", s ? "ours" : "Xen's",
                       p->events[s].event[i]);
            free(p->events[s].event[i]);
        }
        p->events[s].count = 0;
    }
    return same;
}

/* A request of each client, behind which no event waits any more. */
static bool settle(void)
{
    bool same = true;

    for (int i = 0; i < PEERS; i++) {
        struct request r = {&peer[i], XS_GET_DOMAIN_PATH, 2, false, "0"};

        if (peer[i].domid && !peer[i].introduced)
            continue;
        same &= ask_both(&r) && same_events(&peer[i]);
    }
    return same;
}

static bool introduce(struct peer *p)
{
    struct request r = {&peer[0], XS_INTRODUCE, 0, false, ""};
    char text[32];

    domain_begin(p);
    r.len = (uint32_t)sprintf(r.data, "%u%c%u%c%u", p->domid, 0, 1234, 0,
                              GUEST_PORT) +
            1;
    p->introduced = true;
    if (!ask_both(&r))
        return false;
    r.type = XS_MKDIR;
    r.len = (uint32_t)sprintf(r.data, "/local/domain/%u", p->domid) + 1;
    if (!ask_both(&r))
        return false;
    r.type = XS_SET_PERMS;
    sprintf(text, "n%u", p->domid);
    add_string(&r, text);
    return ask_both(&r);
}

/* Transactions are compared one by one: in Xen's they see what others change
 * meanwhile, and conflict by other rules. */
static struct peer *transaction_holder(void)
{
    for (int i = 0; i < PEERS; i++)
        if (peer[i].transaction[STOCK])
            return &peer[i];
    return NULL;
}

/* Nothing to compare: what ends Xen's daemon, for one. */
static bool left_out(const struct request *r)
{
    /* Xen's takes the errno of an earlier request then, or ends. */
    if (takes_one_path(r->type) && strings(r) != 1)
        return true;
    /* In Xen's a target is never quite dead: its nodes stay, its successor is
     * its device model's, or the daemon ends. */
    if (r->type == XS_SET_TARGET && strings(r) > 1 && is_number(r->data) &&
        is_number(r->data + strlen(r->data) + 1))
        return true;
    /* Some of the former end Xen's, too, and the root is nobody's to lose. */
    if (r->type == XS_SET_PERMS && (r->data[0] == '@' || !strcmp(r->data, "/")))
        return true;
    return r->in_transaction &&
           (r->type == XS_TRANSACTION_START || r->type == XS_RELEASE);
}

/* What the answer means for the requests to come. */
static void follow(const struct request *r, bool same)
{
    bool ended = r->type == XS_TRANSACTION_END && same && r->len == 2 &&
                 r->data[1] == '\0' && strchr("TF", r->data[0]);

    if (r->type == XS_TRANSACTION_START)
        removed_in_transaction = false;
    removed_in_transaction |= r->in_transaction && r->type == XS_RM;
    if (ended || r->type == XS_RESET_WATCHES)
        memset(r->p->transaction, 0, sizeof(r->p->transaction));
    for (int i = FIRST_GUEST; i < PEERS; i++)
        if (r->type == XS_RELEASE && !r->p->domid && peer[i].introduced &&
            peer[i].domid == (unsigned int)atoi(r->data))
            domain_end(&peer[i]);
}

static bool one_step(void)
{
    struct peer *holder = transaction_holder();
    struct request r = {0};
    bool same;

    r.p = holder ? holder : &peer[rnd(PEERS)];
    r.in_transaction = holder;
    if (r.p->domid && !r.p->introduced)
        return introduce(r.p);
    if (r.p->domid && !holder && rnd(100) == 0) {
        last = r;
        domain_end(r.p);
        return true;
    }
    random_request(&r);
    if (left_out(&r))
        return true;
    last = r;
    same = ask_both(&r);
    follow(&r, same);
    return same;
}

static const char *program[2], *preload;

static bool history(uint32_t steps)
{
    static const unsigned int domid[PEERS] = {0, 0, 0, 7, 8};
    unsigned long before = differences;
    bool same = true;

    memset(peer, 0, sizeof(peer));
    for (int i = 0; i < PEERS; i++)
        peer[i] = (struct peer){.domid = domid[i], .on_ring = i >= 2};
    random_start(seed);
    for (int s = 0; s < 2; s++)
        daemon_start(s, program[s], preload);
    for (step = 0; step < steps && same; step++)
        same = one_step() && settle();
    for (int s = 0; s < 2; s++)
        daemon_stop(s);
    return differences == before;
}

int main(int argc, char **argv)
{
    uint32_t steps = argc > 6 ? (uint32_t)atoi(argv[6]) : 400, n = 0;

    if (argc < 6) {
        fprintf(stderr, "usage: store_compare STOCK OURS PRELOAD FIRST LAST "
                        "[STEPS]\n");
        return 2;
    }
    program[STOCK] = argv[1];
    program[OURS] = argv[2];
    preload = argv[3];
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (seed = (uint32_t)atoi(argv[4]); seed <= (uint32_t)atoi(argv[5]);
         seed++)
        printf("%sok %u - history %u\n", history(steps) ? "" : "not ", ++n,
               seed);
    printf("1..%u\n# %lu requests, %lu differences\n", n, asked, differences);
    print_reasons();
    return differences != 0;
}
