/* SPDX-License-Identifier: MIT */
/* The store's errands, see errand.h and daemon/errand.h. */
#ifndef XENSTORED_ERRAND_WIRE_H
#define XENSTORED_ERRAND_WIRE_H

#include <daemon/errand.h>

enum errand_what {
    ERRAND_OPEN = ERRAND_OWN, /* number: the use; a path. A descriptor */
    ERRAND_LISTEN,            /* a path. A descriptor */
    ERRAND_RENAME,            /* two paths */
    ERRAND_REMOVE,            /* a path */
    ERRAND_CUT,               /* size; a path */
    ERRAND_TRACE,             /* number: of paths; a path. Nothing */
    ERRAND_TRACED,            /* a text. No answer, unless it is none */
    ERRAND_REPORT,            /* a path, a text. Nothing */
    ERRAND_DOMAIN,            /* number: a domid. struct xen_domain_info */
    ERRAND_PROGRAM, /* number: of texts; a program, arguments. Why not,
                       or nothing */
    ERRAND_HAND,    /* number: an index; with a descriptor */
    ERRAND_GO,      /* an answer only if it fails */
    ERRAND_KINDS
};

#define ERRAND_WHY 96 /* bytes, at most */

#endif
