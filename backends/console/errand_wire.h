/* SPDX-License-Identifier: MIT */
/* The console daemon's errands, see errand.h and daemon/errand.h. */
#ifndef CONSOLE_ERRAND_WIRE_H
#define CONSOLE_ERRAND_WIRE_H

#include <daemon/errand.h>

#include "errand.h"

enum errand_what {
    ERRAND_STORE = ERRAND_OWN, /* a descriptor */
    ERRAND_TERMINAL,   /* number: a domid; size. Descriptors TERMINAL_* */
    ERRAND_SHOW,       /* with a descriptor */
    ERRAND_LOG,        /* number: a domid; size: 1 if full; a name. A
                          descriptor */
    ERRAND_PAGE,       /* a descriptor */
    ERRAND_KEEPER,     /* a descriptor */
    ERRAND_DOMAIN,     /* number: a domid. struct domain_state */
    ERRAND_HYPERVISOR, /* number: a position; size. struct printed */
    ERRAND_KINDS
};

struct printed {
    uint32_t end;
    char text[HYPERVISOR_MAX]; /* as much as there is */
};

_Static_assert(sizeof(struct printed) <= ERRAND_DATA, "one answer");

#endif
