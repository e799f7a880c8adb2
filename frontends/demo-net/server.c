/* SPDX-License-Identifier: MIT */
/*
 * Connections; see server.h. lwIP keeps as many as there are places here, and
 * when it needs another one ends that of the lowest priority which has been
 * silent longest. Those whose answer is moving have a higher one.
 */
#include <pv/pv.h>

#include <lwip/sys.h>
#include <lwip/tcp.h>

#include "answer.h"
#include "disk.h"
#include "request.h"
#include "server.h"

#define PORT       80
#define REQUEST_MS 5000  /* from the beginning to the request's end */
#define ANSWER_MS  10000 /* for an answer, and as much longer as */
#define BYTES_MS   8     /* it takes at so many bytes a millisecond */
#define END_MS     5000  /* for the client to end the connection, too */
#define LOOK_MS    500   /* between two looks at all of them */

struct connection {
    struct tcp_pcb *pcb; /* NULL: the place is free */
    enum { READS, ANSWERS, ENDS } does;
    bool client_is_done; /* it sends no more */
    uint32_t since;      /* ms: it does that */
    uint64_t arrived;    /* bytes of the answer, at the client's */
    uint64_t seen;       /* of these, at the last look */
    size_t text_at, page_at;
    struct request request;
    struct answer answer;
};

static struct connection connections[MEMP_NUM_TCP_PCB];
static struct tally tally;

static void turn_to(struct connection *c, int what)
{
    c->does = what;
    c->since = sys_now();
    tcp_setprio(c->pcb, TCP_PRIO_MIN);
}

/* The place is free; lwIP has the rest of the connection, or nothing of it. */
static void leave(struct connection *c)
{
    c->pcb = NULL;
    tally.open--;
}

static void detach(struct connection *c)
{
    tcp_arg(c->pcb, NULL);
    tcp_recv(c->pcb, NULL);
    tcp_sent(c->pcb, NULL);
    tcp_err(c->pcb, NULL);
}

static err_t cut_off(struct connection *c)
{
    struct tcp_pcb *pcb = c->pcb;

    detach(c);
    leave(c);
    tcp_abort(pcb);
    return ERR_ABRT;
}

/* Both sides have said all. */
static err_t close(struct connection *c)
{
    struct tcp_pcb *pcb = c->pcb;

    detach(c);
    leave(c);
    if (tcp_close(pcb) == ERR_OK)
        return ERR_OK;
    tcp_abort(pcb);
    return ERR_ABRT;
}

/* --- answering ------------------------------------------------------------ */

/* Hands a piece of left bytes to lwIP, as long as a segment can be; 0: there is
 * no room for that now. */
static size_t put(struct connection *c, const char *from, uint64_t left,
                  u8_t flags)
{
    size_t n = tcp_mss(c->pcb);

    n = n < left ? n : left;
    if (n > tcp_sndbuf(c->pcb) || tcp_write(c->pcb, from, n, flags) != ERR_OK)
        return 0;
    return n;
}

static bool put_text(struct connection *c)
{
    struct answer *a = &c->answer;
    size_t n;

    while (c->text_at < a->text_bytes) {
        n = put(c, a->text + c->text_at, a->text_bytes - c->text_at,
                TCP_WRITE_FLAG_COPY);
        if (!n)
            return false;
        c->text_at += n;
    }
    return true;
}

/* By reference: the page stays where it is. */
static bool put_page(struct connection *c)
{
    struct answer *a = &c->answer;
    size_t rest, n;

    while (a->left) {
        rest = a->page_bytes - c->page_at;
        n = put(c, a->page + c->page_at, rest < a->left ? rest : a->left, 0);
        if (!n)
            return false;
        a->left -= n;
        c->page_at = n < rest ? c->page_at + n : 0;
    }
    return true;
}

static err_t go_on(struct connection *c)
{
    if (!put_text(c) || !put_page(c))
        return ERR_OK;
    if (c->answer.counts)
        disk_count();
    if (c->client_is_done)
        return close(c);
    turn_to(c, ENDS);
    if (tcp_shutdown(c->pcb, 0, 1) != ERR_OK)
        return cut_off(c);
    return ERR_OK;
}

static err_t answer(struct connection *c, unsigned int status)
{
    tally.refused += status != 200;
    answer_make(&c->answer, status, &c->request, &tally);
    turn_to(c, ANSWERS);
    return go_on(c);
}

/* --- what lwIP calls ------------------------------------------------------ */

static err_t has_come(struct connection *c, struct pbuf *p)
{
    unsigned int status = 0;

    tcp_recved(c->pcb, p->tot_len);
    for (struct pbuf *q = p; q && c->does == READS && !status; q = q->next)
        status = request_take(&c->request, q->payload, q->len);
    pbuf_free(p);
    return status ? answer(c, status) : ERR_OK;
}

/* Data, or the end of what the client sends. What comes after a request is
 * passed over: the client sees its answer, not a reset. */
static err_t received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t err)
{
    struct connection *c = arg;

    if (p)
        return has_come(c, p);
    c->client_is_done = true;
    return c->does == ANSWERS ? ERR_OK : close(c);
}

static err_t sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
    struct connection *c = arg;

    c->arrived += len;
    return c->does == ANSWERS ? go_on(c) : ERR_OK;
}

/* lwIP has freed it: the client has reset it, or it had to make room. */
static void gone(void *arg, err_t err)
{
    struct connection *c = arg;

    tally.displaced += c->does != ENDS;
    leave(c);
}

static struct connection *free_place(void)
{
    for (unsigned int i = 0; i < MEMP_NUM_TCP_PCB; i++)
        if (!connections[i].pcb)
            return &connections[i];
    return NULL;
}

static err_t accepted(void *arg, struct tcp_pcb *pcb, err_t err)
{
    struct connection *c = free_place();

    if (err != ERR_OK || !pcb || !c)
        return ERR_MEM;
    *c = (struct connection){.pcb = pcb};
    tally.open++;
    tally.accepted++;
    turn_to(c, READS);
    tcp_nagle_disable(pcb);
    tcp_arg(pcb, c);
    tcp_recv(pcb, received);
    tcp_sent(pcb, sent);
    tcp_err(pcb, gone);
    return ERR_OK;
}

/* --- clocks --------------------------------------------------------------- */

static bool is_late(const struct connection *c)
{
    uint32_t ms = sys_now() - c->since;

    switch (c->does) {
    case READS:
        return ms > REQUEST_MS;
    case ANSWERS:
        return ms > ANSWER_MS + c->arrived / BYTES_MS;
    default:
        return ms > END_MS;
    }
}

/* What has found no room is tried again here. */
static void look_at(struct connection *c)
{
    bool moves = c->seen && c->arrived > c->seen;

    if (is_late(c)) {
        tally.cut_off++;
        cut_off(c);
        return;
    }
    tcp_setprio(c->pcb, moves ? TCP_PRIO_NORMAL : TCP_PRIO_MIN);
    c->seen = c->arrived;
    if (c->does == ANSWERS && go_on(c) == ERR_OK && c->pcb)
        tcp_output(c->pcb);
}

void server_serve(void)
{
    static uint32_t last;

    if (sys_now() - last < LOOK_MS)
        return;
    last = sys_now();
    for (unsigned int i = 0; i < MEMP_NUM_TCP_PCB; i++)
        if (connections[i].pcb)
            look_at(&connections[i]);
}

bool server_open(void)
{
    struct tcp_pcb *pcb = tcp_new(), *listener;

    if (!pcb || tcp_bind(pcb, IP_ANY_TYPE, PORT) != ERR_OK)
        return false;
    listener = tcp_listen_with_backlog(pcb, MEMP_NUM_TCP_PCB / 4);
    if (!listener)
        return false;
    tcp_accept(listener, accepted);
    return true;
}
