/* SPDX-License-Identifier: MIT */
/* In a process nothing is measured, though the code is a debug build's. */
#ifndef SHIM_STRETCH_H
#define SHIM_STRETCH_H
#undef HV_DEBUG
#include_next <hv/stretch.h>
#define HV_DEBUG
#endif
