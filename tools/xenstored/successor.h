/* SPDX-License-Identifier: MIT */
/*
 * In the parent: the program that a live update puts in its place. It is run
 * with all the parent's rights, and a daemon that a guest has taken over may be
 * who names it. So it must be a xenstored by its name, in the directory of the
 * program that runs, where an upgrade puts it; a path of links counts as the
 * file that it leads to, if root alone can make links where they are. It must
 * be a file that root alone can write, or whoever can write this program; and
 * one that says that it has a parent like this: one of the former kind would
 * serve guests as root. What its arguments could make it do to files, it does
 * not do in a live update (parent.h, daemon_hand_over()).
 */
#ifndef XENSTORED_SUCCESSOR_H
#define XENSTORED_SUCCESSOR_H

/* The first argument of a program that only says what it would do with the
 * others and then ends. */
#define SUCCESSOR_QUESTION "--journal-version"

/* At the start: the program's arguments are kept for the next one, and what it
 * prints if SUCCESSOR_QUESTION comes before these, which the next one must
 * print, too. */
void successor_arguments(char **argv, const char *version);
/* Chooses one; @arguments, words, may be NULL: this one's. NULL or why not, and
 * then none is chosen. It stays the same file whatever becomes of its path. */
const char *successor_choose(const char *program, const char *arguments);
/* The same once more. NULL: none. */
const char *successor_chosen(void);
/* The last step. Returns if it fails, an errno value. */
int successor_run(void);

/* In the new program: whether it is one, and the descriptor that tells what is
 * left to it (errand_hand()). */
int successor_state(void);

#endif
