/* SPDX-License-Identifier: MIT */
/*
 * The per-type functions that the public header declares: init, dispose,
 * copy, JSON and enumeration strings of some hundred types. gentypes.py writes
 * them from Debian's _libxl_types.h at build time; nothing to edit here.
 */
#include "types_support.h"
#include "types.inc"
