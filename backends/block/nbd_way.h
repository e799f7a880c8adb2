/* SPDX-License-Identifier: MIT */
/*
 * The ways of a name: where the paths in it lead, and what links they pass. A
 * URI has its path at a place of its own for each scheme, so that whatever
 * looks like one is taken for one.
 */
#ifndef BACKENDS_BLOCK_NBD_WAY_H
#define BACKENDS_BLOCK_NBD_WAY_H

#include <stdbool.h>
#include <stddef.h>

struct nbd_way {
    char *paths; /* each ends with a zero; the caller frees it */
    size_t size;
};

/* Of this moment. Without memory it leads nowhere. */
struct nbd_way nbd_way_of(const char *name);
/* Something of it lies there. */
bool nbd_way_passes(const struct nbd_way *w, const char *place);

/* The path is the place or below it. */
bool nbd_path_lies_in(const char *path, const char *place);

#endif
