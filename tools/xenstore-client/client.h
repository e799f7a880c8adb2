/* SPDX-License-Identifier: MIT */
/*
 * The xenstore-* commands: one program under several names. A command is a row
 * of the table in main.c; main.c does options, connection and transactions.
 */
#ifndef XENSTORE_CLIENT_H
#define XENSTORE_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <xenstore.h>

/* One run of a command: what main.c has found out before. */
struct context {
    const char *program;      /* for messages */
    const char *invoked;      /* the same, as it was called */
    unsigned long open_flags; /* of xs_open() */
    struct xs_handle *xs;
    xs_transaction_t t; /* XBT_NULL: the command needs none */
    bool flat, prefix, raw, tidy, upto, recurse; /* options of that name */
    int number; /* of events to wait for; -1: for ever */
    FILE *out;  /* output that is printed only if the transaction succeeds */
    FILE *complaints; /* messages of a run that may not count; or NULL */
};

/* Each returns the exit status, or -1 if the command is to be tried again. argv
 * has the arguments behind the options, at least as many as the table asks for.
 */
int command_read(struct context *c, int argc, char **argv);
int command_write(struct context *c, int argc, char **argv);
int command_rm(struct context *c, int argc, char **argv);
int command_exists(struct context *c, int argc, char **argv);
int command_list(struct context *c, int argc, char **argv);
int command_ls(struct context *c, int argc, char **argv);
int command_chmod(struct context *c, int argc, char **argv);
int command_watch(struct context *c, int argc, char **argv);
int command_control(struct context *c, int argc, char **argv);

/* "program: message" for standard error, with a newline; returns 1, which is
 * the exit status of a command that has failed. */
int complain(const struct context *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* @parent and @name with one slash between them; exits without memory. */
char *join_path(const char *parent, const char *name);

/* A value as text on one line, with escapes; and back. Both return memory to
 * be freed, or exit without it. A value may hold zeros: its length counts. A
 * text that has been made of a value gives that value again. */
char *text_from_value(const char *value, size_t len);
char *value_from_text(const char *text, size_t *len);

#endif
