/* SPDX-License-Identifier: MIT */
/*
 * A guest's text on its way: from its ring to the log and into a pipe, and from
 * the pipe to the terminal. Each byte arrives once at both, however often the
 * daemon is killed in between.
 *
 * The pipe is the memory for what no terminal has taken. It is the kernel's, so
 * it outlives the daemon (the keeper has it open), splice() moves bytes to the
 * terminal and takes them out of the pipe by one call, and how many it holds
 * can be asked. See progress.h for the rest.
 *
 * The guest may write anything into its ring at any time; then its own text is
 * garbled, and nothing else.
 */
#ifndef CONSOLE_OUTPUT_H
#define CONSOLE_OUTPUT_H

#include <stdbool.h>
#include <sys/types.h>

#include "log_file.h"
#include "progress.h"
#include "ring.h"

struct output {
    struct progress *progress;
    struct log_file log;
    int pipe[2];      /* of terminal_pipe() */
    bool keep_oldest; /* of text that does not fit the new one is dropped */
};

/* A ring is there: ends the step that a killed predecessor had begun, or begins
 * where the ring says if the progress and the ring do not belong together. */
void output_start(struct output *o, struct xencons_interface *ring);
/* One step: what the ring has. Bytes taken, or -EPROTO. */
ssize_t output_take(struct output *o, struct xencons_interface *ring);
/* As much as the terminal's master takes without waiting. */
void output_send(struct output *o, int master);
/* Bytes that wait for the terminal. */
unsigned int output_waiting(const struct output *o);

#endif
