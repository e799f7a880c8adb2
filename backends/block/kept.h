/* SPDX-License-Identifier: MIT */
/*
 * What of a disk must not end with its process: the description by which the
 * medium is claimed and locked, or somebody could have the medium between two
 * processes of one guest. The supervisor takes it from the living process, by
 * its number, so that a supervisor that is started anew finds it as well; and
 * gives it to the successor as --medium and --errors.
 *
 * A process that its guest has taken over may have anything there that it could
 * open: the supervisor and the successor compare it with what the store names.
 */
#ifndef BACKENDS_BLOCK_KEPT_H
#define BACKENDS_BLOCK_KEPT_H

/* Numbers that a process reaches with nothing else: what it inherits lies above
 * them, however much its supervisor has open. */
#define KEPT_MEDIUM 200
#define KEPT_ERRORS 201 /* see medium.h */
#define KEPT_ABOVE  202

#endif
