/* SPDX-License-Identifier: MIT */
/*
 * For tests of the store daemon: all that a daemon must have that follows one
 * which was killed, as a text. Tree, permissions, limits, accounts, and the
 * watches, transactions and queues of domains.
 */
#ifndef STORE_TEXT_H
#define STORE_TEXT_H

#include <stddef.h>

void store_text(char *out, size_t size);

#endif
