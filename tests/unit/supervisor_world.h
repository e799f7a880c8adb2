/* SPDX-License-Identifier: MIT */
/*
 * The supervisor's devices, over a store that is played (played_devices.h) and
 * with shell scripts for backends: one disk, in a directory that is new.
 */
#ifndef TESTS_UNIT_SUPERVISOR_WORLD_H
#define TESTS_UNIT_SUPERVISOR_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <cmocka.h>

#include "../../backends/supervisor/device.h"
#include "played_devices.h"

#define BACK "backend/vbd/3/0"

/* 'started': the file in which processes tell of themselves. */
extern char run_dir[64], program[64], started[40];
extern struct event_loop loop;
extern struct device_kind kinds[2];
extern struct devices devices;
extern struct played_device *disk;

int world_begins(void **unused);
int world_ends(void **unused);
/* A supervisor for each test, which leaves nothing of any device. */
int each_begins(void **unused);
int each_ends(void **unused);
#define TEST(f) cmocka_unit_test_setup_teardown(f, each_begins, each_ends)

/* --- the supervisor --- */

/* That finds what the former has left. */
void begin_supervisor(void);
void next_supervisor(void);
/* It has been told to stop, and all are gone. */
void stop_all(void);
/* As if a second had passed. */
void fire_timers_of_devices(void);
/* The store comes and goes. */
void lose_store(bool lost);

/* The loop runs until then, or for so long. */
bool within(unsigned int ms, bool (*condition)(void));
bool never(void);
bool nothing_left(void);

/* What is written to standard error meanwhile; free it. */
void log_begins(void);
char *log_ends(void);

/* --- the backend --- */

void write_program(const char *script);
/* The device is there, and its process is this script. */
void begin(const char *script);
/* Until both are gone. */
void run(const char *script);

/* The last process that has told of itself, and how many are to do so. */
extern pid_t pid;
extern unsigned int wanted_lines;
bool has_started(void);
/* The nth process since the test began is there, found this in the record, and
 * has done what it does. */
void await_process(unsigned int n, const char *record);

/* It notes its number and what the former has left in the record, leaves
 * "heirloom" itself, and goes on. */
void begin_lasting(void);
/* The disk is in use, which the supervisor is told. */
void connect_disk(void);
/* Both. */
void begin_in_use(void);
/* One that does this when it is told to end. */
void begin_with_trap(const char *command);
/* The last process does, and nobody is there to see it. */
void die_without_supervisor(void);
/* With its process; no error has been told. */
void remove_disk(void);

#endif
