/* SPDX-License-Identifier: MIT */
/*
 * A medium that is not just its sectors: an image of some format, or something
 * that has a URI in the place of a path. QEMU's programs know them; this is
 * what they are told. Pure text.
 */
#ifndef BACKENDS_BLOCK_TARGET_H
#define BACKENDS_BLOCK_TARGET_H

#include <stdbool.h>
#include <stddef.h>

struct target {
    const char *name;   /* a path from the root on, or SCHEME:... */
    const char *format; /* a libxl_disk_format by name; NULL: raw */
    bool device;        /* the path is a block device's */
};

/* SCHEME:..., which no path from the root on is. */
bool target_is_uri(const char *name);

/* A URI of what a daemon of this host serves at a UNIX socket. */
bool target_is_at_socket(const char *name);

/* It is more than the sectors that a file or a device holds. */
bool target_needs_server(const struct target *t);

/*
 * Does the server have in its own memory what was written, as the libraries for
 * storage elsewhere do, or where that lies? Then what it has acknowledged is
 * lost if it is killed, unless a flush came after.
 */
bool target_has_cache(const struct target *t);

/*
 * The last arguments of qemu-nbd, up to three and NULL, which point into t and
 * text. It does not lock a file or a device. What is lost of an NBD server it
 * waits for: requests are done when the server is back. 0; -EINVAL or
 * -ENAMETOOLONG, with a reason.
 */
int target_arguments(const struct target *t, char *text, size_t size,
                     const char *argv[4]);

#endif
