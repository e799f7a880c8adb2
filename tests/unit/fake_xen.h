/* SPDX-License-Identifier: MIT */
/*
 * What a backend's data path needs of Xen, played in a test: a guest of some
 * pages that are all granted, or two of them, and ports that do nothing by
 * themselves.
 */
#ifndef TESTS_UNIT_FAKE_XEN_H
#define TESTS_UNIT_FAKE_XEN_H

#include <stdint.h>

#include "../../backends/common/grant_map.h"
#include "../../backends/common/ports.h"

#define FAKE_FIRST_REF 1000
#define FAKE_PAGES     1024
#define FAKE_BAD_REF   7

/* There may be a second guest, of this number; the first has any other. */
#define FAKE_OTHER_DOMAIN 2

#define FAKE_SELF    5      /* our domain */
#define FAKE_OWN_REF 100000 /* of the first page that is shared */

extern int fake_mapped, fake_other_mapped; /* pages mapped now */
extern int fake_shared; /* and pages of our own that are granted */
/* Copies between two grants fail: altogether (-1), or each with this status. */
extern int fake_refuses;
/* The second guest does not grant this page any more. 0: it grants all. */
extern uint32_t fake_other_hidden;

void fake_guest_create(void);
void fake_other_guest_create(void);
/* NULL: not granted. */
uint8_t *fake_page(uint32_t ref);
uint8_t *fake_other_page(uint32_t ref);

#endif
