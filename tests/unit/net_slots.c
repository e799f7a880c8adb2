/* SPDX-License-Identifier: MIT */
/*
 * Transmit slots of a network frontend into packets, and packets' headers into
 * offload information: layouts that are right, layouts that are wrong by one,
 * and random ones, whose accepted pieces must always add up.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../../backends/net/offload.h"
#include "../../backends/net/slots.h"

static union net_tx_slot slot[64];
static struct net_packet p;

static void request(unsigned int i, uint16_t offset, uint16_t size,
                    uint16_t flags)
{
    memset(&slot[i], 0, sizeof(slot[i]));
    slot[i].request = (netif_tx_request_t){.gref = 10 + i,
                                           .offset = offset,
                                           .size = size,
                                           .flags = flags,
                                           .id = i};
}

static void gso(unsigned int i, uint8_t type, uint16_t size, uint8_t flags)
{
    memset(&slot[i], 0, sizeof(slot[i]));
    slot[i].extra.type = XEN_NETIF_EXTRA_TYPE_GSO;
    slot[i].extra.flags = flags;
    slot[i].extra.u.gso.type = type;
    slot[i].extra.u.gso.size = size;
}

static void a_frame_in_one_slot_is_one_piece(void **state)
{
    request(0, 96, 1514, NETTXF_csum_blank);
    assert_int_equal(net_packet_parse(&p, slot, 1), 0);
    assert_true(p.nr_slots == 1 && p.nr_pieces == 1 && !p.drop);
    assert_true(p.size == 1514 && p.piece[0].len == 1514 && p.csum_blank);
}

static void the_pieces_of_a_frame_add_up_to_its_size(void **state)
{
    request(0, 0, 5000, NETTXF_more_data);
    request(1, 0, 4096, NETTXF_more_data);
    request(2, 100, 4, 0);
    assert_int_equal(net_packet_parse(&p, slot, 3), 0);
    assert_int_equal(p.piece[0].len, 900);
    assert_int_equal(p.nr_slots, 3);
    slot[2].request.size = 905; /* more than the whole */
    assert_int_equal(net_packet_parse(&p, slot, 3), -EPROTO);
}

static void a_piece_that_leaves_its_page_is_refused(void **state)
{
    request(0, 4000, 96, 0);
    assert_int_equal(net_packet_parse(&p, slot, 1), 0);
    request(0, 4000, 97, 0);
    assert_int_equal(net_packet_parse(&p, slot, 1), -EPROTO);
    request(0, 0, 200, NETTXF_more_data);
    request(1, 65535, 1, 0);
    assert_int_equal(net_packet_parse(&p, slot, 2), -EPROTO);
}

static void a_frame_whose_slots_are_missing_is_refused(void **state)
{
    request(0, 0, 200, NETTXF_more_data);
    assert_int_equal(net_packet_parse(&p, slot, 1), -EPROTO);
    request(0, 0, 200, NETTXF_extra_info);
    assert_int_equal(net_packet_parse(&p, slot, 1), -EPROTO);
}

static void a_frame_of_too_many_pieces_is_dropped_or_refused(void **state)
{
    static const struct {
        unsigned int pieces;
        int rc;
        bool drop;
    } want[] = {{NET_MAX_PIECES, 0, false},
                {NET_MAX_PIECES + 1, 0, true},
                {NET_FATAL_PIECES, 0, true},
                {NET_FATAL_PIECES + 1, -EPROTO, true}};

    for (size_t w = 0; w < sizeof(want) / sizeof(*want); w++) {
        for (unsigned int i = 0; i < want[w].pieces; i++)
            request(i, 0, i ? 1 : 100,
                    i + 1 < want[w].pieces ? NETTXF_more_data : 0);
        assert_int_equal(net_packet_parse(&p, slot, want[w].pieces),
                         want[w].rc);
        if (!want[w].rc) {
            assert_int_equal(p.drop, want[w].drop);
            assert_int_equal(p.nr_slots, want[w].pieces);
        }
    }
}

static void extra_slots_are_read_and_unknown_ones_refused(void **state)
{
    request(0, 0, 3000, NETTXF_extra_info | NETTXF_csum_blank);
    gso(1, XEN_NETIF_GSO_TYPE_TCPV4, 1448, 0);
    assert_int_equal(net_packet_parse(&p, slot, 2), 0);
    assert_true(p.nr_extra == 1 && p.nr_slots == 2 && !p.drop);
    assert_true(p.gso_type == XEN_NETIF_GSO_TYPE_TCPV4 && p.gso_size == 1448);

    gso(1, XEN_NETIF_GSO_TYPE_TCPV4, 0, 0);
    assert_int_equal(net_packet_parse(&p, slot, 2), 0);
    assert_true(p.drop);
    gso(1, 77, 1448, 0);
    assert_int_equal(net_packet_parse(&p, slot, 2), 0);
    assert_true(p.drop);
    gso(1, XEN_NETIF_GSO_TYPE_TCPV4, 1448, XEN_NETIF_EXTRA_FLAG_MORE);
    assert_int_equal(net_packet_parse(&p, slot, 2), -EPROTO);
    slot[1].extra.type = XEN_NETIF_EXTRA_TYPE_MAX;
    assert_int_equal(net_packet_parse(&p, slot, 2), -EPROTO);
    slot[1].extra.type = XEN_NETIF_EXTRA_TYPE_NONE;
    assert_int_equal(net_packet_parse(&p, slot, 2), -EPROTO);
}

static void a_frame_shorter_than_a_header_is_dropped(void **state)
{
    request(0, 0, 0, 0);
    assert_int_equal(net_packet_parse(&p, slot, 1), 0);
    assert_true(p.drop);
    request(0, 0, NET_MIN_FRAME, NETTXF_more_data);
    request(1, 4096, 0, 0); /* nothing, at the page's end */
    assert_int_equal(net_packet_parse(&p, slot, 2), 0);
    assert_false(p.drop);
}

static void any_slots_are_refused_or_stay_in_bounds(void **state)
{
    unsigned int accepted = 0;

    srand(3);
    for (int round = 0; round < 500000; round++) {
        unsigned int n = rand() % 24 + 1, sum = 0;

        for (unsigned int i = 0; i < n; i++)
            request(i, rand() % 4 ? 0 : rand(),
                    rand() % 4 ? rand() % 200 : rand(),
                    rand() % 2 ? (int)NETTXF_more_data : rand() % 16);
        if (net_packet_parse(&p, slot, n))
            continue;
        accepted++;
        assert_true(p.nr_slots <= n && p.nr_slots == p.nr_pieces + p.nr_extra);
        for (unsigned int i = 0; i < p.nr_pieces; i++) {
            assert_true(p.piece[i].offset + p.piece[i].len <= 4096);
            sum += p.piece[i].len;
        }
        assert_int_equal(sum, p.size);
    }
    assert_true(accepted > 1000);
}

/* Ethernet, IPv4, TCP with 4 bytes of data; checksum field blank. */
static uint8_t tcp4[] = {
    2, 2, 2,  2, 2, 2, 4,    4,    4, 4, 4,  4, 8, 0, 0x45, 0,    0,   44, 0, 1,
    0, 0, 64, 6, 0, 0, 10,   0,    0, 2, 10, 0, 0, 1, 0x12, 0x34, 0,   80, 0, 0,
    0, 1, 0,  0, 0, 2, 0x50, 0x18, 1, 0, 0,  0, 0, 0, 'd',  'a',  't', 'a'};

static void a_header_for_the_host_says_what_the_guest_left_out(void **state)
{
    struct virtio_net_hdr h = {0};
    struct frame_layout at;

    assert_false(frame_parse(tcp4, 40, &at));
    assert_true(frame_parse(tcp4, sizeof(tcp4), &at));
    offload_checksum(&h, &at);
    assert_int_equal(h.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
    assert_int_equal(h.csum_start, 34);
    assert_int_equal(h.csum_offset, 16);
    assert_int_equal(h.gso_type, VIRTIO_NET_HDR_GSO_NONE);
    offload_segments(&h, tcp4, &at, sizeof(tcp4), 1000);
    assert_int_equal(h.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
    assert_int_equal(h.gso_size, 1000);
    assert_int_equal(h.hdr_len, 54);
}

/* One's complement sum over pseudo header and segment must be all ones. */
static void a_checksum_that_is_filled_in_is_right(void **state)
{
    uint8_t f[sizeof(tcp4)];
    struct virtio_net_hdr h = {0};
    struct frame_layout at;
    uint32_t acc = 6 + 24;

    memcpy(f, tcp4, sizeof(f));
    /* A segmented frame gets its pseudo header sum. */
    assert_true(frame_parse(f, sizeof(f), &at));
    offload_segments(&h, f, &at, sizeof(f), 1000);
    assert_true(offload_complete_checksum(&h, f, sizeof(f)));
    for (unsigned int i = 26; i < sizeof(f); i += 2)
        acc += f[i] << 8 | f[i + 1];
    while (acc >> 16)
        acc = (acc & 0xffff) + (acc >> 16);
    assert_int_equal(acc, 0xffff);
    h.csum_start = sizeof(f) - 1;
    assert_false(offload_complete_checksum(&h, f, sizeof(f)));
}

/* Random headers, in a buffer of exactly their length. */
static void any_frame_is_refused_or_stays_in_bounds(void **state)
{
    static const uint16_t types[] = {0x0800, 0x86dd, 0x8100, 0x88a8};
    unsigned int accepted = 0;

    srand(4);
    for (int round = 0; round < 200000; round++) {
        unsigned int len = rand() % 120;
        uint8_t *f = malloc(len ? len : 1);
        struct frame_layout l;

        for (unsigned int i = 0; i < len; i++)
            f[i] = rand() % 3 ? rand() % 8 : rand();
        for (unsigned int at = 12; at + 2 <= len; at += 4) {
            unsigned int t = types[rand() % 4];

            f[at] = t >> 8;
            f[at + 1] = t;
            if (t < 0x8000 || t == 0x86dd) {
                if (at + 3 <= len)
                    f[at + 2] = t == 0x86dd ? 0x60 : 0x45;
                break;
            }
        }
        if (frame_parse(f, len, &l)) {
            accepted++;
            assert_true(l.l3 >= 14 && l.l4 > l.l3 && l.l4 + 8u <= len);
        }
        free(f);
    }
    assert_true(accepted > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_in_one_slot_is_one_piece),
        cmocka_unit_test(the_pieces_of_a_frame_add_up_to_its_size),
        cmocka_unit_test(a_piece_that_leaves_its_page_is_refused),
        cmocka_unit_test(a_frame_whose_slots_are_missing_is_refused),
        cmocka_unit_test(a_frame_of_too_many_pieces_is_dropped_or_refused),
        cmocka_unit_test(extra_slots_are_read_and_unknown_ones_refused),
        cmocka_unit_test(a_frame_shorter_than_a_header_is_dropped),
        cmocka_unit_test(any_slots_are_refused_or_stay_in_bounds),
        cmocka_unit_test(a_header_for_the_host_says_what_the_guest_left_out),
        cmocka_unit_test(a_checksum_that_is_filled_in_is_right),
        cmocka_unit_test(any_frame_is_refused_or_stays_in_bounds),
    };

    return cmocka_run_group_tests_name("net slots", tests, NULL, NULL);
}
