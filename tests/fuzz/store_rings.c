/* SPDX-License-Identifier: MIT */
/*
 * The store with a guest that writes anything into its ring, by a thread of its
 * own while the daemon looks, and with local clients whose messages are cut,
 * wrong, unread or never finished, on sockets of the kernel; beside a guest and
 * a client that are none of that: what they write they read, in order, and they
 * hear of it. Indices that cannot be end the guest's conversation, until it
 * connects again.
 */
#include "../unit/store_test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <base/macros.h>

#include "../../tools/xenstored/outstanding.h"
#include "../../tools/xenstored/socket.h"
#include "../../tools/xenstored/state.h"
#include "../../tools/xenstored/turns.h"
#include "meddler.h"

#define HONEST    5
#define LIAR      6
#define LOCALS    3
#define LIFE      2000 /* messages of a conversation, about */
#define MAX_TURNS 20000
#define HEADER    sizeof(struct xsd_sockmsg)
#define LONGEST   (HEADER + XENSTORE_PAYLOAD_MAX)

static const uint64_t seeds[] = {41, 42, 43, 44, 45, 46, 47, 48};

static const char boot[] = "01234567-89ab-cdef-0123-456789abcdef";
static char path[64], journal[64];
static struct event_loop loop;
static unsigned long messages, answers, faults, lives, asked;

/* --- the daemon ----------------------------------------------------------- */

static void stop(struct event_work *w)
{
    event_loop_stop(&loop, 0);
}

static void turn(void)
{
    static struct event_work once = {.run = stop};

    event_work_queue(&loop, &once);
    assert_int_equal(event_loop_run(&loop), 0);
}

static struct xenstore_domain_interface *page_of(unsigned int domid)
{
    return &fake_domain[domid].page;
}

static void event(unsigned int domid)
{
    ring_event(fake_port(domid));
    turn();
}

/* NULL: it is not introduced at the moment. */
static struct connection *conversation(void)
{
    struct domain *d = domain_known(LIAR);

    return d ? d->connection : NULL;
}

static void introduce(uint16_t domid)
{
    bool fresh;

    assert_int_equal(domain_introduce(domid, 99, 3, &fresh), 0);
}

/* --- requests ------------------------------------------------------------- */

static size_t some_path(char *out)
{
    static const char *const some[] = {"/fuzz",
                                       "/fuzz/a",
                                       "/fuzz/a/b",
                                       "/fuzz//",
                                       "a",
                                       "a/b/c",
                                       "",
                                       "@releaseDomain",
                                       "@introduceDomain",
                                       "/local/domain/6",
                                       "/local/domain/6/a",
                                       "/local/domain/7/a"};

    return (size_t)sprintf(out, "%s", some[fuzz_random() % ARRAY_SIZE(some)]) +
           1;
}

static size_t some_bytes(char *out)
{
    size_t len = fuzz_random() % (fuzz_once_in(20) ? 3000 : 30);

    fuzz_fill(out, len);
    return len;
}

/* Never the honest guest's: a local client may do anything to it. */
static size_t some_domain(char *out)
{
    return (size_t)sprintf(out, "%u", LIAR + fuzz_random() % 3) + 1;
}

static size_t some_perms(char *out)
{
    size_t len = 0;

    for (uint32_t n = 1 + fuzz_random() % 3; n; n--) {
        out[len++] = "nrwb"[fuzz_random() % 4];
        len += some_domain(out + len);
    }
    return len;
}

static size_t payload(uint32_t type, char *out)
{
    size_t len;

    switch (type) {
    case XS_INTRODUCE:
    case XS_RELEASE:
    case XS_RESUME:
    case XS_SET_TARGET:
    case XS_IS_DOMAIN_INTRODUCED:
    case XS_GET_DOMAIN_PATH:
        len = some_domain(out);
        if (type == XS_INTRODUCE)
            len +=
                (size_t)sprintf(out + len, "99%c%u", 0, fuzz_random() % 4) + 1;
        return type == XS_SET_TARGET ? len + some_domain(out + len) : len;
    case XS_CONTROL:
        return (size_t)sprintf(out, fuzz_once_in(2) ? "check" : "help") + 1;
    case XS_TRANSACTION_END:
        return (size_t)sprintf(out, fuzz_once_in(4) ? "F" : "T") + 1;
    case XS_SET_PERMS:
        len = some_path(out);
        return len + some_perms(out + len);
    case XS_WATCH:
    case XS_UNWATCH:
    case XS_DIRECTORY_PART:
        len = some_path(out);
        return len + (size_t)sprintf(out + len, "%u", fuzz_random() % 5) + 1;
    case XS_WRITE:
        len = some_path(out);
        return len + some_bytes(out + len);
    default:
        return some_path(out);
    }
}

/* The bytes of one, as a rule a proper one. */
static size_t some_message(char *out, bool local)
{
    static const uint32_t often[] = {
        XS_WRITE,          XS_READ, XS_RM, XS_WATCH, XS_TRANSACTION_START,
        XS_TRANSACTION_END};
    struct xsd_sockmsg h = {.req_id = fuzz_random()};
    size_t len;

    h.type = fuzz_once_in(2) ? often[fuzz_random() % ARRAY_SIZE(often)]
                             : fuzz_mostly_below(XS_TYPE_COUNT + 1);
    len = payload(h.type, out + HEADER);
    if (h.type != XS_TRANSACTION_START && fuzz_once_in(3))
        h.tx_id = (local ? state_life() << 20 : 0) + fuzz_random() % 12;
    if (fuzz_once_in(60))
        len = fuzz_random() % (len + 1);
    h.len = (uint32_t)len;
    if (fuzz_once_in(300))
        h.len = fuzz_once_in(2) ? fuzz_random() : fuzz_random() % 4200;
    memcpy(out, &h, HEADER);
    messages++;
    return HEADER + len;
}

/* --- rings, as guests see them -------------------------------------------- */

static uint32_t ring_put(struct xenstore_domain_interface *p, const char *data,
                         uint32_t len)
{
    uint32_t room = XENSTORE_RING_SIZE - (p->req_prod - p->req_cons);

    if (len > room)
        len = room;
    for (uint32_t i = 0; i < len; i++)
        p->req[MASK_XENSTORE_IDX(p->req_prod + i)] = data[i];
    p->req_prod += len;
    return len;
}

static uint32_t ring_get(struct xenstore_domain_interface *p, char *data,
                         uint32_t len)
{
    uint32_t there = p->rsp_prod - p->rsp_cons;

    if (len > there)
        len = there;
    for (uint32_t i = 0; i < len; i++)
        data[i] = p->rsp[MASK_XENSTORE_IDX(p->rsp_cons + i)];
    p->rsp_cons += len;
    return len;
}

/* --- those who do not lie: a guest on its ring, a client on a socket -------
 */

static int honest_fd;

static size_t move(bool guest, char *data, size_t len, bool out)
{
    ssize_t n;

    if (guest)
        return out ? ring_put(page_of(HONEST), data, (uint32_t)len)
                   : ring_get(page_of(HONEST), data, (uint32_t)len);
    n = out ? send(honest_fd, data, len, MSG_DONTWAIT)
            : recv(honest_fd, data, len, MSG_DONTWAIT);
    assert_true(n > 0 || (n < 0 && errno == EAGAIN));
    return n < 0 ? 0 : (size_t)n;
}

static void move_all(bool guest, char *data, size_t len, bool out)
{
    for (int i = 0; len; i++) {
        size_t n = move(guest, data, len, out);

        assert_true(i < MAX_TURNS);
        data += n;
        len -= n;
        if (guest && n)
            event(HONEST);
        else if (len)
            turn();
    }
}

static void receive(bool guest, struct xsd_sockmsg *h, char *data)
{
    move_all(guest, (char *)h, HEADER, false);
    assert_true(h->len <= XENSTORE_PAYLOAD_MAX);
    move_all(guest, data, h->len, false);
    data[h->len] = '\0';
}

static void request(bool guest, uint32_t type, const char *data, size_t len)
{
    struct xsd_sockmsg h = {type, 4711, 0, (uint32_t)len};
    char all[200];

    memcpy(all, &h, HEADER);
    memcpy(all + HEADER, data, len);
    move_all(guest, all, HEADER + len, true);
}

static void expect(bool guest, uint32_t type, const char *text)
{
    static char data[XENSTORE_PAYLOAD_MAX + 1];
    struct xsd_sockmsg h;

    receive(guest, &h, data);
    assert_int_equal(h.type, type);
    assert_string_equal(data, text);
}

/* One write, heard of and read; both requests are sent at once. */
static void write_and_read(bool guest)
{
    char node[64], text[100];
    int name, all;

    name = sprintf(node, guest ? "/local/domain/%d/n" : "/honest/%d", HONEST);
    all = sprintf(text, "%s%c%lu", node, 0, ++asked);
    request(guest, XS_WRITE, text, (size_t)all);
    request(guest, XS_READ, node, (size_t)name + 1);
    expect(guest, XS_WRITE, "OK");
    expect(guest, XS_WATCH_EVENT, node);
    expect(guest, XS_READ, text + name + 1);
}

static void begin_honestly(bool guest)
{
    char text[64];
    int len = sprintf(text, guest ? "/local/domain/%d/n%ct" : "/honest/%d%ct",
                      HONEST, 0);

    request(guest, XS_WATCH, text, (size_t)len + 1);
    expect(guest, XS_WATCH, "OK");
    expect(guest, XS_WATCH_EVENT, text);
}

/* --- local clients that lie ----------------------------------------------- */

static struct local {
    int fd;
    char out[LONGEST]; /* what is left of a message */
    size_t used, sent;
    bool reads;
} local[LOCALS];

static int connect_socket(void)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    strcpy(a.sun_path, path);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
    return fd;
}

static void local_begin(struct local *l)
{
    if (l->fd > 0)
        close(l->fd);
    l->used = l->sent = 0;
    l->reads = !fuzz_once_in(8);
    l->fd = connect_socket();
}

static void local_read(struct local *l)
{
    static char data[1 << 16];
    ssize_t n = sizeof(data);

    while (n == sizeof(data))
        n = recv(l->fd, data, sizeof(data), MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN))
        local_begin(l);
}

/* False: no more for now. */
static bool local_send(struct local *l)
{
    size_t len;
    ssize_t n;

    if (l->sent == l->used) {
        l->used = some_message(l->out, true);
        l->sent = 0;
    }
    len = l->used - l->sent;
    if (fuzz_once_in(10))
        len = 1 + fuzz_random() % len;
    n = send(l->fd, l->out + l->sent, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
        local_begin(l);
    else if (n > 0)
        l->sent += (size_t)n;
    return n == (ssize_t)len;
}

static void local_act(struct local *l)
{
    if (fuzz_once_in(500)) {
        local_begin(l);
        return;
    }
    for (uint32_t n = 1 + fuzz_random() % 16; n && local_send(l); n--)
        ;
    if (l->reads || fuzz_once_in(100))
        local_read(l);
}

/* --- the guest that lies -------------------------------------------------- */

static bool whole; /* the thread writes into the indices, too */
static char answer[LONGEST];
static uint32_t have; /* of it */

static void let_meddle(void)
{
    struct xenstore_domain_interface *p = page_of(LIAR);
    const struct meddled areas[] = {{p->req, sizeof(p->req)},
                                    {p, whole ? sizeof(*p) : 0}};

    meddle(areas, ARRAY_SIZE(areas));
}

/* It is not this that is tried here. */
static void forgive(void)
{
    struct domain *d = domain_known(LIAR);

    if (!d)
        return;
    d->held_back_until = d->suspect_until = d->offences = 0;
    d->share = (struct share){0};
}

/* Another domain of the same number, or the same one which begins afresh. */
static void connect_again(bool all)
{
    meddle(NULL, 0);
    if (fuzz_once_in(3) || !fake_domain[LIAR].exists) {
        fake_destroy(LIAR);
        domain_check_all();
        fake_create(LIAR);
    }
    introduce(LIAR); /* a local client may have spoilt its port */
    page_of(LIAR)->connection = XENSTORE_RECONNECT;
    forgive();
    ring_event(fake_port(LIAR));
    assert_int_equal(page_of(LIAR)->connection, XENSTORE_CONNECTED);
    assert_int_equal(conversation()->fault, XENSTORE_ERROR_NONE);
    have = 0;
    whole = all;
    lives++;
}

static void put_some(void)
{
    struct xenstore_domain_interface *p = page_of(LIAR);
    char data[LONGEST];

    for (uint32_t n = fuzz_random() % 8; n; n--) {
        size_t len = some_message(data, false);
        uint32_t used = p->req_prod - p->req_cons;

        if (!whole && used + len > XENSTORE_RING_SIZE && !fuzz_once_in(8)) {
            messages--;
            return;
        }
        /* A part of one, now and then. */
        if (whole && used > XENSTORE_RING_SIZE)
            p->req_prod += fuzz_random() % 100;
        else
            ring_put(p, data, (uint32_t)len);
    }
}

/* The thread leaves these alone: each is a whole message. */
static void take_answers(void)
{
    struct xsd_sockmsg h = {0};
    uint32_t n;

    do {
        uint32_t want = HEADER;

        if (have >= HEADER) {
            memcpy(&h, answer, HEADER);
            assert_true(h.len <= XENSTORE_PAYLOAD_MAX);
            assert_true(h.type < XS_TYPE_COUNT);
            want += h.len;
        }
        n = ring_get(page_of(LIAR), answer + have, want - have);
        have += n;
        if (have >= HEADER && want == have && want == HEADER + h.len) {
            answers += h.type != XS_WATCH_EVENT;
            have = 0;
        }
    } while (n || (have == HEADER && !h.len));
}

static void absurd_index(void)
{
    struct xenstore_domain_interface *p = page_of(LIAR);
    uint32_t far =
        1 + (fuzz_once_in(2) ? fuzz_random() % 8 : fuzz_random() / 2);

    connect_again(false);
    if (fuzz_once_in(2)) {
        p->req_prod = p->req_cons + XENSTORE_RING_SIZE + far;
    } else {
        struct xsd_sockmsg h = {.type = XS_TRANSACTION_START};

        ring_put(p, (const char *)&h, HEADER);
        p->rsp_cons = p->rsp_prod + far;
    }
    for (int i = 0; i < MAX_TURNS && !p->error; i++) {
        if (!conversation()) /* a local client has released it */
            return;
        introduce(LIAR);
        forgive();
        event(LIAR);
        for (int k = 0; k < LOCALS; k++)
            local_read(&local[k]);
    }
    assert_int_equal(p->error, XENSTORE_ERROR_RINGIDX);
}

/* --- all of them ---------------------------------------------------------- */

static void step(void)
{
    static unsigned long steps;

    put_some();
    forgive();
    event(LIAR);
    if (!whole && !fuzz_once_in(4))
        take_answers();
    else if (whole)
        page_of(LIAR)->rsp_cons = page_of(LIAR)->rsp_prod;
    for (int i = 0; i < LOCALS; i++)
        if (fuzz_once_in(2))
            local_act(&local[i]);
    turn();
    if (fuzz_once_in(10))
        write_and_read(fuzz_once_in(2));
    if (++steps % 500 == 0)
        assert_accounts();
}

static void live(bool all)
{
    unsigned long end = messages + LIFE;

    connect_again(all);
    let_meddle();
    while (messages < end && conversation() && !conversation()->fault)
        step();
    faults += conversation() && conversation()->fault;
    meddle(NULL, 0);
    if (fuzz_once_in(4))
        absurd_index();
}

/* Every other time with a journal. */
static void begin(unsigned int i)
{
    fake_start();
    if (i % 2)
        assert_int_equal(state_start(journal, boot), 0);
    fake_create(HONEST);
    introduce(HONEST);
    honest_fd = connect_socket();
    request(false, XS_SET_PERMS, "/local/domain/5\0n5", 19);
    expect(false, XS_ERROR, "ENOENT");
    request(false, XS_MKDIR, "/local/domain/5", 16);
    expect(false, XS_MKDIR, "OK");
    request(false, XS_SET_PERMS, "/local/domain/5\0n5", 19);
    expect(false, XS_SET_PERMS, "OK");
    for (int guest = 0; guest < 2; guest++)
        begin_honestly(guest);
    for (int k = 0; k < LOCALS; k++)
        local_begin(&local[k]);
}

static void end(void)
{
    for (int k = 0; k < LOCALS; k++) {
        close(local[k].fd);
        local[k].fd = 0;
    }
    close(honest_fd);
    for (int i = 0; i < 10; i++)
        turn();
    state_stop();
    assert_accounts();
    fake_stop();
    for (unsigned int i = 0; i < FAKE_DOMAINS; i++)
        assert_int_equal(fake_domain[i].mapped | fake_domain[i].bound, 0);
    unlink(journal);
}

static void who_lies_harms_nobody_else(void **state)
{
    unsigned long count = fuzz_count(200000) / ARRAY_SIZE(seeds), begun;

    outstanding_timeout = 1;
    for (unsigned int i = 0; i < ARRAY_SIZE(seeds); i++) {
        fuzz_seed(seeds[i]);
        begin(i);
        for (begun = messages; messages - begun < count;)
            live(fuzz_once_in(4));
        end();
    }
    print_message(
        "# %lu messages, %lu answers to the guest, %lu conversations, "
        "%lu of them ended; the others: %lu writes\n",
        messages, answers, lives, faults, asked);
    assert_true(answers > 1000 && faults && asked > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_lies_harms_nobody_else),
    };
    int rc;

    snprintf(path, sizeof(path), "/dev/shm/store-fuzz-%d.socket",
             (int)getpid());
    snprintf(journal, sizeof(journal), "/dev/shm/store-fuzz-%d.journal",
             (int)getpid());
    if (turns_init(&loop) || socket_listen(&loop, path))
        return 1;
    rc = cmocka_run_group_tests_name("fuzz store", tests, NULL, NULL);
    unlink(path);
    unlink(journal);
    event_loop_destroy(&loop);
    return rc;
}
