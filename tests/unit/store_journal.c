/* SPDX-License-Identifier: MIT */
/*
 * The daemon is killed and goes on. The daemon is a child process that ends
 * without any clean-up at a chosen point: before, in the middle of and behind
 * each write to the journal, at each event it sends, and around the exchange of
 * the files. Guests, with their rings and what they have received, are memory
 * that the processes share. The same random history is played without any
 * death; each guest must have received the same bytes, and the daemon must have
 * the same tree, permissions, watches, accounts, limits and queues.
 */
#include "store_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tools/xenstored/record.h"
#include "../../tools/xenstored/state.h"

static const char boot[] = "01234567-89ab-cdef-0123-456789abcdef";
static char path[64];

/* --- what survives -------------------------------------------------------- */

#define GUESTS      3
#define FIRST_GUEST 5
#define DUMP_MAX    (256u << 10)

struct guest {
    char out[32768]; /* not yet in the ring */
    uint32_t out_len;
    char in[8192]; /* not yet a complete message */
    uint32_t in_len;
    uint32_t received, hash; /* messages, and all of their bytes */
    bool event;              /* for the daemon, on its way */
    /* A transaction: its answers depend on deaths and are not hashed. */
    bool in_transaction, committing, committed;
    uint32_t transaction;
};

static struct shared {
    struct guest guest[GUESTS];
    uint32_t seed, step, steps, phase;
    bool born;
    uint32_t frames;        /* written to the journal */
    uint32_t step_frames;   /* when the step began */
    uint32_t points, fatal; /* how many points were passed; where to die */
    uint32_t deaths, torn;
    char dump[DUMP_MAX];
} * world;

/* --- points of death ------------------------------------------------------ */

static void die(void)
{
    world->deaths++;
    _exit(77);
}

static bool immune, starting;

static void point(void)
{
    if (!immune && ++world->points == world->fatal)
        die();
}

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
static int full_after = -1; /* writes until the file system is full */

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    ssize_t n;

    if (full_after == 0) {
        errno = ENOSPC;
        return -1;
    }
    full_after -= full_after > 0;
    point();
    if (!immune && ++world->points == world->fatal) {
        world->torn += __real_write(fd, data, len / 2) > 0;
        die();
    }
    n = __real_write(fd, data, len);
    world->frames += !starting;
    point();
    return n;
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

static bool no_second_file;

int __wrap_rename(const char *from, const char *to)
{
    int rc;

    if (no_second_file && access(to, F_OK) == 0) {
        errno = ENOSPC;
        return -1;
    }
    point();
    rc = __real_rename(from, to);
    point();
    return rc;
}

static void notified(int port)
{
    point();
}

/* --- guests --------------------------------------------------------------- */

static struct xenstore_domain_interface *page_of(unsigned int g)
{
    return &fake_domain[FIRST_GUEST + g].page;
}

static bool introduced(unsigned int g)
{
    struct domain *d = domain_known((uint16_t)(FIRST_GUEST + g));
    return d && d->connection;
}

/* A daemon that ends does not hear of it, but looks at all rings when it
 * starts. */
static void event(unsigned int g)
{
    bool sent = world->guest[g].event;

    world->guest[g].event = false;
    if (introduced(g) && sent)
        ring_event(fake_port(FIRST_GUEST + g));
    fake_turns();
}

/* As much as fits. As Linux does, an event goes with it only if the store has
 * said that it took all before it. */
static void put(unsigned int g)
{
    struct xenstore_domain_interface *p = page_of(g);
    struct guest *me = &world->guest[g];
    uint32_t room = XENSTORE_RING_SIZE - (p->req_prod - p->req_cons);
    uint32_t n = me->out_len < room ? me->out_len : room;

    for (uint32_t i = 0; i < n; i++)
        p->req[MASK_XENSTORE_IDX(p->req_prod + i)] = me->out[i];
    memmove(me->out, me->out + n, me->out_len - n);
    me->out_len -= n;
    me->event |= n && p->req_cons == p->req_prod;
    p->req_prod += n;
}

static void hash(struct guest *me, const struct xsd_sockmsg *h,
                 const char *data)
{
    for (uint32_t i = 0; i < h->len; i++)
        me->hash = (me->hash ^ (uint8_t)data[i]) * 16777619u;
    me->hash = (me->hash ^ h->type) * 16777619u;
    me->received++;
}

static void message(struct guest *me, const struct xsd_sockmsg *h,
                    const char *data)
{
    if (h->type == XS_WATCH_EVENT || !me->in_transaction)
        hash(me, h, data);
    else if (h->type == XS_TRANSACTION_START)
        me->transaction = (uint32_t)strtoul(data, NULL, 10);
    else if (h->type == XS_TRANSACTION_END)
        me->committed = me->committing;
}

static void get(unsigned int g, uint32_t most)
{
    struct xenstore_domain_interface *p = page_of(g);
    struct guest *me = &world->guest[g];
    uint32_t n = p->rsp_prod - p->rsp_cons;
    struct xsd_sockmsg h;

    assert_true(n <= XENSTORE_RING_SIZE);
    if (n > most)
        n = most;
    for (uint32_t i = 0; i < n; i++)
        me->in[me->in_len++] = p->rsp[MASK_XENSTORE_IDX(p->rsp_cons + i)];
    me->event |= p->rsp_prod - p->rsp_cons == XENSTORE_RING_SIZE;
    p->rsp_cons += n;
    while (me->in_len >= sizeof(h)) {
        memcpy(&h, me->in, sizeof(h));
        assert_true(h.len <= XENSTORE_PAYLOAD_MAX);
        if (me->in_len < sizeof(h) + h.len)
            break;
        message(me, &h, me->in + sizeof(h));
        me->in_len -= (uint32_t)sizeof(h) + h.len;
        memmove(me->in, me->in + sizeof(h) + h.len, me->in_len);
    }
}

static void request(unsigned int g, uint32_t type, uint32_t tx,
                    const void *data, size_t len)
{
    struct guest *me = &world->guest[g];
    struct xsd_sockmsg h = {type, 4711, tx, (uint32_t)len};

    if (me->out_len + sizeof(h) + len > sizeof(me->out))
        return;
    memcpy(me->out + me->out_len, &h, sizeof(h));
    memcpy(me->out + me->out_len + sizeof(h), data, len);
    me->out_len += (uint32_t)(sizeof(h) + len);
}

/* Until nothing moves any more. A lazy guest reads nothing. */
static void converse(unsigned int g, bool lazy)
{
    struct xenstore_domain_interface *p = page_of(g);
    struct guest *me = &world->guest[g];
    uint32_t before, after = 1;

    do {
        before = after;
        put(g);
        event(g);
        if (!lazy) {
            get(g, UINT32_MAX);
            event(g);
        }
        after = p->req_cons + p->rsp_prod - me->out_len;
    } while (before != after);
}

/* --- the history ---------------------------------------------------------- */

static uint32_t step_random;
static uint32_t rnd(uint32_t n)
{
    step_random = step_random * 1664525 + 1013904223;
    return (step_random >> 8) % n;
}

static struct client *root;

static size_t some_path(char *out)
{
    static const char *const first[] = {"a", "b", "dir/x", "dir/y/z", "c/1"};
    unsigned int other = FIRST_GUEST + rnd(GUESTS);

    if (rnd(3) == 0)
        return (size_t)sprintf(out, "/local/domain/%u/%s", other,
                               first[rnd(5)]) +
               1;
    return (size_t)sprintf(out, "%s", first[rnd(5)]) + 1;
}

static void guest_request(unsigned int g)
{
    static const char *const marks[] = {"n5\0n6", "r5\0n6", "n6\0b5", "b7\0r5"};
    char data[XENSTORE_PAYLOAD_MAX];
    size_t len = some_path(data);

    switch (rnd(10)) {
    case 0:
    case 1:
    case 2: { /* some larger than the ring */
        size_t n = rnd(4) ? rnd(40) : rnd(2000);
        memset(data + len, (int)('a' + rnd(26)), n);
        request(g, XS_WRITE, 0, data, len + n);
        break;
    }
    case 3:
        request(g, XS_MKDIR, 0, data, len);
        break;
    case 4:
        request(g, XS_RM, 0, data, len);
        break;
    case 5:
        memcpy(data + len, marks[rnd(4)], 6);
        request(g, XS_SET_PERMS, 0, data, len + 6);
        break;
    case 6:
    case 7:
        len += (size_t)sprintf(data + len, "t%u", rnd(4)) + 1;
        request(g, rnd(3) ? XS_WATCH : XS_UNWATCH, 0, data, len);
        break;
    case 8:
        request(g, rnd(2) ? XS_READ : XS_DIRECTORY, 0, data, len);
        break;
    case 9:
        if (rnd(8))
            request(g, XS_WATCH, 0, "@releaseDomain\0t", 17);
        else
            request(g, XS_RESET_WATCHES, 0, "", 1);
        break;
    }
}

/*
 * A step that was interrupted is begun again, and must not do again what has
 * been done. Between two points of death the world changes as a whole.
 */
static void next_phase(void)
{
    world->phase++;
}

static void guest_step(unsigned int g, bool lazy, unsigned int requests)
{
    if (world->phase == 0) {
        while (requests--)
            guest_request(g);
        next_phase();
    }
    if (world->phase == 1) {
        converse(g, lazy);
        next_phase();
        get(g, 500);
    }
    event(g);
}

static void one_try(unsigned int g)
{
    struct guest *me = &world->guest[g];
    char data[128];
    size_t len;

    me->committing = false;
    if (me->transaction) {
        request(g, XS_TRANSACTION_END, me->transaction, "F", 2);
        converse(g, false);
    }
    request(g, XS_TRANSACTION_START, 0, "", 1);
    converse(g, false);
    for (unsigned int i = rnd(4) + 1; i; i--) {
        len = some_path(data);
        memcpy(data + len, "value", 5);
        if (rnd(3))
            request(g, XS_WRITE, me->transaction, data, len + 5);
        else
            request(g, XS_RM, me->transaction, data, len);
        if (rnd(3) == 0)
            converse(g, false);
    }
    me->committing = true;
    request(g, XS_TRANSACTION_END, me->transaction, "T", 2);
    converse(g, false);
}

/* Again and again until it succeeds: a death makes it fail with EAGAIN. */
static void transaction_step(unsigned int g)
{
    struct guest *me = &world->guest[g];
    uint32_t random = step_random;

    if (!introduced(g))
        return;
    if (world->phase == 0) {
        converse(g, false);
        next_phase();
        me->in_transaction = true;
        me->transaction = 0;
        me->committing = me->committed = false;
    }
    converse(g, false);
    for (int tries = 0; !me->committed; tries++) {
        step_random = random;
        one_try(g);
        if (tries > 3)
            fail_msg("a transaction fails for ever");
    }
    me->in_transaction = false;
    me->transaction = 0;
}

static void new_life(unsigned int g)
{
    unsigned int id = FIRST_GUEST + g;
    uint8_t handle = fake_domain[id].handle;
    char text[64], perms[8];

    immune = true;
    memset(&fake_domain[id], 0, sizeof(fake_domain[id]));
    fake_domain[id].exists = true;
    fake_domain[id].handle = (uint8_t)(handle + 1);
    world->guest[g].out_len = world->guest[g].in_len = 0;
    world->guest[g].event = false;
    sprintf(text, "/local/domain/%u", id);
    sprintf(perms, "n%u", id);
    client_one(root, XS_MKDIR, 0, text);
    client_two(root, XS_SET_PERMS, 0, text, perms);
    client_ask(root, XS_INTRODUCE, 0, text,
               (size_t)sprintf(text, "%u%c99%c3", id, 0, 0) + 1, NULL, NULL);
    immune = false;
}

/* All of it is in one frame, and is done again only if that was not written. */
static void root_step(void)
{
    char where[96], what[64];

    if (world->frames != world->step_frames)
        return;
    some_path(what);
    sprintf(where, "/local/domain/%u/%s", FIRST_GUEST + rnd(GUESTS),
            what[0] == '/' ? "root" : what);
    switch (rnd(6)) {
    case 0:
        client_one(root, XS_RM, 0, where);
        break;
    case 1:
        client_ask(root, XS_CONTROL, 0,
                   "quota\0set\0watches\0"
                   "90",
                   21, NULL, NULL);
        break;
    case 2:
        client_two(root, XS_SET_PERMS, 0, "@releaseDomain",
                   rnd(2) ? "r0" : "n0");
        break;
    case 3:
        client_two(root, XS_SET_TARGET, 0, "5", "6");
        break;
    default:
        client_write(root, 0, where, "by root");
        break;
    }
}

static void death_step(unsigned int g)
{
    fake_domain[FIRST_GUEST + g].exists = false;
    domain_check_all();
    fake_turns();
}

static void step(void)
{
    unsigned int g, kind;

    step_random = world->seed * 7919 + world->step * 104729;
    rnd(2);
    g = rnd(GUESTS);
    kind = rnd(24);
    if (kind < 16)
        guest_step(g, kind < 8, rnd(3) + 1);
    else if (kind < 19)
        transaction_step(g);
    else if (kind < 22)
        root_step();
    else if (kind == 22)
        death_step(g);
    else if (!introduced(g))
        new_life(g);
}

/* --- the daemon's state as a text ----------------------------------------- */

static char *dump_at;

static void say(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    dump_at += vsnprintf(dump_at, (size_t)(world->dump + DUMP_MAX - dump_at),
                         format, ap);
    va_end(ap);
    assert_true(dump_at < world->dump + DUMP_MAX - 1);
}

static void say_perms(const struct perms *p)
{
    for (unsigned int i = 0; i < p->count; i++)
        say(" %u.%u.%u", p->entry[i].id.domid, p->entry[i].id.incarnation,
            p->entry[i].bits);
    say("\n");
}

static void say_watches(const struct connection *c)
{
    for (struct watch *w = c->watches.first; w; w = w->next)
        say("  %s %s %u\n", w->path, w->token, w->relative);
}

static void say_connection(const struct connection *c)
{
    say(" target %u.%u fault %u in %zu replies %u events %u of %zu bytes, "
        "transactions %u\n",
        c->who.target.domid, c->who.target.incarnation, c->fault, c->in_used,
        c->replies, c->events, c->event_bytes, c->transactions.count);
    say_watches(c);
    for (const struct message *m = c->out; m; m = m->next)
        say("  waits: %u bytes from %u\n", m->len, m->sent);
}

static void dump(void)
{
    static struct tree_walk w;
    const struct perms *perms;
    const struct node *n;
    const char *name;
    struct domain *d = NULL;

    dump_at = world->dump;
    tree_walk_start(&w, store.root, "/");
    while ((n = tree_walk_next(&w))) {
        say("%s=%.*s", w.path, (int)node_value_len(n),
            n->value ? n->value->data : "");
        say_perms(n->perms);
    }
    for (unsigned int i = 0; (name = store_special(i, &perms)); i++) {
        say("%s", name);
        say_perms(perms);
    }
    for (int q = 0; q < QUOTA_COUNT; q++)
        say("%s %ld\n", quota_name[q], quota[q]);
    while ((d = domain_next(d))) {
        say("domain %u.%u %u: %ld %ld %ld %d\n", d->id.domid, d->id.incarnation,
            d->handle[0], d->account.nodes, d->account.node_bytes,
            d->account.held, d->shutdown);
        if (d->connection)
            say_connection(d->connection);
    }
    for (unsigned int g = 0; g < GUESTS; g++)
        say("guest %u: %u messages %x, %u to come\n", g,
            world->guest[g].received, world->guest[g].hash,
            world->guest[g].out_len);
    assert_accounts();
}

/* --- the daemon as a process ---------------------------------------------- */

static void start(const char *boot_id)
{
    fake_log_lines = 0;
    for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
        fake_domain[i].mapped = fake_domain[i].bound = 0;
    fake_domain[0].exists = true;
    assert_int_equal(domain_init(true), 0);
    assert_int_equal(store_init(), 0);
    starting = true;
    assert_int_equal(state_start(path, boot_id), 0);
    state_resume();
    starting = false;
}

static void play(void)
{
    fake_notify = notified;
    start(boot);
    root = client_new(NULL);
    if (!world->born)
        for (unsigned int g = 0; g < GUESTS; g++)
            new_life(g);
    world->born = true;
    if (world->step == 0 && world->phase == 0)
        world->step_frames = world->frames;
    while (world->step < world->steps) {
        step();
        world->phase = 0;
        world->step++;
        world->step_frames = world->frames;
    }
    /* The local client's part of the text is not kept. */
    client_free(root);
    fake_turns();
    dump();
}

/* True: to the end. False: it died as it should. */
static bool daemon_process(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        play();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) ||
        (WEXITSTATUS(status) && WEXITSTATUS(status) != 77))
        fail_msg("seed %u, step %u, point %u: the daemon ended with %x",
                 world->seed, world->step, world->fatal, (unsigned int)status);
    return WEXITSTATUS(status) == 0;
}

static void new_world(uint32_t seed, uint32_t steps)
{
    memset(world, 0, sizeof(*world));
    memset(fake_domain, 0, sizeof(fake_domain));
    unlink(path);
    world->seed = seed;
    world->steps = steps;
}

static char *wanted;

/* What the history comes to without any death. */
static void reference(uint32_t seed, uint32_t steps)
{
    new_world(seed, steps);
    assert_true(daemon_process());
    free(wanted);
    wanted = strdup(world->dump);
}

static void compare(void)
{
    if (!strcmp(world->dump, wanted))
        return;
    for (const char *a = wanted, *b = world->dump; *a && *b;) {
        const char *ea = strchrnul(a, '\n'), *eb = strchrnul(b, '\n');
        if (ea - a != eb - b || memcmp(a, b, (size_t)(ea - a)))
            fail_msg("seed %u, %u deaths, the last at point %u: is '%.*s', "
                     "should be '%.*s'",
                     world->seed, world->deaths, world->fatal, (int)(eb - b), b,
                     (int)(ea - a), a);
        a = ea + (*ea != '\0');
        b = eb + (*eb != '\0');
    }
    fail_msg("seed %u: a text is longer than the other", world->seed);
}

/* --- tests ---------------------------------------------------------------- */

static void one_death_at_every_point(void **state)
{
    bool end = false;

    for (uint32_t seed = 1; seed <= 2; seed++) {
        reference(seed, 30);
        end = false;
        for (uint32_t fatal = 1; !end; fatal++) {
            new_world(seed, 30);
            world->fatal = fatal;
            end = daemon_process();
            world->points = world->fatal = 0;
            if (!end)
                assert_true(daemon_process());
            compare();
        }
    }
}

static void many_deaths_in_long_histories(void **state)
{
    uint32_t deaths = 0, torn = 0;

    for (uint32_t seed = 1000; seed < 1060; seed++) {
        /* With a journal that is rewritten now and then, or always. */
        state_journal_min = seed % 2 ? 1 : 20000;
        reference(seed, 150);
        new_world(seed, 150);
        srand(seed);
        do {
            world->points = 0;
            world->fatal = 1 + (uint32_t)rand() % 200;
        } while (!daemon_process());
        compare();
        deaths += world->deaths;
        torn += world->torn;
    }
    state_journal_min = 1 << 20;
    print_message("%u deaths, %u frames torn\n", deaths, torn);
    assert_true(deaths > 200 && torn > 10);
}

/* --- damage --------------------------------------------------------------- */

static struct fake_domain *pages; /* as they were when the journal ended */
static char *journal, *frame[4096];
static size_t journal_len, frames;

/* The journal of a history, and where its frames end. */
static void record(uint32_t seed)
{
    struct journal_scan s;
    struct unpack u;

    reference(seed, 60);
    free(journal);
    assert_int_equal(journal_load(path, &journal, &journal_len), 0);
    assert_int_equal(journal_scan_start(&s, journal, journal_len, boot), 0);
    frame[0] = journal + (s.at - s.start);
    for (frames = 0; journal_scan_next(&s, &u);)
        frame[++frames] = journal + (s.at - s.start);
    assert_ptr_equal(s.at, s.end);
    memcpy(pages, fake_domain, sizeof(fake_domain));
}

/* A daemon that is started with these bytes as its journal: its tree, and how
 * many lines it has logged. */
static char *tree_from(const char *data, size_t len, const char *boot_id,
                       int *lines)
{
    FILE *file;
    int status;
    pid_t pid;

    unlink(path);
    file = fopen(path, "w");
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
    memcpy(fake_domain, pages, sizeof(fake_domain));
    pid = fork();
    if (pid == 0) {
        start(boot_id);
        dump();
        _exit(fake_log_lines);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    *lines = WEXITSTATUS(status);
    *strstr(world->dump, "domain 0.") = '\0';
    return strdup(world->dump);
}

/* Of a journal, in bytes: see journal.c. */
#define HEAD_LEN (20 + JOURNAL_BOOT_ID + 1)

static void assert_tree(const char *data, size_t len, const char *tree)
{
    int lines;
    char *is = tree_from(data, len, boot, &lines);

    assert_string_equal(is, tree);
    assert_int_equal(lines, 1);
    free(is);
}

static void a_torn_end_is_told_and_left_out(void **state)
{
    int lines;

    record(3);
    for (size_t f = frames - 2; f < frames; f++) {
        size_t whole = (size_t)(frame[f] - journal);
        char *tree = tree_from(journal, whole, boot, &lines);

        for (size_t len = whole + 1; journal + len < frame[f + 1]; len++)
            assert_tree(journal, len, tree);
        free(tree);
    }
}

static void a_flipped_bit_ends_the_journal_before_it(void **state)
{
    int lines;

    record(4);
    srand(4);
    for (int i = 0; i < 40; i++) {
        size_t f = (size_t)rand() % frames;
        char *at = frame[f] + rand() % (frame[f + 1] - frame[f]);
        char *tree =
            tree_from(journal, (size_t)(frame[f] - journal), boot, &lines);

        char was = *at;

        *at = (char)(was ^ 1 << rand() % 8);
        assert_tree(journal, journal_len, tree);
        *at = was;
        free(tree);
    }
}

/* The journal with one frame more, whose checksum is right; *len is its length.
 */
static char *with_frame(const char *head, size_t head_len, const struct pack *p,
                        size_t *len)
{
    struct journal j;
    char *data;

    unlink(path);
    assert_int_equal(journal_create(&j, path, boot), 0);
    pack_bytes(journal_pack(&j), p->data, p->used);
    assert_int_equal(journal_write(&j), 0);
    journal_close(&j);
    assert_int_equal(journal_load(path, &data, len), 0);
    *len += head_len - HEAD_LEN;
    data = realloc(data, *len + head_len);
    memmove(data + head_len, data + HEAD_LEN, *len - head_len);
    memcpy(data, head, head_len);
    return data;
}

/* A frame with a record that makes no sense, behind others that do. */
static void a_bad_record_undoes_its_frame(void **state)
{
    struct pack p = {0};
    size_t len;
    char *data, *tree;
    int lines;

    record(3);
    tree = tree_from(journal, journal_len, boot, &lines);
    pack_value(&p, "/", "changed", 7);
    pack_quota(&p, QUOTA_WATCHES, 4711);
    pack_u8(&p, RECORD_DOMAIN_GONE);
    pack_u16(&p, FIRST_GUEST);
    pack_value(&p, "/no/such/node", "", 0);
    data = with_frame(journal, journal_len, &p, &len);
    assert_tree(data, len, tree);
    free(data);
    free(tree);
    pack_free(&p);
}

/* A state that was not written to its end is none. */
static void half_a_state_is_none(void **state)
{
    struct pack p = {0};
    size_t len;
    char *data, *empty;
    int lines;

    empty = tree_from(journal, HEAD_LEN - 1, boot, &lines);
    pack_counters(&p);
    pack_value(&p, "/", "half", 4);
    pack_quota(&p, QUOTA_WATCHES, 4711);
    data = with_frame(journal, HEAD_LEN, &p, &len);
    assert_tree(data, len, empty);
    free(empty);
    free(data);
    pack_free(&p);
}

/* What the guests have seen published is lost: they go on all the same. */
static void guests_go_on_after_damage(void **state)
{
    struct stat st;

    for (uint32_t seed = 10; seed < 14; seed++) {
        new_world(seed, 60);
        assert_true(daemon_process());
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(truncate(path, st.st_size - 500), 0);
        world->steps = 120;
        for (unsigned int g = 0; g < GUESTS; g++)
            world->guest[g].in_len = world->guest[g].out_len = 0;
        assert_true(daemon_process());
        assert_null(strstr(world->dump, "fault 1"));
        assert_null(strstr(world->dump, "fault 3"));
    }
}

static void a_journal_of_another_boot_is_not_used(void **state)
{
    static const char other[] = "11234567-89ab-cdef-0123-456789abcdef";
    int lines;
    char *tree;

    record(5);
    tree = tree_from(journal, journal_len, other, &lines);
    assert_int_equal(lines, 0);
    assert_true(!strncmp(tree, "/= 0.1.0\n@", 10));
    free(tree);
}

static void without_room_the_daemon_goes_on(void **state)
{
    reference(6, 60);
    for (int n = 4; n < 60; n += 9) {
        struct stat st;

        new_world(6, 60);
        full_after = n;
        assert_true(daemon_process());
        full_after = -1;
        compare();
        /* An old journal would take the next daemon back in time. */
        assert_int_equal(stat(path, &st), -1);
    }
}

/* A journal that cannot be rewritten is good all the same. */
static void without_room_for_a_second_file_the_first_grows(void **state)
{
    int lines;
    char *tree, *end;

    reference(6, 60);
    state_journal_min = 1;
    no_second_file = true;
    new_world(6, 60);
    assert_true(daemon_process());
    compare();
    no_second_file = false;
    state_journal_min = 1 << 20;
    free(journal);
    assert_int_equal(journal_load(path, &journal, &journal_len), 0);
    memcpy(pages, fake_domain, sizeof(fake_domain));
    tree = tree_from(journal, journal_len, boot, &lines);
    end = strstr(wanted, "domain 0.");
    assert_memory_equal(tree, wanted, (size_t)(end - wanted));
    assert_int_equal(lines, 0);
    free(tree);
}

/* One that has ended for want of room begins again, with all that happened
 * meanwhile. */
static void the_journal_comes_back_with_the_room(void **state)
{
    struct stat st;

    for (int early = 0; early < 2; early++) {
        new_world(9, 60);
        full_after = early ? 0 : -1;
        start(boot);
        full_after = 0;
        root = client_new(NULL);
        assert_int_equal(client_write(root, 0, "/before", "1"), 0);
        assert_true(state_wanted());
        assert_int_equal(stat(path, &st), -1);
        state_try_again();
        assert_true(state_wanted());
        full_after = -1;
        state_try_again();
        assert_false(state_wanted());
        assert_int_equal(client_write(root, 0, "/after", "2"), 0);
        client_free(root);
        state_stop();
        fake_stop();

        start(boot);
        root = client_new(NULL);
        assert_string_equal(client_read(root, 0, "/before"), "1");
        assert_string_equal(client_read(root, 0, "/after"), "2");
        client_free(root);
        state_stop();
        fake_stop();
    }
}

/* Their connections have ended with the daemon that knew the transaction. */
static void local_transactions_start_again(void **state)
{
    uint32_t before, after;

    record(8);
    start(boot);
    root = client_new(NULL);
    before = client_begin(root);
    assert_int_equal(client_write(root, before, "/x", "1"), 0);
    client_free(root);
    state_stop();
    fake_stop();

    start(boot);
    root = client_new(NULL);
    after = client_begin(root);
    assert_int_not_equal(after, before);
    assert_int_equal(client_write(root, before, "/x", "1"), EAGAIN);
    assert_int_equal(client_end(root, before), EAGAIN);
    assert_int_equal(client_write(root, after + 1, "/x", "1"), ENOENT);
    assert_int_equal(client_write(root, after, "/x", "1"), 0);
    assert_int_equal(client_end(root, after), 0);
    client_free(root);
    state_stop();
    fake_stop();
}

/* One that broke the protocol, and the end of another in a later frame. */
static void a_guest_that_is_not_served_stays_so(void **state)
{
    new_world(8, 0);
    start(boot);
    root = client_new(NULL);
    for (unsigned int g = 0; g < GUESTS; g++)
        new_life(g);
    page_of(0)->req_prod = page_of(0)->req_cons + XENSTORE_RING_SIZE + 1;
    ring_event(fake_port(FIRST_GUEST));
    fake_turns();
    assert_int_equal(page_of(0)->error, XENSTORE_ERROR_RINGIDX);
    assert_int_equal(client_one(root, XS_RELEASE, 0, "6"), 0);
    death_step(2);
    client_free(root);
    state_stop();
    fake_stop();

    page_of(0)->error = XENSTORE_ERROR_NONE;
    start(boot);
    assert_int_equal(page_of(0)->error, XENSTORE_ERROR_RINGIDX);
    assert_int_equal(domain_known(FIRST_GUEST)->connection->fault,
                     XENSTORE_ERROR_RINGIDX);
    assert_false(introduced(1));
    page_of(0)->connection = XENSTORE_RECONNECT;
    ring_event(fake_port(FIRST_GUEST));
    assert_int_equal(page_of(0)->error, XENSTORE_ERROR_NONE);
    state_stop();
    fake_stop();
}

/* In this process, where leaks show. */
static void all_that_is_restored_is_released(void **state)
{
    record(7);
    start(boot);
    assert_accounts();
    state_stop();
    fake_stop();
}

/* Each frame of a few histories as a file for tests/fuzz/store_journal.c. */
static int write_seeds(const char *dir)
{
    char name[4096];

    for (uint32_t seed = 1; seed < 6; seed++) {
        record(seed);
        for (size_t f = 0; f < frames; f++) {
            FILE *file;

            snprintf(name, sizeof(name), "%s/%u-%zu", dir, seed, f);
            file = fopen(name, "w");
            if (!file)
                return 1;
            fwrite(frame[f] + 8, 1, (size_t)(frame[f + 1] - frame[f] - 8),
                   file);
            fclose(file);
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_death_at_every_point),
        cmocka_unit_test(many_deaths_in_long_histories),
        cmocka_unit_test(a_torn_end_is_told_and_left_out),
        cmocka_unit_test(a_flipped_bit_ends_the_journal_before_it),
        cmocka_unit_test(a_bad_record_undoes_its_frame),
        cmocka_unit_test(half_a_state_is_none),
        cmocka_unit_test(guests_go_on_after_damage),
        cmocka_unit_test(a_journal_of_another_boot_is_not_used),
        cmocka_unit_test(without_room_the_daemon_goes_on),
        cmocka_unit_test(without_room_for_a_second_file_the_first_grows),
        cmocka_unit_test(the_journal_comes_back_with_the_room),
        cmocka_unit_test(local_transactions_start_again),
        cmocka_unit_test(a_guest_that_is_not_served_stays_so),
        cmocka_unit_test(all_that_is_restored_is_released),
    };
    char dir[] = "/dev/shm/store-journal-XXXXXX";
    int rc, flags = MAP_SHARED | MAP_ANONYMOUS;

    if (!mkdtemp(dir))
        return 1;
    sprintf(path, "%s/journal", dir);
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, flags, -1, 0);
    if (world == MAP_FAILED ||
        mmap(fake_domain, sizeof(fake_domain), PROT_READ | PROT_WRITE,
             flags | MAP_FIXED, -1, 0) == MAP_FAILED)
        return 1;
    pages = malloc(sizeof(fake_domain));
    rc = argc > 1 ? write_seeds(argv[1])
                  : cmocka_run_group_tests(tests, NULL, NULL);
    free(pages);
    free(journal);
    unlink(path);
    rmdir(dir);
    free(wanted);
    return rc;
}
