/* SPDX-License-Identifier: MIT */
/*
 * What the process that serves may not do itself and has done by its privileged
 * parent (daemon/errand.h), which does it or refuses (parent.h). All results
 * are -errno if it fails; descriptors are the caller's.
 */
#ifndef CONSOLE_ERRAND_H
#define CONSOLE_ERRAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct domain_state {
    uint64_t frame; /* of its shared info, see progress.h */
    uint32_t over;  /* it dies, and exists only because its pages are mapped */
};

/* What a terminal comes with, in this order. */
enum {
    TERMINAL_MASTER,
    TERMINAL_SLAVE,
    TERMINAL_PIPE_OUT,
    TERMINAL_PIPE_IN,
    TERMINAL_FDS
};

/* A new connection to the store, by the gate (gate.h). The former ends. */
int errand_store(void);
/* A terminal and the pipe before it (output.h), for about so many bytes; one
 * for each domain. 0; -EAGAIN: too many are open still. */
int errand_terminal(unsigned int domid, size_t size, int fds[TERMINAL_FDS]);
/* The terminal's name is to be written into the store next. 0. */
int errand_show(int master);
/* The log of a domain, which has one as long as it lives, or of the hypervisor
 * (domid 0), for appending; full: a new one in the place of one that is full.
 */
int errand_log(unsigned int domid, const char *name, bool full);
/* The memory of a stream's progress (page.h). */
int errand_page(void);
/* A connection to the keeper, which is started if it does not run. */
int errand_keeper(void);
/* 0; -ESRCH: there is no such domain. */
int errand_domain(unsigned int domid, struct domain_state *d);
/* What the hypervisor has printed, at most so many bytes, and HYPERVISOR_MAX,
 * from *position on, which is moved behind it. Bytes. */
int errand_hypervisor(uint32_t *position, char *text, size_t size);
#define HYPERVISOR_MAX 2048

#endif
