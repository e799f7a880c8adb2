/* SPDX-License-Identifier: MIT */
/* Errands of a console daemon that is its own parent. */
#ifndef TESTS_UNIT_CONSOLE_ERRANDS_H
#define TESTS_UNIT_CONSOLE_ERRANDS_H

/* Where logs are; NULL: nowhere. */
extern const char *errands_logs;
/* So often a log was to be opened. */
extern unsigned int errands_logs_asked;

#endif
