/* SPDX-License-Identifier: MIT */
/*
 * Debian's libnbd (libnbd0), found when the first medium needs it: it brings
 * some forty megabytes of other libraries, which the processes of plain disks
 * do without, and so do hosts that have no other disks.
 */
#ifndef BACKENDS_BLOCK_LIBNBD_H
#define BACKENDS_BLOCK_LIBNBD_H

#include <libnbd.h>

struct libnbd {
    __typeof__(nbd_create) *create;
    __typeof__(nbd_close) *close;
    __typeof__(nbd_get_error) *get_error;
    __typeof__(nbd_get_errno) *get_errno;
    __typeof__(nbd_set_request_structured_replies) *set_structured;
    __typeof__(nbd_set_strict_mode) *set_strict_mode;
    __typeof__(nbd_aio_connect_socket) *connect_socket;
    __typeof__(nbd_aio_is_connecting) *is_connecting;
    __typeof__(nbd_aio_is_ready) *is_ready;
    __typeof__(nbd_aio_is_dead) *is_dead;
    __typeof__(nbd_aio_is_closed) *is_closed;
    __typeof__(nbd_aio_get_fd) *get_fd;
    __typeof__(nbd_aio_get_direction) *get_direction;
    __typeof__(nbd_poll) *poll;
    __typeof__(nbd_get_size) *get_size;
    __typeof__(nbd_get_block_size) *get_block_size;
    __typeof__(nbd_is_read_only) *is_read_only;
    __typeof__(nbd_can_flush) *can_flush;
    __typeof__(nbd_can_trim) *can_trim;
    __typeof__(nbd_aio_pread) *pread;
    __typeof__(nbd_aio_pwrite) *pwrite;
    __typeof__(nbd_aio_flush) *flush;
    __typeof__(nbd_aio_trim) *trim;
};

/* Before privileges go. NULL, with a reason: it is not there. */
const struct libnbd *libnbd_load(void);

#endif
