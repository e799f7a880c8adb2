/* SPDX-License-Identifier: MIT */
/*
 * The page that a guest and its console daemon share: two byte streams. An
 * index runs freely and is reduced by MASK_XENCONS_IDX; the writer of bytes
 * owns prod, the reader cons. Notify the event channel after moving either.
 *
 * The writer puts the bytes into the ring before it moves prod, the reader
 * takes them out before it moves cons. Neither may trust the other's index:
 * prod - cons above the ring's size means that the other side is broken, and
 * the stream is to be ignored.
 *
 * The guest finds page and port in start_info; the daemon finds them in the
 * store (ring-ref, port below the domain's console node).
 */
#ifndef __XEN_PUBLIC_IO_CONSOLE_H__
#define __XEN_PUBLIC_IO_CONSOLE_H__

#include <stdint.h>

typedef uint32_t XENCONS_RING_IDX;
#define MASK_XENCONS_IDX(idx, ring) ((idx) & (sizeof(ring) - 1))

struct xencons_interface {
    char in[1024];                       /* daemon to guest */
    char out[2048];                      /* guest to daemon */
    XENCONS_RING_IDX in_cons, in_prod;   /* guest, daemon */
    XENCONS_RING_IDX out_cons, out_prod; /* daemon, guest */
};

#endif
