/* SPDX-License-Identifier: MIT */
/*
 * The ground that every file of libxl stands on: the context, memory that is
 * freed by itself at the end of a call, logging, and access to the store.
 *
 * Conventions. 'rc' holds a libxl error code (0 or ERROR_*) and nothing else;
 * 'r' is the result of a system or library call. Functions libxl__* are
 * internal. Memory from 'gc' lives until the public function that made the gc
 * returns, or until the operation (ao) that owns it is over; what is handed
 * to the application comes from malloc. A failure is logged once, where its
 * cause is known; callers pass the code on in silence.
 *
 * Locks  one recursive lock per context. Public functions take it for their
 *        whole duration (GC_INIT, ao_create); waiting for events releases it.
 *        Application callbacks run after it was released.
 */
#ifndef LIBXL_INTERNAL_H
#define LIBXL_INTERNAL_H

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <base/macros.h>
#include <base/number.h>
#include <xenstore.h>
#include <xentoollog.h>
#include <xlctrl.h>

#include "libxl.h"
#include "libxl_event.h"
#include "libxl_utils.h"

/* The structure whose member is at ptr, which is how callbacks find their
 * owner. */
#define CONTAINER_OF(ptr, type, member)                                        \
    ((type *)((char *)(ptr)-offsetof(type, member)))

/* Paths of the files that libxl uses at run time. */
#define LIBXL__SCRIPT_DIR      "/etc/xen/scripts"
#define LIBXL__USERDATA_DIR    "/var/lib/xen"
#define LIBXL__PRIVATE_BIN     "/usr/lib/xen-lite/bin"
#define LIBXL__LOG_DIR         "/var/log/xen"
#define LIBXL__TOOLSTACK_DOMID 0

typedef struct libxl__gc libxl__gc;
struct libxl__event_state; /* event.h */

/* What libxl_ctx_alloc() gives. All of it is under the lock, but for what is
 * set once. */
struct libxl__ctx {
    xentoollog_logger *lg; /* the application's */
    xlc_handle *xch;       /* the way to Xen, */
    struct xs_handle *xsh; /* and to the store */
    pthread_mutex_t lock;  /* recursive */
    int depth;             /* of it, by the thread that holds it */
    struct libxl__event_state *ev;
    libxl_version_info version; /* filled once; pagesize 0: not yet */
};
/* Wherever there is a gc of that name: a parameter, or that of GC_INIT(). */
#define CTX (gc->ctx)

/* --- memory --- */

/* Pointers from malloc, to be freed together. ptrs has room for size of them.
 */
struct libxl__gc {
    libxl_ctx *ctx;
    void **ptrs;
    size_t n, size;
};

/* Declares 'gc', takes the lock, and undoes both when the function returns. */
#define GC_INIT(c)                                                             \
    __attribute__((cleanup(libxl__gc_leave)))                                  \
    libxl__gc gc_here = {.ctx = (c)};                                          \
    __attribute__((unused)) libxl__gc *gc = &gc_here;                          \
    libxl__ctx_lock(c)
/* GC_INIT() calls it. */
void libxl__gc_leave(libxl__gc *gc);
void libxl__gc_free(libxl__gc *gc); /* its memory only */

/* These never give NULL but for a NULL string: without memory the process ends.
 * zalloc and calloc give zeros. Nothing is ever freed singly. */
void *libxl__zalloc(libxl__gc *gc, size_t size);
void *libxl__calloc(libxl__gc *gc, size_t n, size_t size);
/* ptr NULL or from this gc. */
void *libxl__realloc(libxl__gc *gc, void *ptr, size_t size);
char *libxl__strdup(libxl__gc *gc, const char *s); /* NULL is NULL */
char *libxl__sprintf(libxl__gc *gc, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Makes memory from malloc the gc's. */
void *libxl__own(libxl__gc *gc, void *ptr);
/* For the gc of the function; var is a pointer, and gets zeroed objects. */
#define GCSPRINTF(...)      libxl__sprintf(gc, __VA_ARGS__)
#define GCNEW(var)          ((var) = libxl__zalloc(gc, sizeof(*(var))))
#define GCNEW_ARRAY(var, n) ((var) = libxl__calloc(gc, (n), sizeof(*(var))))

/* ptr, which came from malloc and friends, or the end of the process. */
void *libxl__checked(void *ptr, size_t n, size_t size);
/* From malloc, never NULL, for what the application will free. */
/* n zeroed objects. */
void *libxl__array_nogc(libxl_ctx *ctx, size_t n, size_t size);
char *libxl__strdup_nogc(libxl_ctx *ctx, const char *s);

/* The last release also runs the callbacks that the application is due. */
/* Recursive: each lock has its unlock, in the same thread. GC_INIT() has both.
 */
void libxl__ctx_lock(libxl_ctx *ctx);
void libxl__ctx_unlock(libxl_ctx *ctx);

/* --- logging --- */

/* One line each, without a newline, and with "libxl" in front; levels are those
 * of xtl_log(). */
#define LIBXL__LOG(ctx, level, ...)                                            \
    xtl_log((ctx)->lg, level, -1, "libxl", __VA_ARGS__)
#define LOG(level, ...) xtl_log(CTX->lg, XTL_##level, -1, "libxl", __VA_ARGS__)
/* With the text of errno, or of r. Both leave errno as it was. */
#define LOGE(level, ...)                                                       \
    do {                                                                       \
        int errno_ = errno;                                                    \
        xtl_log(CTX->lg, XTL_##level, errno_, "libxl", __VA_ARGS__);           \
        errno = errno_;                                                        \
    } while (0)
#define LOGEV(level, r, ...)                                                   \
    xtl_log(CTX->lg, XTL_##level, (r), "libxl", __VA_ARGS__)
/* For messages: its name, or its number where it has none. */
const char *libxl__domain_label(libxl__gc *gc, uint32_t domid);

/*
 * --- the store (xenstore.c) --- Paths are absolute. Reads
 * of what is not there give NULL in silence; other failures are logged by these
 * functions. A store that is started again is waited for: see xenstore.c.
 */
const char *libxl__xs_read(libxl__gc *gc, xs_transaction_t t, const char *path);
/* An unsigned number in decimal; ERROR_NOTFOUND or ERROR_INVAL, in silence: it
 * is not there, or none. */
int libxl__xs_read_uint(libxl__gc *gc, xs_transaction_t t, const char *path,
                        uint32_t *value);
/* 0 or ERROR_FAIL, as the others that write. t: a transaction, or XBT_NULL. */
int libxl__xs_write(libxl__gc *gc, xs_transaction_t t, const char *path,
                    const char *value);
int libxl__xs_printf(libxl__gc *gc, xs_transaction_t t, const char *path,
                     const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Nodes of one directory, up to one without a name; a NULL value skips its
 * node. */
struct libxl__node {
    const char *name, *value;
};
int libxl__xs_writev(libxl__gc *gc, xs_transaction_t t, const char *dir,
                     const struct libxl__node *nodes);
/* An empty node with these permissions; its children inherit them. */
int libxl__xs_mknod(libxl__gc *gc, xs_transaction_t t, const char *path,
                    struct xs_permissions *perms, unsigned int n);
/* The names of its children, *n of them; NULL if it is not there (ENOENT), or
 * if that is not known. */
char **libxl__xs_directory(libxl__gc *gc, xs_transaction_t t, const char *path,
                           unsigned int *n);
/* Removes a tree; that it is not there is fine. */
int libxl__xs_rm(libxl__gc *gc, xs_transaction_t t, const char *path);
/* The same, and those of its ancestors that are left empty, in a transaction.
 */
int libxl__xs_rm_up(libxl__gc *gc, const char *path);
/*
 * Runs body(gc, t, arg) in a transaction, again whenever another client's
 * commit came in between, so body must start anew each time. An rc of body
 * aborts the transaction and is returned.
 */
/* 0 commits what was done in t. */
typedef int libxl__xs_body(libxl__gc *gc, xs_transaction_t t, void *arg);
int libxl__xs_transaction(libxl__gc *gc, libxl__xs_body *body, void *arg);
/* "/local/domain/N", from gc. */
const char *libxl__xs_domain_path(libxl__gc *gc, uint32_t domid);

/* --- the host (host.c) --- */

/* Memory, CPUs and features; a failure is logged. */
int libxl__physinfo(libxl__gc *gc, struct xen_sysctl_physinfo *info);

/* --- little things --- */

/* Six bytes in hexadecimal with colons between them; else ERROR_INVAL, not
 * logged. */
int libxl__parse_mac(const char *s, libxl_mac mac);
/* A decimal number that is the whole string; else ERROR_INVAL. */
static inline int libxl__parse_uint(const char *s, uint32_t max,
                                    uint32_t *value)
{
    uint64_t v;

    if (!parse_uint(s, max, &v))
        return ERROR_INVAL;
    *value = v;
    return 0;
}

#endif
