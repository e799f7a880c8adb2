/* SPDX-License-Identifier: MIT */
/*
 * Transactions of eight clients at a time on a few nodes, with requests outside
 * of any in between. Each answer must be what a store says in which one
 * transaction follows another: in the order of their commits, and those that
 * changed nothing at their start. That store is an array here.
 *
 * TRANSACTIONS is how many are begun, SEED where the history starts.
 */
#include "store_test.h"

#include <errno.h>

#include <base/macros.h>

#define CLIENTS  8
#define OPS_MOST 8

/* --- the store that is believed ------------------------------------------- */

static const struct place {
    const char *path;
    int parent;
} place[] = {
    {"/s", -1},      {"/s/a", 0},       {"/s/b", 0},      {"/s/c", 0},
    {"/s/a/x", 1},   {"/s/a/y", 1},     {"/s/b/x", 2},    {"/s/b/y", 2},
    {"/s/a/x/1", 4}, {"/s/a/x/1/2", 8}, {"/s/c/deep", 3}, {"/s/c/deep/1", 10},
    {"/rights", -1},
};
#define PLACES ((int)ARRAY_SIZE(place))
/* It is always there, and its permissions are more than one. */
#define RIGHTS (PLACES - 1)
static const char letters[] = "nrwb";

struct model {
    uint32_t exists[PLACES]; /* 0 or 1 */
    uint32_t value[PLACES];
    uint32_t perms[PLACES]; /* the request that has set them */
    uint32_t rights;        /* of RIGHTS: which letter */
};

struct op {
    uint32_t type;
    int place;
    uint32_t value; /* to write */
    /* What came of it: an errno value, or what was read: a value, the set of
     * children, or a letter. */
    int error;
    uint32_t result;
};

static bool below(int p, int top)
{
    for (; p >= 0; p = place[p].parent)
        if (p == top)
            return true;
    return false;
}

static uint32_t children(const struct model *m, int top)
{
    uint32_t set = 0;

    for (int p = 0; p < PLACES; p++)
        set |= (place[p].parent == top ? m->exists[p] : 0) << p;
    return set;
}

static void create(struct model *m, int p)
{
    for (; p >= 0 && !m->exists[p]; p = place[p].parent) {
        m->exists[p] = 1;
        m->value[p] = 0;
    }
}

static int remove_at(struct model *m, int top)
{
    int parent = place[top].parent;

    if (parent >= 0 && !m->exists[parent])
        return ENOENT;
    for (int p = 0; p < PLACES; p++)
        if (below(p, top))
            m->exists[p] = m->value[p] = m->perms[p] = 0;
    return 0;
}

/* Does @m say the same? */
static bool agrees(struct model *m, const struct op *o)
{
    int error = 0;
    uint32_t result = 0;

    switch (o->type) {
    case XS_READ:
    case XS_DIRECTORY:
        error = m->exists[o->place] ? 0 : ENOENT;
        if (!error)
            result =
                o->type == XS_READ ? m->value[o->place] : children(m, o->place);
        break;
    case XS_WRITE:
        create(m, o->place);
        m->value[o->place] = o->value;
        break;
    case XS_MKDIR:
        create(m, o->place);
        break;
    case XS_SET_PERMS: /* a change, although most are always the same */
        error = m->exists[o->place] ? 0 : ENOENT;
        if (!error)
            m->perms[o->place] = o->value;
        if (o->place == RIGHTS)
            m->rights = o->value % 4;
        break;
    case XS_GET_PERMS:
        result = m->rights;
        break;
    default:
        error = remove_at(m, o->place);
    }
    return error == o->error && result == o->result;
}

/* --- the store that is ---------------------------------------------------- */

static struct client *checker;

static int place_of(int parent, const char *name)
{
    for (int p = 0; p < PLACES; p++)
        if (place[p].parent == parent &&
            !strcmp(strrchr(place[p].path, '/') + 1, name))
            return p;
    fail_msg("'%s' has come from nowhere", name);
    return -1;
}

static uint32_t set_of(int parent, const char *names, size_t len)
{
    uint32_t set = 0;

    for (size_t at = 0; at < len; at += strlen(names + at) + 1)
        set |= 1u << place_of(parent, names + at);
    return set;
}

static void perform(struct client *cl, uint32_t tx, struct op *o)
{
    char data[64], answer[XENSTORE_PAYLOAD_MAX + 1];
    size_t len = (size_t)sprintf(data, "%s", place[o->place].path) + 1;

    if (o->type == XS_WRITE)
        len += (size_t)sprintf(data + len, "%u", o->value);
    else if (o->type == XS_SET_PERMS)
        len +=
            (size_t)sprintf(data + len, "%c0",
                            o->place == RIGHTS ? letters[o->value % 4] : 'n') +
            1;
    o->error = client_ask(cl, o->type, tx, data, len, answer, &len);
    o->result = 0;
    if (o->error)
        return;
    answer[len] = '\0';
    if (o->type == XS_READ)
        o->result = (uint32_t)strtoul(answer, NULL, 10);
    else if (o->type == XS_DIRECTORY)
        o->result = set_of(o->place, answer, len);
    else if (o->type == XS_GET_PERMS)
        o->result = (uint32_t)(strchr(letters, answer[0]) - letters);
}

static void ask_outside(struct client *cl, struct model *m, struct op *o)
{
    perform(cl, 0, o);
    if (!agrees(m, o))
        fail_msg("%s: %u, error %d", place[o->place].path, o->result, o->error);
}

static void assert_same(struct model *m)
{
    for (int p = 0; p < PLACES; p++) {
        struct op o = {.type = XS_READ, .place = p};

        ask_outside(checker, m, &o);
    }
}

/* --- the history ---------------------------------------------------------- */

static struct session {
    struct client *cl;
    uint32_t tx; /* 0: none is open */
    struct model start;
    struct op op[OPS_MOST];
    int ops;
} session[CLIENTS];

static struct model now;
static unsigned long committed, refused;

static uint32_t random_state;
static uint32_t rnd(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 8) % n;
}

static struct op some_op(void)
{
    static const uint32_t type[] = {XS_READ,      XS_READ,  XS_READ,
                                    XS_DIRECTORY, XS_WRITE, XS_WRITE,
                                    XS_MKDIR,     XS_RM,    XS_SET_PERMS};
    static const uint32_t kept[] = {XS_READ, XS_WRITE, XS_GET_PERMS,
                                    XS_SET_PERMS};
    static uint32_t value;
    struct op o = {.type = type[rnd(ARRAY_SIZE(type))],
                   .place = (int)rnd(PLACES)};

    if (o.place == RIGHTS)
        o.type = kept[rnd(ARRAY_SIZE(kept))];
    o.value = ++value;
    return o;
}

/* *changed: by one of the operations, even if another has undone it. */
static bool agree(struct model *m, const struct session *s, bool *changed)
{
    *changed = false;
    for (int i = 0; i < s->ops; i++) {
        struct model before = *m;

        if (!agrees(m, &s->op[i]))
            return false;
        *changed |= memcmp(m, &before, sizeof(before)) != 0;
    }
    return true;
}

static void fail_at(const struct session *s)
{
    for (int i = 0; i < s->ops; i++)
        print_message("type %u %s value %u: error %d, %u\n", s->op[i].type,
                      place[s->op[i].place].path, s->op[i].value,
                      s->op[i].error, s->op[i].result);
    fail_msg("after %lu commits, a transaction is nowhere in the order",
             committed);
}

/* It has been committed. */
static void check(struct session *s)
{
    struct model m = s->start;
    bool changed;

    if (!agree(&m, s, &changed))
        fail_at(s);
    if (!changed)
        return;
    if (!agree(&now, s, &changed))
        fail_at(s);
    committed++;
    assert_same(&now);
}

static void begin(struct session *s)
{
    s->tx = client_begin(s->cl);
    assert_true(s->tx);
    s->start = now;
    s->ops = 0;
}

static void end(struct session *s)
{
    int rc = client_end(s->cl, s->tx);

    s->tx = 0;
    if (rc == EAGAIN) {
        refused++;
        return;
    }
    assert_int_equal(rc, 0);
    check(s);
}

static void go_on(struct session *s)
{
    if (s->ops == OPS_MOST || (s->ops && rnd(6) == 0)) {
        end(s);
    } else {
        struct op *o = &s->op[s->ops++];

        *o = some_op();
        perform(s->cl, s->tx, o);
    }
}

static unsigned long setting(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);

    return text ? strtoul(text, NULL, 10) : otherwise;
}

static void each_transaction_has_its_place_in_an_order(void **state)
{
    unsigned long most = setting("TRANSACTIONS", 20000), begun = 0;

    random_state = (uint32_t)setting("SEED", 1) * 2654435761u;
    fake_start();
    checker = client_new(NULL);
    ask_outside(checker, &now, &(struct op){.type = XS_MKDIR, .place = RIGHTS});
    for (int i = 0; i < CLIENTS; i++)
        session[i].cl = client_new(NULL);
    while (begun < most) {
        struct session *s = &session[rnd(CLIENTS)];

        if (s->tx) {
            go_on(s);
        } else if (rnd(4)) {
            begin(s);
            begun++;
        } else {
            struct op o = some_op();

            ask_outside(s->cl, &now, &o);
        }
    }
    print_message("%lu committed, %lu refused\n", committed, refused);
    assert_true(committed > most / 10 && refused > most / 10);
    for (int i = 0; i < CLIENTS; i++)
        client_free(session[i].cl);
    client_free(checker);
    fake_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_transaction_has_its_place_in_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
