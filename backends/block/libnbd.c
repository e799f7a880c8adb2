/* SPDX-License-Identifier: MIT */
/* See libnbd.h. */
#include "libnbd.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#include <base/macros.h>
#include <daemon/log.h>

#define FILE_NAME "libnbd.so.0"
#define PACKAGE   "libnbd0"

static const struct {
    const char *name;
    size_t at;
} functions[] = {
    {"nbd_create", offsetof(struct libnbd, create)},
    {"nbd_close", offsetof(struct libnbd, close)},
    {"nbd_get_error", offsetof(struct libnbd, get_error)},
    {"nbd_get_errno", offsetof(struct libnbd, get_errno)},
    {"nbd_set_request_structured_replies",
     offsetof(struct libnbd, set_structured)},
    {"nbd_set_strict_mode", offsetof(struct libnbd, set_strict_mode)},
    {"nbd_aio_connect_socket", offsetof(struct libnbd, connect_socket)},
    {"nbd_aio_is_connecting", offsetof(struct libnbd, is_connecting)},
    {"nbd_aio_is_ready", offsetof(struct libnbd, is_ready)},
    {"nbd_aio_is_dead", offsetof(struct libnbd, is_dead)},
    {"nbd_aio_is_closed", offsetof(struct libnbd, is_closed)},
    {"nbd_aio_get_fd", offsetof(struct libnbd, get_fd)},
    {"nbd_aio_get_direction", offsetof(struct libnbd, get_direction)},
    {"nbd_poll", offsetof(struct libnbd, poll)},
    {"nbd_get_size", offsetof(struct libnbd, get_size)},
    {"nbd_get_block_size", offsetof(struct libnbd, get_block_size)},
    {"nbd_is_read_only", offsetof(struct libnbd, is_read_only)},
    {"nbd_can_flush", offsetof(struct libnbd, can_flush)},
    {"nbd_can_trim", offsetof(struct libnbd, can_trim)},
    {"nbd_aio_pread", offsetof(struct libnbd, pread)},
    {"nbd_aio_pwrite", offsetof(struct libnbd, pwrite)},
    {"nbd_aio_flush", offsetof(struct libnbd, flush)},
    {"nbd_aio_trim", offsetof(struct libnbd, trim)},
};

const struct libnbd *libnbd_load(void)
{
    static struct libnbd library;
    void *file = dlopen(FILE_NAME, RTLD_NOW), *function = file;

    if (!file) {
        log_reason(-ENOENT, "%s: install the package " PACKAGE, dlerror());
        return NULL;
    }
    for (size_t i = 0; function && i < ARRAY_SIZE(functions); i++) {
        function = dlsym(file, functions[i].name);
        *(void **)((char *)&library + functions[i].at) = function;
    }
    if (function)
        return &library;
    log_reason(-ENOSYS, "%s", dlerror());
    return NULL;
}
