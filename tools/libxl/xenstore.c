/* SPDX-License-Identifier: MIT */
/*
 * The store, with gc memory and libxl's error codes. Strings that come back
 * are bytes which a guest may have written: callers parse them as such.
 *
 * A store that is killed is started again at once and has all that it had
 * acknowledged, so what has no answer is asked once more; each of these
 * requests may be made twice. Not in a transaction, which ends with the store:
 * that is begun anew as a whole.
 */
#include "event.h"

/* errno says why a request of transaction @t has failed. */
static bool again(libxl__gc *gc, xs_transaction_t t)
{
    return t == XBT_NULL && libxl__store_again(CTX);
}

/* That a transaction has ended with the store is nothing to tell of: see
 * libxl__xs_transaction(). */
#define COMPLAIN(t, ...)                                                       \
    do {                                                                       \
        if ((t) == XBT_NULL || !libxl__store_ended(errno))                     \
            LOGE(ERROR, __VA_ARGS__);                                          \
    } while (0)

const char *libxl__xs_read(libxl__gc *gc, xs_transaction_t t, const char *path)
{
    unsigned int len;
    char *s;

    do
        s = libxl__own(gc, xs_read(CTX->xsh, t, path, &len));
    while (!s && again(gc, t));
    if (!s && errno != ENOENT)
        COMPLAIN(t, "cannot read %s from the store", path);
    return s;
}

int libxl__xs_read_uint(libxl__gc *gc, xs_transaction_t t, const char *path,
                        uint32_t *value)
{
    const char *s = libxl__xs_read(gc, t, path);

    if (!s)
        return errno == ENOENT ? ERROR_NOTFOUND : ERROR_FAIL;
    return libxl__parse_uint(s, UINT32_MAX, value);
}

int libxl__xs_write(libxl__gc *gc, xs_transaction_t t, const char *path,
                    const char *value)
{
    do
        if (xs_write(CTX->xsh, t, path, value, strlen(value)))
            return 0;
    while (again(gc, t));
    COMPLAIN(t, "cannot write %s to the store", path);
    return ERROR_FAIL;
}

int libxl__xs_printf(libxl__gc *gc, xs_transaction_t t, const char *path,
                     const char *fmt, ...)
{
    char *s = NULL;
    va_list al;
    int r;

    va_start(al, fmt);
    r = vasprintf(&s, fmt, al);
    va_end(al);
    if (r < 0)
        return ERROR_NOMEM;
    return libxl__xs_write(gc, t, path, libxl__own(gc, s));
}

int libxl__xs_writev(libxl__gc *gc, xs_transaction_t t, const char *dir,
                     const struct libxl__node *nodes)
{
    int rc = 0;

    for (; nodes->name && !rc; nodes++)
        if (nodes->value)
            rc = libxl__xs_write(gc, t, GCSPRINTF("%s/%s", dir, nodes->name),
                                 nodes->value);
    return rc;
}

int libxl__xs_mknod(libxl__gc *gc, xs_transaction_t t, const char *path,
                    struct xs_permissions *perms, unsigned int n)
{
    do
        if (xs_mkdir(CTX->xsh, t, path) &&
            xs_set_permissions(CTX->xsh, t, path, perms, n))
            return 0;
    while (again(gc, t));
    COMPLAIN(t, "cannot create %s in the store", path);
    return ERROR_FAIL;
}

char **libxl__xs_directory(libxl__gc *gc, xs_transaction_t t, const char *path,
                           unsigned int *n)
{
    char **names;

    do {
        *n = 0;
        names = libxl__own(gc, xs_directory(CTX->xsh, t, path, n));
    } while (!names && again(gc, t));
    if (!names && errno != ENOENT)
        COMPLAIN(t, "cannot list %s in the store", path);
    return names;
}

int libxl__xs_rm(libxl__gc *gc, xs_transaction_t t, const char *path)
{
    do
        if (xs_rm(CTX->xsh, t, path) || errno == ENOENT)
            return 0;
    while (again(gc, t));
    COMPLAIN(t, "cannot remove %s from the store", path);
    return ERROR_FAIL;
}

/* A commit that has no answer may have been made: then body finds in the store
 * what it has done itself. The store makes these two in one step, but for an
 * instant. */
int libxl__xs_transaction(libxl__gc *gc, libxl__xs_body *body, void *arg)
{
    xs_transaction_t t;
    bool ended;
    int rc;

    for (;;) {
        do
            t = xs_transaction_start(CTX->xsh);
        while (!t && again(gc, XBT_NULL));
        if (!t) {
            LOGE(ERROR, "cannot start a store transaction");
            return ERROR_FAIL;
        }
        rc = body(gc, t, arg);
        ended = xs_transaction_end(CTX->xsh, t, rc);
        if (!ended && again(gc, XBT_NULL))
            continue;
        if (ended || rc)
            return rc;
        if (errno != EAGAIN) {
            LOGE(ERROR, "cannot commit a store transaction");
            return ERROR_FAIL;
        }
    }
}

/* In a transaction: an ancestor that looks empty may be getting a child. */
static int rm_up(libxl__gc *gc, xs_transaction_t t, void *path)
{
    char *up = libxl__strdup(gc, path), *slash;
    int rc = libxl__xs_rm(gc, t, path);
    unsigned int n;

    while (!rc && (slash = strrchr(up, '/')) && slash != up) {
        *slash = 0;
        if (!libxl__xs_directory(gc, t, up, &n) && errno != ENOENT)
            return ERROR_FAIL; /* it may have others in it */
        if (n)
            break;
        rc = libxl__xs_rm(gc, t, up);
    }
    return rc;
}

int libxl__xs_rm_up(libxl__gc *gc, const char *path)
{
    return libxl__xs_transaction(gc, rm_up, (void *)path);
}

const char *libxl__xs_domain_path(libxl__gc *gc, uint32_t domid)
{
    return GCSPRINTF("/local/domain/%u", domid);
}
