/* SPDX-License-Identifier: MIT */
/* Frames, buffers and control requests, of which lies make others. */
#include "liar.h"

#include <xen/io/netif.h>

#define SLOT      12 /* bytes; extra information is smaller */
#define RX_SLOT   8
#define CTRL_SLOT 16
#define PARTS     20 /* slots of a frame; a backend need not take more than 18 */
#define LIES      2
#define HONEST    100
#define WORK_NS   (30 * SECOND_NS)

enum which { TX, RX, CTRL, NR_RINGS };

/* A frame on its way into the ring: all its slots, then its lies. */
struct frame {
    unsigned int nr;
    union {
        struct netif_tx_request tx;
        struct netif_extra_info extra;
    } slot[PARTS];
};

/* The first one tells the whole size. */
static void make_frame(struct frame *f, unsigned int parts, uint32_t id)
{
    unsigned int total = 0;

    f->nr = parts;
    for (unsigned int i = 0; i < parts; i++) {
        uint16_t size = 60 + below(1000);

        total += size;
        f->slot[i].tx = (struct netif_tx_request){
            .gref = data_ref(below(DATA_PAGES), once_in(2)),
            .offset = below(PAGE_SIZE - size),
            .flags = i + 1 < parts ? NETTXF_more_data : 0,
            .id = id + i,
            .size = size};
    }
    f->slot[0].tx.size = total;
}

static struct netif_tx_request *some_part(struct frame *f)
{
    return &f->slot[below(f->nr)].tx;
}

/* Behind the first slot. */
static void add_extra(struct frame *f, const struct netif_extra_info *e)
{
    if (f->nr == PARTS)
        return;
    for (unsigned int i = f->nr++; i > 1; i--)
        f->slot[i] = f->slot[i - 1];
    f->slot[1].extra = *e;
    f->slot[0].tx.flags |= NETTXF_extra_info;
}

/* --- lies in frames ------------------------------------------------------- */

static void odd_size(struct device *d, void *frame)
{
    some_part(frame)->size = odd(PAGE_SIZE);
}

static void odd_offset(struct device *d, void *frame)
{
    some_part(frame)->offset = odd(PAGE_SIZE - 1);
}

static void odd_flags(struct device *d, void *frame)
{
    some_part(frame)->flags = once_in(2) ? below(16) : any();
}

static void wrong_grant(struct device *d, void *frame)
{
    some_part(frame)->gref = odd_ref();
}

static void grant_ended(struct device *d, void *frame)
{
    grant_revoke(data_ref(below(DATA_PAGES), once_in(2)));
}

static void no_end(struct device *d, void *frame)
{
    struct frame *f = frame;

    f->slot[f->nr - 1].tx.flags |=
        once_in(2) ? NETTXF_more_data : NETTXF_extra_info;
}

static void too_many_parts(struct device *d, void *frame)
{
    make_frame(frame, PARTS, any());
}

static void false_gso(struct device *d, void *frame)
{
    struct netif_extra_info e = {
        .type = XEN_NETIF_EXTRA_TYPE_GSO,
        .flags = once_in(4),
        .u.gso = {.size = odd(1400), .type = once_in(2) ? 1 : odd(2)}};

    add_extra(frame, &e);
    if (once_in(2))
        ((struct frame *)frame)->slot[0].tx.flags |= NETTXF_csum_blank;
}

static void odd_extra(struct device *d, void *frame)
{
    struct netif_extra_info e;

    fill_with_rubbish(&e, sizeof(e));
    if (once_in(2)) {
        e.type = below(XEN_NETIF_EXTRA_TYPE_MAX + 1);
        e.flags = below(2);
    }
    add_extra(frame, &e);
}

static void chain_of_extras(struct device *d, void *frame)
{
    struct netif_extra_info e = {.type = 1 + below(4),
                                 .flags = XEN_NETIF_EXTRA_FLAG_MORE};

    for (unsigned int n = 1 + below(PARTS); n; n--)
        add_extra(frame, &e);
}

static void rubbish(struct device *d, void *frame)
{
    struct frame *f = frame;

    fill_with_rubbish(f->slot, f->nr * sizeof(f->slot[0]));
}

static struct lies lies = {
    .name = "net",
    .lie =
        {
            {"odd sizes", odd_size},
            {"odd offsets", odd_offset},
            {"odd flags", odd_flags},
            {"wrong grants", wrong_grant},
            {"grants ended", grant_ended},
            {"chains without end", no_end},
            {"too many parts", too_many_parts},
            {"false segments", false_gso},
            {"odd extra information", odd_extra},
            {"chains of extra information", chain_of_extras},
            {"rubbish", rubbish},
        },
};

/* --- into the rings ------------------------------------------------------- */

static void put_frame(struct device *d)
{
    struct ring *r = &d->ring[TX];
    struct frame f;

    make_frame(&f, 1 + below(4), r->prod);
    for (unsigned int n = below(LIES + 1); n; n--)
        tell_one(&lies, d, &f);
    for (unsigned int i = 0; i < f.nr; i++) {
        memcpy(ring_slot(r, r->prod++), &f.slot[i], SLOT);
        is_done(NET);
    }
}

static void put_buffers(struct device *d)
{
    struct ring *r = &d->ring[RX];

    for (unsigned int n = below(ring_room(r) + 1); n && is_left(NET); n--) {
        struct netif_rx_request q = {
            .id = r->prod,
            .gref = once_in(4) ? odd_ref()
                               : data_ref(below(DATA_PAGES), once_in(8))};

        memcpy(ring_slot(r, r->prod++), &q, sizeof(q));
        is_done(NET);
    }
    ring_push(r);
}

/* What would be good, or not. */
static void put_control(struct device *d)
{
    struct ring *r = &d->ring[CTRL];

    for (unsigned int n = below(8); n && ring_room(r) && is_left(NET); n--) {
        struct xen_netif_ctrl_request q = {
            .id = any(),
            .type = once_in(8) ? any() : below(9),
            .data = {once_in(2) ? data_ref(below(DATA_PAGES), true) : odd(15),
                     odd(128), odd(128)}};

        memcpy(ring_slot(r, r->prod++), &q, sizeof(q));
        is_done(NET);
    }
    ring_push(r);
}

static void turn(struct device *d)
{
    struct ring *r = &d->ring[TX];

    for (unsigned int n = below(16); n && ring_room(r) >= PARTS && is_left(NET);
         n--)
        put_frame(d);
    ring_push(r);
    put_buffers(d);
    if (once_in(4))
        put_control(d);
    device_tell(d);
    if (once_in(8))
        grants_renew();
    if (once_in(4))
        device_lie(d, &d->ring[below(NR_RINGS)]);
}

/* --- a device ------------------------------------------------------------- */

static void begin(struct device *d)
{
    static const unsigned int size[] = {SLOT, RX_SLOT, CTRL_SLOT};

    d->nr_pages = NR_RINGS;
    for (unsigned int i = 0; i < NR_RINGS; i++)
        ring_begin(&d->ring[i], d->pages + i * PAGE_SIZE, 1, size[i]);
}

static void publish(struct device *d)
{
    static const char *const features[] = {
        "feature-rx-notify", "feature-sg", "feature-gso-tcpv4",
        "feature-gso-tcpv6", "feature-ipv6-csum-offload"};

    device_write(d, "tx-ring-ref", d->ref + TX);
    device_write(d, "rx-ring-ref", d->ref + RX);
    device_write(d, "event-channel", d->port[0]);
    if (once_in(2)) {
        device_write(d, "ctrl-ring-ref", d->ref + CTRL);
        device_write(d, "event-channel-ctrl", d->port[1]);
    }
    device_write(d, "request-rx-copy", 1);
    for (unsigned int i = 0; i < 5; i++)
        device_write(d, features[i], below(2));
}

static bool work(struct device *d)
{
    struct ring *r = &d->ring[TX];
    uint64_t end = system_time() + WORK_NS;
    unsigned int bad = 0;

    for (unsigned int sent = 0; r->cons < HONEST && system_time() < end;) {
        for (; sent < HONEST && r->prod - r->cons < r->slots; sent++) {
            struct frame f;

            make_frame(&f, 1, sent);
            memcpy(ring_slot(r, r->prod++), &f.slot[0], SLOT);
        }
        ring_push(r);
        device_tell(d);
        for (; r->cons != ring_answers(r); r->cons++)
            bad +=
                ((struct netif_tx_response *)ring_slot(r, r->cons))->status !=
                NETIF_RSP_OKAY;
        wait_event(d->port[0], SECOND_NS / 100);
        event_clear(d->port[0]);
    }
    return r->cons == HONEST && !bad;
}

static const char *const nodes[] = {"tx-ring-ref",
                                    "rx-ring-ref",
                                    "event-channel",
                                    "event-channel-tx",
                                    "event-channel-rx",
                                    "ctrl-ring-ref",
                                    "event-channel-ctrl",
                                    "request-rx-copy",
                                    "feature-rx-notify",
                                    "feature-sg",
                                    "feature-gso-tcpv4",
                                    "feature-gso-tcpv6",
                                    "feature-ipv6-csum-offload",
                                    "feature-no-csum-offload",
                                    "request-multicast-control",
                                    "xdp-headroom",
                                    "mtu",
                                    "multi-queue-num-queues",
                                    "queue-0",
                                    "queue-1",
                                    NULL};

const struct device_kind net_device = {
    .name = "vif",
    .kind = NET,
    .published = XenbusStateConnected,
    .begin = begin,
    .publish = publish,
    .turn = turn,
    .work = work,
    .nodes = nodes,
};

void net_report(void)
{
    report(&lies);
}
