/* SPDX-License-Identifier: MIT */
/*
 * A store, a domain's configuration, a clock and an application, played for
 * those files of libxl that add and remove devices. Nothing happens by itself.
 */
#ifndef LIBXL_DEVICE_WORLD_H
#define LIBXL_DEVICE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <xentoollog.h>

#include <cmocka.h>

#include "../../tools/libxl/device_change.h"
#include "../../tools/libxl/domain.h"

extern libxl_ctx the_ctx;
extern xentoollog_logger log_of_one_line; /* which is kept in */
extern char logged[400];                  /* the last one */
extern int logged_n;

/* How many nodes there are at a path and below it; "/": in all. */
int count(const char *top);
/* "" without one. */
const char *node(const char *path);
void set_node(const char *path, const char *value);
void remove_nodes(const char *top);

/* Of every domain. Saving it without the lock on its files is a failure. */
extern libxl_domain_config config;
/* NULL, or the disk that it has whenever a process may be killed. */
extern const char *stays_configured;
extern bool domain_is_gone;
extern bool kernel_serves;  /* disks and interfaces */
extern bool store_is_away;  /* does not answer */
extern bool fails_to_write; /* in a transaction */
extern int locks;           /* held */
extern bool cannot_save;    /* the configuration: its disk is full */
/* What somebody else does before the next lock is had; or NULL. */
extern void (*meanwhile)(void);

/* Registered, or NULL. */
extern libxl__ev_watch *watch;
extern libxl__ev_time *timer;
void time_passes(void);
/* back: the backend's directory. Whoever waits for it is told. */
void backend_says(const char *back, const char *state);
void look_again(void);

/* Of the last operation, which does not make its caller wait. */
enum { RUNNING = 1000 };
extern int result; /* RUNNING, or ERROR_* */
void forget_operation(void);

#endif
