/* SPDX-License-Identifier: MIT */
/* See gate_world.h. */
#include "gate_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "../../tools/libxenstore/reconnect.h"

struct event_loop loop;
int process, store, store_end;
uint32_t sequence;

int xs_connect(void)
{
    if (store_end < 0)
        errno = ECONNREFUSED;
    return store_end;
}

static void enough(struct event_timer *t)
{
    event_loop_stop(&loop, 0);
}

void run_for(unsigned int ms)
{
    struct event_timer t = {.fire = enough};

    event_timer_set(&loop, &t, ms);
    event_loop_run(&loop);
}

void settle(void)
{
    run_for(2);
}

/* The other end does; on a busy host not at once. */
bool hangs_up_on(int fd)
{
    for (int i = 0; i < 1000; i++) {
        if (send(fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno == EPIPE)
            return true;
        settle();
    }
    return false;
}

void gate_world_open(struct store_gate *g)
{
    int ends[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    store = ends[0];
    store_end = ends[1];
    process = store_gate_open(g);
    assert_true(process >= 0);
}

void gate_world_close(struct store_gate *g)
{
    store_gate_close(g);
    close(process);
    close(store);
}

int gate_world_begin(void)
{
    return event_loop_init(&loop);
}

size_t make(struct message *m, uint32_t type, uint32_t tx, const char *p,
            size_t len)
{
    m->header = (struct xsd_sockmsg){type, ++sequence, tx, len};
    memcpy(m->payload, p, len);
    return sizeof(m->header) + len;
}

void send_all(int fd, const void *p, size_t n)
{
    assert_int_equal(send(fd, p, n, MSG_NOSIGNAL), n);
}

void ask_with(uint32_t type, uint32_t tx, const char *p, size_t len)
{
    struct message m;

    send_all(process, &m, make(&m, type, tx, p, len));
    settle();
}

/* One whole message that waits at fd; false: there is none. */
bool take(int fd, struct message *m)
{
    ssize_t n = recv(fd, &m->header, sizeof(m->header), MSG_DONTWAIT);

    if (n <= 0)
        return false;
    assert_int_equal(n, sizeof(m->header));
    if (m->header.len)
        assert_int_equal(recv(fd, m->payload, m->header.len, MSG_WAITALL),
                         m->header.len);
    return true;
}

bool passed(void)
{
    struct message m, answer;

    if (take(store, &m)) {
        assert_false(take(process, &answer));
        assert_int_equal(m.header.req_id, sequence);
        send_all(store, &answer,
                 make(&answer, m.header.type, m.header.tx_id, "OK", 3));
        answer.header.req_id = --sequence;
        settle();
        assert_true(take(process, &answer));
        return true;
    }
    assert_true(take(process, &answer));
    assert_int_equal(answer.header.type, XS_ERROR);
    assert_int_equal(answer.header.req_id, sequence);
    assert_string_equal(answer.payload, "EACCES");
    return false;
}

bool passes(uint32_t type, const char *path)
{
    char payload[256];
    int n = snprintf(payload, sizeof(payload), "%s%cx", path, 0);

    ask_with(type, 0, payload, type == XS_WATCH ? n + 1 : n);
    return passed();
}
