/* SPDX-License-Identifier: MIT */
/*
 * Errands and their answers, one message each (daemon/fd_message.h), with at
 * most one descriptor. The parent believes nothing of an errand.
 */
#ifndef XENSTORED_ERRAND_WIRE_H
#define XENSTORED_ERRAND_WIRE_H

#include <stdint.h>

#include "xen.h"

enum errand_what {
    ERRAND_OPEN,    /* number: the use; text: a path. A descriptor */
    ERRAND_LISTEN,  /* text: a path. A descriptor */
    ERRAND_RENAME,  /* text: two paths */
    ERRAND_REMOVE,  /* text: a path */
    ERRAND_CUT,     /* number: the size; text: a path */
    ERRAND_DOMAIN,  /* number: a domid. info */
    ERRAND_SAY,     /* number: a level; no answer */
    ERRAND_READY,   /* no answer */
    ERRAND_PROGRAM, /* number: how many texts: a program, arguments. text */
    ERRAND_HAND,    /* number: an index; with a descriptor */
    ERRAND_GO,      /* an answer only if it fails */
    ERRAND_KINDS
};

/* Strings with their terminators; two paths, or a message of a client. */
#define ERRAND_TEXT 8320

struct errand {
    uint32_t what, number;
    char text[ERRAND_TEXT];
};

struct errand_answer {
    int32_t rc; /* 0 or an errno value */
    struct xen_domain_info info;
    char text[96]; /* "": nothing to say */
};

#endif
