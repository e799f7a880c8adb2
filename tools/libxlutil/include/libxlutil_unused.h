/* SPDX-License-Identifier: MIT */
/*
 * An addition to the interface of libxlutil.h: the settings of a configuration
 * that no caller has read, so that a misspelt name does not go unnoticed.
 */
#ifndef LIBXLUTIL_UNUSED_H
#define LIBXLUTIL_UNUSED_H

#include <libxlutil.h>

/* A warning on the report for each setting that no xlu_cfg_get_* looked at. */
void xlu_cfg_report_unused(const XLU_Config *cfg);

#endif
