/* SPDX-License-Identifier: MIT */
/* See store_world.h. */
#include "store_world.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tools/xenstored/state.h"
#include "store_text.h"

const char world_boot[] = "01234567-89ab-cdef-0123-456789abcdef";
char world_path[64];
struct world *world;

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
int world_full_after = -1;
bool world_full_beside_old, world_full_with_two;

bool world_has_two(void)
{
    char fresh[sizeof(world_path) + sizeof(JOURNAL_FRESH)];

    snprintf(fresh, sizeof(fresh), "%s" JOURNAL_FRESH, world_path);
    return access(fresh, F_OK) == 0;
}

static bool is_full(void)
{
    return world_full_after == 0 ||
           (world_full_beside_old && access(world_path, F_OK) == 0) ||
           (world_full_with_two && world_has_two());
}

uint64_t world_written;

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    ssize_t n;

    if (is_full()) {
        errno = ENOSPC;
        return -1;
    }
    world_full_after -= world_full_after > 0;
    point();
    if (!immune && ++world->points == world->fatal) {
        world->torn += __real_write(fd, data, len / 2) > 0;
        die();
    }
    n = __real_write(fd, data, len);
    world_written += n > 0 ? (uint64_t)n : 0;
    world->frames += !starting;
    point();
    return n;
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

bool world_no_second_file;

int __wrap_rename(const char *from, const char *to)
{
    int rc;

    if (world_no_second_file && access(to, F_OK) == 0) {
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

struct xenstore_domain_interface *world_page(unsigned int g)
{
    return &fake_domain[FIRST_GUEST + g].page;
}

bool world_introduced(unsigned int g)
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
    if (world_introduced(g) && sent)
        ring_event(fake_port(FIRST_GUEST + g));
    fake_turns();
}

/* As much as fits. As Linux does, an event goes with it only if the store has
 * said that it took all before it. */
static void put(unsigned int g)
{
    struct xenstore_domain_interface *p = world_page(g);
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
    struct xenstore_domain_interface *p = world_page(g);
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
    struct xenstore_domain_interface *p = world_page(g);
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

struct client *world_root;

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

    if (!world_introduced(g))
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

void world_new_life(unsigned int g)
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
    client_one(world_root, XS_MKDIR, 0, text);
    client_two(world_root, XS_SET_PERMS, 0, text, perms);
    client_ask(world_root, XS_INTRODUCE, 0, text,
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
        client_one(world_root, XS_RM, 0, where);
        break;
    case 1:
        client_ask(world_root, XS_CONTROL, 0,
                   "quota\0set\0watches\0"
                   "90",
                   21, NULL, NULL);
        break;
    case 2:
        client_two(world_root, XS_SET_PERMS, 0, "@releaseDomain",
                   rnd(2) ? "r0" : "n0");
        break;
    case 3:
        client_two(world_root, XS_SET_TARGET, 0, "5", "6");
        break;
    default:
        client_write(world_root, 0, where, "by root");
        break;
    }
}

void world_death(unsigned int g)
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
        world_death(g);
    else if (!world_introduced(g))
        world_new_life(g);
}

/* --- the daemon as a process ---------------------------------------------- */

void world_start(const char *boot_id)
{
    fake_log_lines = 0;
    quota[QUOTA_CPU] = 0;
    for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
        fake_domain[i].mapped = fake_domain[i].bound = 0;
    fake_domain[0].exists = true;
    assert_int_equal(domain_init(true), 0);
    assert_int_equal(store_init(), 0);
    starting = true;
    assert_int_equal(state_start(world_path, boot_id), 0);
    state_resume();
    starting = false;
}

static void dump(void)
{
    size_t used;

    store_text(world->dump, sizeof(world->dump));
    used = strlen(world->dump);
    for (unsigned int g = 0; g < GUESTS; g++)
        used += (size_t)snprintf(world->dump + used, sizeof(world->dump) - used,
                                 "guest %u: %u messages %x, %u to come\n", g,
                                 world->guest[g].received, world->guest[g].hash,
                                 world->guest[g].out_len);
    assert_true(used < sizeof(world->dump));
}

static void play(void)
{
    fake_notify = notified;
    world_start(world_boot);
    world_root = client_new(NULL);
    if (!world->born)
        for (unsigned int g = 0; g < GUESTS; g++)
            world_new_life(g);
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
    client_free(world_root);
    fake_turns();
    dump();
}

bool world_daemon(void)
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

void world_begin(uint32_t seed, uint32_t steps)
{
    memset(world, 0, sizeof(*world));
    memset(fake_domain, 0, sizeof(fake_domain));
    unlink(world_path);
    world->seed = seed;
    world->steps = steps;
}

char *world_wanted;

void world_reference(uint32_t seed, uint32_t steps)
{
    world_begin(seed, steps);
    assert_true(world_daemon());
    free(world_wanted);
    world_wanted = strdup(world->dump);
}

void world_compare(void)
{
    if (!strcmp(world->dump, world_wanted))
        return;
    for (const char *a = world_wanted, *b = world->dump; *a && *b;) {
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

/* --- the beginning and the end -------------------------------------------- */

int world_create(void)
{
    char dir[] = "/dev/shm/store-world-XXXXXX";
    int flags = MAP_SHARED | MAP_ANONYMOUS;

    if (!mkdtemp(dir))
        return -1;
    sprintf(world_path, "%s/journal", dir);
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, flags, -1, 0);
    if (world == MAP_FAILED ||
        mmap(fake_domain, sizeof(fake_domain), PROT_READ | PROT_WRITE,
             flags | MAP_FIXED, -1, 0) == MAP_FAILED)
        return -1;
    return 0;
}

void world_remove(void)
{
    unlink(world_path);
    *strrchr(world_path, '/') = '\0';
    rmdir(world_path);
    free(world_wanted);
}
