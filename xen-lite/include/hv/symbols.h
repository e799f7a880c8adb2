/* SPDX-License-Identifier: MIT */
/*
 * Names of the hypervisor's functions (common/lib/symbols.c), for stack traces
 * and XENPF_get_symbol. The table is constant.
 */
#ifndef HV_SYMBOLS_H
#define HV_SYMBOLS_H

#include <hv/types.h>

/* The function that addr is in, and how far; NULL outside our code. */
const char *symbol_lookup(unsigned long addr, unsigned long *offset);
/* By number, ascending addresses; NULL past the end. */
const char *symbol_at(uint32_t i, unsigned long *addr);
void print_symbol(unsigned long addr); /* one line of a call trace */

#endif
