/* SPDX-License-Identifier: MIT */
/*
 * A backend device over a store that is played (played_store.h), by a clock and
 * with a medium that are played here.
 */
#ifndef TESTS_UNIT_XENBUS_WORLD_H
#define TESTS_UNIT_XENBUS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "../../backends/common/xenbus.h"
#include "played_store.h"

#define BACK  "backend/vbd/3/51712"
#define FRONT "/local/domain/3/device/vbd/51712"

extern uint64_t clock_ms;
extern int connect_result;
extern bool removed_meanwhile;  /* the device, while it connects */
extern bool medium_hangs;       /* with what it was given */
extern unsigned int left_alone; /* how often it was, for good */

extern struct event_loop loop;
extern struct xenbus_device device;
extern struct record_head left; /* to a successor */

/* A device that is announced for each test. */
int make_device(void **state);
int forget_device(void **state);
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_device, forget_device)

/* The backend, and one that the test may change. */
extern const struct xenbus_ops ops;
struct xenbus_ops *new_ops(void);
/* One whose main flow opens the device for this. */
const struct xenbus_ops *opened_for(enum xenbus_action first);

/* What it knew is gone; the next one, with the record's file or -1, finds what
 * was left. */
void end_process(void);
void start_process(const struct xenbus_ops *with, int record);
void replace_process(const struct xenbus_ops *with); /* both */

/* The frontend writes, the backend is told. */
void frontend(const char *key, const char *value);
void state_is(const char *state);
/* NULL: there is none. */
const char *error_node(void);

/* What is due happens. */
void time_passes(unsigned int ms);
/* The next try to open the device, if the loop ends for one. */
bool tries_to_open(void);
/* There is one, with this result. */
void open_gives(int rc);
/* It succeeds, and the device goes on. */
void open_device(void);

#endif
