/* SPDX-License-Identifier: MIT */
/*
 * Beside the interface of libxlutil.h: what a configuration said that nobody
 * asked about. Typing errors in names would otherwise go unnoticed.
 */
#ifndef LIBXLU_UNUSED_H
#define LIBXLU_UNUSED_H

#include "libxlutil.h"

/* A warning on the report for each setting that no xlu_cfg_get_* looked at. */
void xlu_cfg_report_unused(const XLU_Config *cfg);

#endif
