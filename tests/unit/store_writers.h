/* SPDX-License-Identifier: MIT */
/*
 * Processes that write to the real daemon on the host, and look after each step
 * whether what was acknowledged is there: values, permissions, removals, and
 * transactions as a whole. For tests in which the daemon does not stay the
 * same.
 */
#ifndef TESTS_UNIT_STORE_WRITERS_H
#define TESTS_UNIT_STORE_WRITERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xen/io/xs_wire.h>

#define WRITERS 4

extern char dir[], daemon_path[4096];

/* What the writers share with the test. */
struct shared {
    volatile bool stop;
    bool faithful; /* nobody may be disconnected */
    /* Rounds, changes of /writer/N/single, ... */
    volatile unsigned long writes[WRITERS], changes[WRITERS],
        reconnections[WRITERS];
    volatile unsigned long events; /* see store_update.c */
    char failure[256];
};
extern struct shared *shared;

/* Another number than 0: there is no place for them. */
int writers_begin(void);
int writers_end(void);

pid_t start_daemon(void);
/* Returns never: the process of a writer, until it is to stop. */
void writer(unsigned int w);

struct client {
    int fd; /* below 0: reconnect() */
    char answer[XENSTORE_PAYLOAD_MAX + 1];
};

void give_up(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The daemon may be away for a moment. */
void reconnect(struct client *c);
bool get(int fd, void *data, size_t len);
/* 0; -1: an error, whose name is the answer; 1: there is no answer. */
int ask(struct client *c, uint32_t type, uint32_t tx, const void *data,
        size_t len);

#endif
