/* SPDX-License-Identifier: MIT */
/*
 * Journals of histories (store_world.h), damaged: cut off, with bits turned,
 * and, with checksums that are right, with other bytes, numbers and lengths in
 * a frame, frames left out, repeated or of another history, and records of any
 * fields. What was whole
 * before the damage is used, to the byte; what is made of the rest is a store
 * whose accounts add up, whose guests can be served, and which goes without a
 * trace.
 */
#include "../unit/store_world.h"

#include <errno.h>
#include <unistd.h>
#include <zlib.h>

#include "../../tools/xenstored/record.h"
#include "../../tools/xenstored/state.h"
#include "../unit/store_text.h"
#include "meddler.h"

#define HISTORIES 24
#define STEPS     5
#define FRAMES    256
#define MOST      (64u << 10) /* bytes of a journal */
/* Of a frame: its length and its checksum. */
#define FRAME_HEAD 8u

static const uint64_t seeds[] = {51, 52, 53, 54, 55, 56, 57, 58};

static struct history {
    char *data;
    size_t len;
    size_t frame[FRAMES + 1]; /* where each begins, and the end */
    unsigned int frames;
    struct fake_domain guest[GUESTS]; /* as they were when it ended */
} history[HISTORIES];

/* The one that is read, and what is made of it. */
static const struct history *h;
static char bytes[MOST];
static size_t len;
static unsigned long reads, whole, parts, none;

static const char *given; /* NULL: there is no file */
static size_t given_len;

int __real_journal_load(const char *path, char **data, size_t *length);
int __wrap_journal_load(const char *path, char **data, size_t *length);

/* Not a byte more than there is. */
int __wrap_journal_load(const char *path, char **data, size_t *length)
{
    if (!given)
        return ENOENT;
    *length = given_len;
    *data = malloc(given_len);
    memcpy(*data, given, given_len);
    return 0;
}

/* --- journals that are good ----------------------------------------------- */

static void record(struct history *to, uint32_t seed)
{
    struct journal_scan s;
    struct unpack u;

    world_reference(seed, STEPS);
    assert_int_equal(__real_journal_load(world_path, &to->data, &to->len), 0);
    assert_true(to->len < MOST / 4);
    assert_int_equal(journal_scan_start(&s, to->data, to->len, world_boot), 0);
    to->frame[0] = (size_t)(s.at - s.start);
    while (journal_scan_next(&s, &u)) {
        assert_true(to->frames < FRAMES);
        to->frame[++to->frames] = (size_t)(s.at - s.start);
    }
    assert_int_equal(to->frame[to->frames], to->len);
    memcpy(to->guest, &fake_domain[FIRST_GUEST], sizeof(to->guest));
}

/* --- damage --------------------------------------------------------------- */

static void add(const char *data, size_t n)
{
    if (len + n > MOST)
        return;
    memcpy(bytes + len, data, n);
    len += n;
}

static void add_frame(const struct history *from, unsigned int f)
{
    add(from->data + from->frame[f], from->frame[f + 1] - from->frame[f]);
}

static void add_frames(unsigned int from, unsigned int to)
{
    for (; from < to; from++)
        add_frame(h, from);
}

static void mutate(char *at, uint32_t n)
{
    static const uint32_t limits[] = {0,      1,      0x7f,       0x80,
                                      0xffff, 0x7fff, 0x7fffffff, 0xffffffff};
    uint32_t where = fuzz_random() % n, value;

    switch (fuzz_random() % 5) {
    case 0:
        at[where] ^= (char)(1 << fuzz_random() % 8);
        return;
    case 1: /* what stands elsewhere */
        at[where] = at[fuzz_random() % n];
        return;
    case 2: /* the beginning of another record, perhaps */
        at[where] = (char)(fuzz_random() % 16);
        return;
    case 3:
        value = limits[fuzz_random() % 8];
        break;
    default:
        value = fuzz_mostly_below(64);
    }
    memcpy(at + where, &value, n - where < 4 ? n - where : 1u << where % 3);
}

/* Bytes of it go, or some come twice. */
static void stretch(char *at, uint32_t *n)
{
    uint32_t from = fuzz_random() % *n, size = 1 + fuzz_random() % 16;

    if (size > *n - from)
        size = *n - from;
    if (fuzz_once_in(2) && *n > size) {
        memmove(at + from, at + from + size, *n - from - size);
        *n -= size;
    } else if (len + size <= MOST) {
        memmove(at + from + size, at + from, *n - from);
        *n += size;
    }
}

/* A frame at @begin, of @n bytes that are there: the last. */
static void end_frame(size_t begin, uint32_t n)
{
    uint32_t crc = (uint32_t)crc32(0, (const void *)&n, sizeof(n));

    crc = (uint32_t)crc32(crc, (void *)(bytes + begin + FRAME_HEAD), n);
    memcpy(bytes + begin, &n, sizeof(n));
    memcpy(bytes + begin + sizeof(n), &crc, sizeof(crc));
    len = begin + FRAME_HEAD + n;
}

/* The last frame, with a checksum that is right. */
static void change_frame(void)
{
    size_t begin = h->frame[0];
    uint32_t n;

    for (;; begin += FRAME_HEAD + n) {
        memcpy(&n, bytes + begin, sizeof(n));
        if (begin + FRAME_HEAD + n == len)
            break;
    }
    for (uint32_t i = 1 + fuzz_random() % 4; i && n; i--)
        mutate(bytes + begin + FRAME_HEAD, n);
    if (fuzz_once_in(4) && n)
        stretch(bytes + begin + FRAME_HEAD, &n);
    end_frame(begin, n);
}

/* --- records of any fields ------------------------------------------------ */

static void some_path(struct pack *p)
{
    static const char *const some[] = {"/",
                                       "/local",
                                       "/local/domain/5",
                                       "/local/domain/6/a",
                                       "/local/domain/5/a/b",
                                       "/none/a/b",
                                       "@releaseDomain",
                                       "a//",
                                       ""};

    pack_string(p, some[fuzz_random() % 9]);
}

static uint32_t some_size(uint32_t most)
{
    return fuzz_once_in(10) ? fuzz_random() % 6000 : fuzz_random() % most;
}

static void some_blob(struct pack *p, uint32_t most)
{
    static const char zeroes[6000];

    pack_blob(p, zeroes, some_size(most));
}

static void some_domain(struct pack *p)
{
    pack_u16(p, (uint16_t)(fuzz_once_in(20)
                               ? fuzz_random()
                               : FIRST_GUEST - 1 + fuzz_random() % 5));
}

static void some_perms(struct pack *p)
{
    uint32_t n = fuzz_once_in(20) ? fuzz_random() % 40 : 1 + fuzz_random() % 2;

    pack_u32(p, n);
    for (; n; n--) {
        some_domain(p);
        pack_u32(p, fuzz_mostly_below(6));
        pack_u8(p, (uint8_t)fuzz_random());
    }
}

static void some_message(struct pack *p)
{
    struct xsd_sockmsg m = {.type = fuzz_mostly_below(XS_TYPE_COUNT)};
    uint32_t body = some_size(40);

    m.len = fuzz_once_in(10) ? fuzz_random() % 6000 : body;
    pack_u8(p, fuzz_random() % 2);
    pack_u32(p, (uint32_t)sizeof(m) + body);
    pack_bytes(p, &m, sizeof(m));
    for (; body; body--)
        pack_u8(p, 'm');
}

static void some_connection(struct pack *p)
{
    uint32_t n = fuzz_random() % 4;

    pack_u8(p, fuzz_random() % 2);
    pack_u8(p, !fuzz_once_in(8));
    some_domain(p); /* its target */
    pack_u32(p, fuzz_mostly_below(6));
    pack_u32(p, fuzz_once_in(4) ? fuzz_random() % 5 : 0);
    pack_u32(p, fuzz_mostly_below(5000));
    pack_u32(p, fuzz_mostly_below(5000));
    some_blob(p, 40);
    pack_u32(p, fuzz_once_in(4) ? fuzz_mostly_below(3) : 0);
    pack_u32(p, n);
    while (n--)
        some_message(p);
    pack_u32(p, fuzz_once_in(2) ? fuzz_mostly_below(60) : 0);
    pack_u32(p, fuzz_random());
    n = fuzz_mostly_below(4);
    pack_u32(p, n);
    for (uint32_t i = 0; i < n && i < 12; i++)
        pack_u32(p, fuzz_random() % 5);
}

static void some_record(struct pack *p)
{
    uint32_t kind = 1 + fuzz_random() % RECORD_COMPLETE;

    pack_u8(p, (uint8_t)kind);
    switch (kind) {
    case RECORD_CREATE:
        some_path(p);
        pack_u16(p, (uint16_t)fuzz_mostly_below(20));
        some_perms(p);
        some_blob(p, 40);
        break;
    case RECORD_VALUE:
        some_path(p);
        some_blob(p, 40);
        break;
    case RECORD_PERMS:
        some_path(p);
        some_perms(p);
        break;
    case RECORD_REMOVE:
        some_path(p);
        break;
    case RECORD_WATCH:
        some_domain(p);
        pack_u16(p, (uint16_t)fuzz_mostly_below(20));
        some_path(p);
        pack_string(p, "token");
        break;
    case RECORD_UNWATCH:
        some_domain(p);
        some_path(p);
        pack_string(p, "token");
        break;
    case RECORD_QUOTA:
        pack_u8(p, (uint8_t)fuzz_mostly_below(QUOTA_COUNT + 2));
        pack_u64(p, fuzz_mostly_below(100));
        break;
    case RECORD_CONNECTION:
        some_domain(p);
        some_connection(p);
        break;
    case RECORD_DOMAIN:
        some_domain(p);
        pack_u32(p, fuzz_mostly_below(6));
        pack_bytes(p, h->guest, 16); /* a handle */
        break;
    case RECORD_RING:
        some_domain(p);
        pack_u64(p, fuzz_mostly_below(3));
        for (int i = 0; i < 3; i++)
            pack_u32(p, fuzz_mostly_below(5000));
        break;
    case RECORD_DOMAIN_GONE:
    case RECORD_RING_GONE:
        some_domain(p);
        break;
    case RECORD_COUNTERS:
        pack_u64(p, fuzz_random());
        pack_u32(p, fuzz_mostly_below(100));
        pack_u32(p, fuzz_mostly_below(100));
        break;
    }
}

static void add_records(void)
{
    static struct pack p;
    size_t begin = len;

    p.used = 0;
    for (uint32_t n = 1 + fuzz_random() % 4; n; n--)
        some_record(&p);
    if (len + FRAME_HEAD + p.used > MOST)
        return;
    memcpy(bytes + begin + FRAME_HEAD, p.data, p.used);
    end_frame(begin, (uint32_t)p.used);
}

/* --- what is read --------------------------------------------------------- */

/* A frame is changed, left out, repeated, or another's. */
static void misuse_frames(void)
{
    const struct history *other = &history[fuzz_random() % HISTORIES];
    unsigned int f = fuzz_random() % h->frames;

    len = 0;
    add(h->data, h->frame[0]);
    add_frames(0, f);
    switch (fuzz_random() % 8) {
    case 0:
        break;
    case 1:
        add_frame(h, f);
        add_frame(h, f);
        break;
    case 2:
        add_frame(other, fuzz_random() % other->frames);
        break;
    case 3:
    case 4:
    case 5:
        add_frame(h, f);
        add_records();
        break;
    default:
        add_frame(h, f);
        change_frame();
    }
    add_frames(f + 1, h->frames);
}

/* --- reading -------------------------------------------------------------- */

static void begin(void)
{
    memcpy(&fake_domain[FIRST_GUEST], h->guest, sizeof(h->guest));
    for (unsigned int g = 0; g < GUESTS; g++)
        fake_domain[FIRST_GUEST + g].mapped =
            fake_domain[FIRST_GUEST + g].bound = 0;
    assert_int_equal(domain_init(true), 0);
    assert_int_equal(store_init(), 0);
    state_forget_quotas();
}

/* Events that begin behind the end of their paths are seldom noticed: most
 * often there is other memory of the daemon's. */
static void assert_watches(void)
{
    struct domain *d = NULL;

    while ((d = domain_next(d)))
        for (struct watch *w = d->connection ? d->connection->watches.first
                                             : NULL;
             w; w = w->next)
            assert_true(w->relative <= strlen(w->path));
}

static size_t read_journal(const char *data, size_t n)
{
    size_t lost, good;

    begin();
    given = data;
    given_len = n;
    assert_int_equal(restore_journal("", world_boot, &lost, &good), 0);
    assert_true(!good || good + lost == n);
    domain_restore_rings(lost != 0);
    connection_reap();
    assert_accounts();
    assert_watches();
    reads++;
    whole += !lost;
    none += lost == n;
    parts += lost && lost != n;
    return lost;
}

/* What guests watch is written. */
static void fire_watches(void)
{
    struct actor dom0 = {.privileged = true,
                         .self = {0, INCARNATION_DOM0},
                         .target = {0, INCARNATION_DOM0}};
    struct view v = {&dom0, NULL};
    struct change c = {0};

    if (!store_mkdir(&v, "/local/domain/5/a/b/c", &c))
        store_publish(&c);
    watch_fire_special("@releaseDomain");
}

/* Guests are served, and all of it goes. */
static void finish(void)
{
    state_resume();
    fire_watches();
    fake_turns();
    assert_accounts();
    fake_stop();
    for (unsigned int g = 0; g < GUESTS; g++)
        assert_int_equal(fake_domain[FIRST_GUEST + g].mapped |
                             fake_domain[FIRST_GUEST + g].bound,
                         0);
}

/* Up to where domains begin: their rings depend on the damage. */
static void tree_text(char *text)
{
    store_text(text, DUMP_MAX);
    *strstr(text, "domain 0.") = '\0';
}

/* The store is that of the @good bytes before the damage. */
static void compare(size_t good)
{
    static char is[DUMP_MAX], wanted[DUMP_MAX];

    tree_text(is);
    finish();
    assert_int_equal(read_journal(bytes, good), 0);
    tree_text(wanted);
    assert_string_equal(is, wanted);
}

/* A frame that is damaged shows by its checksum: all before it is used, if that
 * is at least a whole state. */
static size_t read_damaged(void)
{
    size_t at = fuzz_random() % h->len, good = 0, lost;

    memcpy(bytes, h->data, h->len);
    len = h->len;
    if (fuzz_once_in(3))
        len = at;
    else
        bytes[at] ^= (char)(1 + fuzz_random() % 255);
    for (unsigned int f = 0; f <= h->frames && h->frame[f] <= at; f++)
        good = h->frame[f];
    lost = read_journal(bytes, len);
    /* What is no journal at all is not counted as lost. */
    if (!lost || lost == len)
        assert_true(good == len || good <= h->frame[0]);
    else
        assert_int_equal(lost, len - good);
    return lost;
}

static void read_one(void)
{
    size_t lost;

    h = &history[fuzz_random() % HISTORIES];
    if (fuzz_once_in(4)) {
        lost = read_damaged();
    } else {
        misuse_frames();
        lost = read_journal(bytes, len);
    }
    if (lost && lost != len && fuzz_once_in(50))
        compare(len - lost);
    finish();
}

static void no_journal_ends_the_daemon(void **state)
{
    unsigned long count = fuzz_count(80000) / 8, from;

    for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++) {
        fuzz_seed(seeds[i]);
        for (from = reads; reads - from < count;)
            read_one();
    }
    print_message("# %lu journals: %lu read to the end, %lu in part, %lu not\n",
                  reads, whole, parts, none);
    assert_true(whole > reads / 10 && parts > reads / 10 && none);
}

static int setup(void **state)
{
    if (world_create())
        return -1;
    for (uint32_t i = 0; i < HISTORIES; i++)
        record(&history[i], i + 1);
    unlink(world_path);
    fake_start();
    /* The limits are those of the start. */
    assert_int_equal(state_start(world_path, world_boot), 0);
    state_stop();
    fake_stop();
    return 0;
}

static int teardown(void **state)
{
    for (int i = 0; i < HISTORIES; i++)
        free(history[i].data);
    world_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_journal_ends_the_daemon),
    };

    return cmocka_run_group_tests_name("fuzz journal", tests, setup, teardown);
}
