/* SPDX-License-Identifier: MIT */
/*
 * The backends' programs without their main functions, which would give up
 * privileges and wait for events: what each kind does for a device.
 */
#ifndef TESTS_FUZZ_BACKEND_MAINS_H
#define TESTS_FUZZ_BACKEND_MAINS_H

#include "../../backends/common/backend_main.h"

/* A process's memory, as it begins. The former one's is freed, as the kernel
 * does; nothing else of it is ended. */
struct backend *vbd_begin(void);
struct backend *vif_begin(void);
extern const struct backend_ops *const vbd_ops, *const vif_ops;

#endif
