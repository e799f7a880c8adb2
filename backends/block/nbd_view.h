/* SPDX-License-Identifier: MIT */
/*
 * What the server of a medium sees of this host's files: all, as they are
 * mounted when it starts, read-only and without devices except for its medium;
 * /run, /etc, /root and /boot are empty to that of a local image, but for that
 * in which the image lies.
 *
 * What is mounted later it never sees: that would come writable, and with
 * devices. So nothing of the host's unmounts comes either, and what it sees
 * would stay in use after that. Therefore the server of a local image, which
 * opens nothing when it serves, loses all file systems then except the one of
 * the root directory; what it has open it keeps. That of another medium may
 * connect again at any time. It has from the start only what belongs to every
 * system and the file systems to which the paths in its name lead, also by
 * links (nbd_way.h), which stay in use as long as it lives.
 */
#ifndef BACKENDS_BLOCK_NBD_VIEW_H
#define BACKENDS_BLOCK_NBD_VIEW_H

struct nbd_server_plan;

/* As root: this process and its children, in a namespace of mounts. 0 or
 * -errno. */
int nbd_view_begin(const struct nbd_server_plan *p);

/* In the same process: that of a local image serves. */
void nbd_view_reduce(void);

#endif
