/* SPDX-License-Identifier: MIT */
/*
 * Joining TCP segments into a large frame: cut up again it is what was sent,
 * byte for byte, for flows of every kind; what differs in anything that the
 * receiver could see is not joined.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../backends/net/join.h"
#include "net_flow.h"

#define ACK   0x10
#define PSH   0x08
#define MAX   64
#define FRAME 1600

static struct {
    uint8_t frame[FRAME];
    unsigned int len;
} sent[MAX];
static unsigned int nr_sent;
static uint8_t large[65536 + 18];

static bool parse(const uint8_t *frame, unsigned int len,
                  struct frame_layout *at)
{
    return frame_parse(frame, len, at);
}

/* The segments that have become one, cut up again, are these. */
static void cut_up_again(struct joined *j, unsigned int first,
                         unsigned int count)
{
    struct virtio_net_hdr h = {0};
    uint8_t frame[FRAME];
    unsigned int len;

    if (count == 1) {
        assert_false(j->several);
        return;
    }
    assert_true(j->size <= UINT16_MAX);
    join_end(j, &h);
    assert_int_equal(h.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    assert_int_equal(h.gso_type, j->at.ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6
                                            : VIRTIO_NET_HDR_GSO_TCPV4);
    assert_int_equal(h.csum_start, j->at.l4);
    for (unsigned int i = 0; i < count; i++) {
        len = flow_cut(&h, large, j->size, i, frame);
        assert_int_equal(len, sent[first + i].len);
        assert_memory_equal(frame, sent[first + i].frame, len);
    }
    assert_int_equal(flow_cut(&h, large, j->size, count, frame), 0);
}

/* Joins what was sent as far as that goes; the number of frames it became. */
static unsigned int join_all(void)
{
    unsigned int first = 0, frames = 0;
    struct joined j = {0};
    struct frame_layout at;

    for (unsigned int i = 0; i < nr_sent; i++) {
        const uint8_t *frame = sent[i].frame;
        unsigned int len = sent[i].len, size = j.size;

        assert_true(parse(frame, len, &at));
        if (i && j.open && join_next(&j, frame, &at, len)) {
            memcpy(large + size, frame + at.payload, len - at.payload);
            continue;
        }
        if (i)
            cut_up_again(&j, first, i - first);
        memcpy(large, frame, len);
        join_begin(&j, large, &at, len);
        first = i;
        frames++;
    }
    cut_up_again(&j, first, nr_sent - first);
    nr_sent = 0;
    return frames;
}

static void send(struct flow *f, unsigned int data, uint8_t flags)
{
    assert_true(nr_sent < MAX);
    sent[nr_sent].len = flow_segment(f, sent[nr_sent].frame, data, flags);
    nr_sent++;
}

static struct flow any_flow(void)
{
    return (struct flow){.ipv6 = rand() % 2,
                         .vlan = rand() % 2 * 5,
                         .tos = rand(),
                         .ttl = 64,
                         .port = 1000,
                         .window = rand(),
                         .seq = rand() % 2 ? -2000 : rand(),
                         .ack = rand(),
                         .options = rand() % 4 * 4};
}

static void a_stream_becomes_one_frame_and_stays_the_same(void **state)
{
    for (int i = 0; i < 500; i++) {
        struct flow f = any_flow();
        unsigned int n = 2 + rand() % 40, data = 1 + rand() % 1448;

        for (unsigned int k = 0; k < n - 1; k++)
            send(&f, data, ACK);
        send(&f, 1 + rand() % data, ACK | PSH);
        assert_int_equal(join_all(), 1);
    }
}

/* Each change ends a frame. */
static void what_a_receiver_could_see_is_not_joined(void **state)
{
    for (int change = 0; change < 14; change++)
        for (int i = 0; i < 20; i++) {
            struct flow f = any_flow();
            uint8_t flags = ACK, before = ACK;
            unsigned int data = 1000, first = 1000;

            switch (change) {
            case 0:
                f.options = 0;
                break;
            case 1:
                before = ACK | PSH;
                break;
            case 2:
                flags = ACK | 1;
                break; /* the end */
            case 3:
                flags = ACK | 0x80;
                break; /* congestion */
            case 4:
                data = 1001;
                break; /* larger than before */
            case 5:
                first = 999;
                break;
            case 6:
                data = 0;
                break;
            }
            send(&f, first, before);
            switch (change) {
            case 0:
                f.options = 4;
                break;
            case 7:
                f.seq++;
                break;
            case 8:
                f.ack++;
                break;
            case 9:
                f.window++;
                break;
            case 10:
                f.tos++;
                break;
            case 11:
                f.ttl--;
                break;
            case 12:
                f.port++;
                break;
            case 13:
                f.vlan = !f.vlan;
                break;
            }
            send(&f, data, flags);
            assert_int_equal(join_all(), 2);
        }
}

/* Bytes of the headers that a flow above does not have. */
static void odd_headers_are_not_joined(void **state)
{
    static const struct {
        unsigned int at;
        uint8_t value;
    } odd[] = {{14, 0x46}, /* IPv4 options; a length that does not fit */
               {17, 0},
               {20, 0x00},  /* may be fragmented */
               {46, 0x51}}; /* a reserved bit of TCP */

    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
        for (int which = 0; which < 2; which++) {
            struct flow f = {.ttl = 64, .port = 1, .options = 8};
            struct frame_layout at;

            send(&f, 1000, ACK);
            send(&f, 1000, ACK);
            sent[which].frame[odd[i].at] = odd[i].value;
            if (parse(sent[which].frame, sent[which].len, &at))
                assert_int_equal(join_all(), 2);
            nr_sent = 0;
        }
}

/* With its Ethernet header: as long as a guest could have sent it. */
static void a_frame_is_never_longer_than_its_receivers_take(void **state)
{
    for (unsigned int i = 0; i < 800; i++) {
        struct flow f = any_flow();

        for (unsigned int k = 0; k < 60; k++)
            send(&f, 1400 + i % 48, ACK);
        assert_int_equal(join_all(), 2);
    }
}

static void mixed_streams_stay_the_same(void **state)
{
    unsigned int frames = 0, segments = 0;

    for (int i = 0; i < 2000; i++) {
        struct flow f[2] = {any_flow(), any_flow()};
        unsigned int n = 1 + rand() % MAX;

        for (unsigned int k = 0; k < n; k++)
            send(&f[rand() % 8 == 0], rand() % 8 ? 500 : rand() % 700,
                 rand() % 10 ? ACK : ACK | PSH);
        frames += join_all();
        segments += n;
    }
    assert_in_range(frames, segments / 20, segments * 3 / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stream_becomes_one_frame_and_stays_the_same),
        cmocka_unit_test(what_a_receiver_could_see_is_not_joined),
        cmocka_unit_test(odd_headers_are_not_joined),
        cmocka_unit_test(a_frame_is_never_longer_than_its_receivers_take),
        cmocka_unit_test(mixed_streams_stay_the_same),
    };

    return cmocka_run_group_tests_name("net join", tests, NULL, NULL);
}
