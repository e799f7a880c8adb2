/* SPDX-License-Identifier: MIT */
/* The one event loop: descriptors and what to call when they are ready. */
#ifndef XENSTORED_LOOP_H
#define XENSTORED_LOOP_H

#include <stdint.h>

struct source {
    int fd;
    uint32_t events; /* EPOLL*, as last asked for */
    void (*ready)(struct source *s, uint32_t events);
};

/* 0 or an errno value. */
int loop_init(void);
int loop_add(struct source *s, uint32_t events);
void loop_want(struct source *s, uint32_t events);
void loop_remove(struct source *s);

/* Runs until loop_stop(). */
void loop_run(void);
void loop_stop(void);

#endif
