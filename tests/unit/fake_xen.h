/* SPDX-License-Identifier: MIT */
/*
 * What a backend's data path needs of Xen, played in a test: a guest of some
 * pages that are all granted, and ports that do nothing by themselves.
 */
#ifndef TESTS_UNIT_FAKE_XEN_H
#define TESTS_UNIT_FAKE_XEN_H

#include <stdint.h>

#include "../../backends/common/grant_map.h"
#include "../../backends/common/ports.h"

#define FAKE_FIRST_REF 1000
#define FAKE_PAGES     1024
#define FAKE_BAD_REF   7

extern int fake_mapped; /* pages mapped now */

void fake_guest_create(void);
/* NULL: not granted. */
uint8_t *fake_page(uint32_t ref);

#endif
