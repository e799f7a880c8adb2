/* SPDX-License-Identifier: MIT */
/*
 * A gate to the store (backends/common/store_gate.h) between two ends that the
 * test plays: the process, and the store.
 */
#ifndef TESTS_UNIT_GATE_WORLD_H
#define TESTS_UNIT_GATE_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../backends/common/store_gate.h"

extern struct event_loop loop;
extern int process, store, store_end; /* the played ends; the gate's */
extern uint32_t sequence;             /* of the last message that was made */

int gate_world_begin(void); /* 0, or it has failed */
/* Anew, with other ends; the former stay open. */
void gate_world_open(struct store_gate *g);
void gate_world_close(struct store_gate *g);

void run_for(unsigned int ms);
void settle(void);
/* The other end does; on a busy host not at once. */
bool hangs_up_on(int fd);

struct message {
    struct xsd_sockmsg header;
    char payload[XENSTORE_PAYLOAD_MAX];
};

/* Its size. */
size_t make(struct message *m, uint32_t type, uint32_t tx, const char *p,
            size_t len);
void send_all(int fd, const void *p, size_t n);
/* The process does. */
void ask_with(uint32_t type, uint32_t tx, const char *p, size_t len);
/* One whole message that waits at fd; false: there is none. */
bool take(int fd, struct message *m);
/* What was asked has come to the store, which answers it; or has not, and was
 * answered EACCES. */
bool passed(void);
/* The same, with this path and a value or a token. */
bool passes(uint32_t type, const char *path);

#endif
