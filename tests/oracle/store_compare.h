/* SPDX-License-Identifier: MIT */
/*
 * What store_compare.c consists of: two daemons and their clients
 * (store_peer.c), random requests (store_random.c), what may differ
 * (store_reasons.c).
 */
#ifndef ORACLE_STORE_COMPARE_H
#define ORACLE_STORE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <xen/io/xs_wire.h>

#define PAYLOAD_MAX 4096u
#define PEERS       5
#define FIRST_GUEST 3 /* of the peers; those before are domain 0's */

/* The daemons. */
enum { STOCK, OURS };

/* A message, or the fact that none came (type DEAD). */
struct message {
    uint32_t type, len;
    char data[PAYLOAD_MAX + 1];
};
#define DEAD 0xdeadu

/* Each event once, as a text. */
struct event_list {
    unsigned int count;
    char *event[4096];
};

/* The same client of both daemons. */
extern struct peer {
    unsigned int domid;
    bool on_ring, introduced;
    int fd[2];
    struct xenstore_domain_interface *ring[2];
    uint32_t transaction[2]; /* 0: none is open */
    struct event_list events[2];
} peer[PEERS];

struct request {
    struct peer *p;
    uint32_t type, len;
    bool in_transaction;
    char data[PAYLOAD_MAX + 1];
};

/* Where it is: for messages. */
extern uint32_t seed, step;
void die(const char *what) __attribute__((noreturn));

/* --- daemons and clients ---------------------------------------------------
 */

/* Starts a daemon, by its path and options, and connects the peers of domain 0;
 * ends it by SIGKILL. */
void daemon_start(int s, const char *program, const char *preload);
void daemon_stop(int s);
/* By a command in front of it, if @runner is not NULL. Its process; another
 * connection. */
pid_t daemon_start_by(int s, const char *runner, const char *program,
                      const char *preload);
int daemon_connect(int s);
/* For both daemons. A domain that begins is not yet introduced; one that ends
 * is known to have ended on return. */
void domain_begin(struct peer *p);
void domain_end(struct peer *p);
/* One request and its answer; events are kept in p->events. */
void ask(struct peer *p, int s, const struct request *r,
         struct message *answer);

/* --- requests --------------------------------------------------------------
 */

void random_start(uint32_t from);
uint32_t rnd(uint32_t n);
void add_string(struct request *r, const char *s);
/* Type and payload, most of them in order. */
void random_request(struct request *r);
/* How many strings the payload is; below 0: what follows the last is none. */
int strings(const struct request *r);
bool is_number(const char *s);
/* Its payload is one path. */
bool takes_one_path(uint32_t type);

/* --- differences that have a reason ----------------------------------------
 */

bool is_error(const struct message *m, const char *name);
/* Counts it. */
bool explained(const struct request *r, const struct message *stock,
               const struct message *ours);
void print_reasons(void);

#endif
