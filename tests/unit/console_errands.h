/* SPDX-License-Identifier: MIT */
/* Errands of a console daemon that is its own parent. */
#ifndef TESTS_UNIT_CONSOLE_ERRANDS_H
#define TESTS_UNIT_CONSOLE_ERRANDS_H

#include <stdint.h>

/* Of the domain that is there, whatever its number; 0: there is none. */
extern uint64_t errands_frame;
/* Where logs are; NULL: nowhere. */
extern const char *errands_logs;
/* So often a log was to be opened. */
extern unsigned int errands_logs_asked;

#endif
