/* SPDX-License-Identifier: MIT */
/*
 * A request is a row of the table. What a row says (privileged, part of a
 * transaction) is decided here; the functions only do their work.
 */
#include "protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <base/macros.h>
#include <xen/xen.h>

#include "state.h"
#include "trace.h"

#define PRIVILEGED  1u /* domain 0 only */
#define TRANSACTION 2u /* looks at tx_id */

static const struct wire_func {
    const char *name;
    int (*func)(struct request *r);
    unsigned int flags;
} wire_funcs[XS_TYPE_COUNT] = {
    [XS_CONTROL] = {"CONTROL", do_control, PRIVILEGED},
    [XS_DIRECTORY] = {"DIRECTORY", do_directory, TRANSACTION},
    [XS_READ] = {"READ", do_read, TRANSACTION},
    [XS_GET_PERMS] = {"GET_PERMS", do_get_perms, TRANSACTION},
    [XS_WATCH] = {"WATCH", do_watch, 0},
    [XS_UNWATCH] = {"UNWATCH", do_unwatch, 0},
    [XS_TRANSACTION_START] = {"TRANSACTION_START", do_transaction_start,
                              TRANSACTION},
    [XS_TRANSACTION_END] = {"TRANSACTION_END", do_transaction_end, TRANSACTION},
    [XS_INTRODUCE] = {"INTRODUCE", do_introduce, PRIVILEGED},
    [XS_RELEASE] = {"RELEASE", do_release, PRIVILEGED},
    [XS_GET_DOMAIN_PATH] = {"GET_DOMAIN_PATH", do_get_domain_path, 0},
    [XS_WRITE] = {"WRITE", do_write, TRANSACTION},
    [XS_MKDIR] = {"MKDIR", do_mkdir, TRANSACTION},
    [XS_RM] = {"RM", do_rm, TRANSACTION},
    [XS_SET_PERMS] = {"SET_PERMS", do_set_perms, TRANSACTION},
    [XS_IS_DOMAIN_INTRODUCED] = {"IS_DOMAIN_INTRODUCED",
                                 do_is_domain_introduced, PRIVILEGED},
    [XS_RESUME] = {"RESUME", do_resume, PRIVILEGED},
    [XS_SET_TARGET] = {"SET_TARGET", do_set_target, PRIVILEGED},
    [XS_RESET_WATCHES] = {"RESET_WATCHES", do_reset_watches, 0},
    [XS_DIRECTORY_PART] = {"DIRECTORY_PART", do_directory_part, TRANSACTION},
};

static const struct wire_func *wire_func(uint32_t type)
{
    if (type >= XS_TYPE_COUNT || !wire_funcs[type].func)
        return NULL;
    return &wire_funcs[type];
}

/* --- answers -------------------------------------------------------------- */

static void answer(struct request *r, uint32_t type, const void *data,
                   size_t len)
{
    struct xsd_sockmsg h = {type, r->hdr->req_id, r->hdr->tx_id, (uint32_t)len};

    if (trace_enabled) {
        const struct wire_func *f = wire_func(type);
        trace_message("OUT", r->c->name, f ? f->name : "ERROR", h.tx_id, data,
                      len);
    }
    connection_reply(r->c, &h, data);
}

int protocol_reply(struct request *r, const void *data, size_t len)
{
    if (len > XENSTORE_PAYLOAD_MAX)
        return E2BIG;
    answer(r, r->hdr->type, data, len);
    return 0;
}

int protocol_ack(struct request *r)
{
    return protocol_reply(r, "OK", 3);
}

int protocol_reply_error(struct request *r, int error)
{
    const size_t n = ARRAY_SIZE(xsd_errors);
    const char *name = "EINVAL";

    for (size_t i = 0; i < n; i++)
        if (xsd_errors[i].errnum == error)
            name = xsd_errors[i].errstring;
    answer(r, XS_ERROR, name, strlen(name) + 1);
    return 0;
}

/* --- arguments ------------------------------------------------------------ */

/* What is behind the first @n strings, or NULL. */
static const char *split(const struct request *r, const char *out[],
                         unsigned int n)
{
    const char *p = r->data, *end = p + r->hdr->len;

    for (unsigned int i = 0; i < n; i++) {
        const char *nul = memchr(p, '\0', (size_t)(end - p));
        if (!nul)
            return NULL;
        out[i] = p;
        p = nul + 1;
    }
    return p;
}

int protocol_strings(const struct request *r, const char *out[], unsigned int n)
{
    return split(r, out, n) == r->data + r->hdr->len ? 0 : EINVAL;
}

int protocol_first_strings(const struct request *r, const char *out[],
                           unsigned int n)
{
    return split(r, out, n) ? 0 : EINVAL;
}

int protocol_rest(const struct request *r, const char **rest, size_t *len)
{
    const char *first;

    *rest = split(r, &first, 1);
    if (!*rest)
        return EINVAL;
    *len = (size_t)(r->data + r->hdr->len - *rest);
    return 0;
}

int protocol_path(const struct request *r, char *path, bool special,
                  size_t *relative, const char **rest, size_t *rest_len)
{
    const char *nul = memchr(r->data, '\0', r->hdr->len);
    size_t len;
    int rc;

    if (!nul)
        return EINVAL;
    len = (size_t)(nul - r->data);
    rc = path_resolve(path, r->data, len, r->c->home, special);
    if (rc)
        return rc;
    if ((long)path_local_length(path) > quota[QUOTA_PATH_LENGTH]) {
        struct identity self = r->c->who.self;
        quota_refused(account_of(self), self, QUOTA_PATH_LENGTH);
        return EINVAL;
    }
    if (relative)
        *relative = strlen(path) - len;
    if (rest) {
        *rest = nul + 1;
        *rest_len = r->hdr->len - len - 1;
    } else if (nul + 1 != r->data + r->hdr->len) {
        return EINVAL;
    }
    return 0;
}

int protocol_domid(const char *s, uint16_t *domid)
{
    unsigned long n = 0;

    if (!*s || strlen(s) > 5)
        return EINVAL;
    for (; *s; s++) {
        if (*s < '0' || *s > '9')
            return EINVAL;
        n = n * 10 + (unsigned long)(*s - '0');
    }
    if (n >= DOMID_FIRST_RESERVED)
        return EINVAL;
    *domid = (uint16_t)n;
    return 0;
}

/* --- dispatch ------------------------------------------------------------- */

/* A local client that has connected again goes on with a transaction. */
static bool of_earlier_daemon(const struct request *r)
{
    uint32_t life = r->hdr->tx_id >> TRANSACTION_LIFE_SHIFT;
    uint32_t now = state_life() << TRANSACTION_LIFE_SHIFT;

    return !r->c->domain && life < now >> TRANSACTION_LIFE_SHIFT;
}

static int handle(struct request *r, const struct wire_func *f)
{
    if (!f)
        return ENOSYS;
    if (f->flags & PRIVILEGED && !r->c->who.privileged)
        return EACCES;
    if (r->hdr->tx_id) {
        r->view.t = transaction_find(&r->c->transactions, r->hdr->tx_id);
        if (!r->view.t)
            return of_earlier_daemon(r) ? EAGAIN : ENOENT;
        if (f->flags & TRANSACTION && f->func != do_transaction_end)
            transaction_go_on(r->view.t);
    }
    return f->func(r);
}

void protocol_handle(struct connection *c, const struct xsd_sockmsg *hdr,
                     const char *data)
{
    struct request r = {c, hdr, data, {&c->who, NULL}};
    const struct wire_func *f = wire_func(hdr->type);
    int rc;

    if (trace_enabled)
        trace_message("IN", c->name, f ? f->name : "?", hdr->tx_id, data,
                      hdr->len);
    rc = handle(&r, f);
    if (rc)
        protocol_reply_error(&r, rc);
}
