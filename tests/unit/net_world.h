/* SPDX-License-Identifier: MIT */
/*
 * The network backend's data path between a frontend and a tap device that are
 * both played. Frames of all sizes, some segmented, some over more pieces than
 * allowed, some from pages that are not granted. What both check: good frames
 * arrive once, whole and in order; every slot is answered once.
 */
#ifndef TESTS_UNIT_NET_WORLD_H
#define TESTS_UNIT_NET_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../backends/net/queue.h"
#include "fake_xen.h"

#define MAX_FRAMES 512

struct frame {
    unsigned int len;
    uint16_t gso_size;
    uint8_t data[65536];
};

/* Frames on their way, in order: sent by one side, awaited by the other. */
struct fifo {
    struct frame *frame; /* MAX_FRAMES */
    unsigned int head, tail;
};

/* --- how it is to behave --- */

extern unsigned int max_frame;
extern bool rx_notify, shared_port;
extern bool sends_meanwhile; /* the guest, while the backend looks */
extern bool lossy;           /* a backend has been killed, and frames with it */
extern bool lies; /* its record, so nothing that it does can be right */

/* --- what has happened --- */

extern unsigned int written, joined; /* frames to the tap */
extern unsigned int delivered;       /* to the guest */
extern unsigned int errors, null_answers;
extern unsigned int expected_errors, expected_nulls;
extern unsigned int lost; /* how often the tap has been, as we were told */
extern int deaf;          /* 1: the guest is, as we were told */

/* --- what there is --- */

extern struct event_loop loop;
extern struct grants grants;
extern struct net_queue q;
extern struct net_credit credit;
extern struct grant_arena arena;
extern struct net_record record;
extern struct net_wishes wishes;
extern struct fifo to_host, to_guest, in_tap;
extern uint32_t *tx_ring, *rx_ring; /* 64 bytes of indexes, then slots */
extern uint32_t tx_prod, tx_cons, rx_prod, rx_cons;
extern bool tx_owed[65536]; /* by id */

int net_world_begin(void **state);
int connect_queue(void **state);
int disconnect_queue(void **state);
/* A test with a queue that is connected. */
#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, connect_queue, disconnect_queue)
void reconnect_queue(void);
/* Of a new process; resume: after one that was killed. */
int start_backend(bool resume);

/* Ethernet, IPv4 and TCP headers, then anything. */
void make_frame(struct frame *f, unsigned int len, uint16_t gso_size);
struct frame *push(struct fifo *f);
/* In the tap, for the guest. */
void arrive(unsigned int len, uint16_t gso_size);
void arrive_at_random(void);

/* --- the frontend --- */

/* Into the ring, if there is room; the backend does not know yet. */
void send_frame(void);
/* Some, and all is done that the rate allows. */
void send_some(void);
/* So many frames in one slot each; their bytes. */
unsigned int send_small(unsigned int n);
/* A request that is no frame but asks for this address. */
void ask_for(uint8_t type, const uint8_t *address);
/* True if the ring says that the backend wants to know. */
bool give_buffers(unsigned int n);
/* And it is told then. */
void offer_buffers(unsigned int n);
void take_answers(void);

/* --- the event loop, by hand --- */

void backend_turn(void);
/* And the frontend takes its answers. */
void turn(void);

#endif
