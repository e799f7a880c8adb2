/* SPDX-License-Identifier: MIT */
/*
 * Processes that write to the real daemon, and look after each step whether
 * what was acknowledged is there: values, permissions, removals, and
 * transactions as a whole. For tests in which the daemon does not stay the
 * same: on the host, and in dom0 (tests/system/store_clients.c).
 */
#ifndef TESTS_UNIT_STORE_WRITERS_H
#define TESTS_UNIT_STORE_WRITERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xen/io/xs_wire.h>

#define WRITERS 4

/* Where the socket is. */
extern char dir[];
extern char daemon_path[4096];

/* What the writers share with the test. */
struct shared {
    volatile bool stop;
    bool faithful;       /* nobody may be disconnected */
    unsigned int pause;  /* of a writer after each round, in microseconds */
    unsigned int owners; /* nodes are given to domains below this number */
    /* Rounds, changes of /writer/N/single, ... */
    volatile unsigned long writes[WRITERS], changes[WRITERS],
        reconnections[WRITERS];
    volatile unsigned long events; /* see store_update.c */
    /* Until a writer had an answer, in ms. */
    volatile unsigned long longest[WRITERS];
    char failure[256];
};
extern struct shared *shared;

/* The memory that is shared. Another number than 0: there is none. */
int writers_share(void);
/* That, and a place for a daemon of the test's own. */
int writers_begin(void);
int writers_end(void);

pid_t start_daemon(void);

struct client {
    int fd; /* below 0: reconnect() */
    char answer[XENSTORE_PAYLOAD_MAX + 1];
    /* Through dom0's kernel, whose ring outlives any daemon: each request has
     * an answer, in a minute at most. */
    bool by_kernel;
    unsigned long longest; /* until there was one, in ms */
};

/* Returns never: the process of a writer, until it is to stop. */
void writer(unsigned int w, bool by_kernel);

unsigned long now_ms(void);
void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The daemon may be away for a moment. */
void reconnect(struct client *c);
bool get(int fd, void *data, size_t len);
/* 0; -1: an error, whose name is the answer; 1: there is no answer. */
int ask(struct client *c, uint32_t type, uint32_t tx, const void *data,
        size_t len);

#endif
