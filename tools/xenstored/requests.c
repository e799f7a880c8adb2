/* SPDX-License-Identifier: MIT */
/*
 * What clients ask of nodes, watches and transactions. Each function answers
 * first and lets watches fire afterwards, so that no client's answer waits
 * behind other clients' events.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h"

/* --- reading -------------------------------------------------------------- */

int do_read(struct request *r)
{
    char path[PATH_BUFFER];
    struct node *n;
    int rc = protocol_path(r, path, false, NULL, NULL, NULL);

    if (!rc)
        rc = store_read(&r->view, path, &n);
    if (rc)
        return rc;
    return protocol_reply(r, n->value ? n->value->data : "", node_value_len(n));
}

/* Writes children's names from child @first on, as far as they fit. */
static size_t list_names(const struct node *n, uint32_t *first, char *out,
                         size_t size)
{
    size_t used = 0;
    uint32_t i;

    for (i = *first; i < n->child_count; i++) {
        const struct node *c = n->child[i];
        if (c->name_len + 1u > size - used)
            break;
        memcpy(out + used, c->name, c->name_len + 1u);
        used += c->name_len + 1u;
    }
    *first = i;
    return used;
}

int do_directory(struct request *r)
{
    char path[PATH_BUFFER], names[XENSTORE_PAYLOAD_MAX];
    struct node *n;
    uint32_t end = 0;
    size_t len;
    int rc = protocol_path(r, path, false, NULL, NULL, NULL);

    if (!rc)
        rc = store_list(&r->view, path, &n);
    if (rc)
        return rc;
    len = list_names(n, &end, names, sizeof(names));
    return end < n->child_count ? E2BIG : protocol_reply(r, names, len);
}

/* The child whose name starts @offset bytes into the complete list. */
static uint32_t child_at(const struct node *n, unsigned long offset)
{
    uint32_t i;
    unsigned long at = 0;

    for (i = 0; i < n->child_count && at < offset; i++)
        at += n->child[i]->name_len + 1u;
    return i;
}

/* A list too long for one message is read in parts: the list's generation,
 * then names from a byte offset on; an empty name marks the end. */
int do_directory_part(struct request *r)
{
    char path[PATH_BUFFER], out[XENSTORE_PAYLOAD_MAX], *end;
    const char *arg[2];
    struct node *n;
    unsigned long offset;
    uint32_t child;
    size_t used;
    int rc = protocol_strings(r, arg, 2);

    if (!rc)
        rc = protocol_path(r, path, false, NULL, &arg[1], &used);
    if (rc)
        return rc;
    errno = 0;
    offset = strtoul(arg[1], &end, 10);
    if (errno || *end || end == arg[1])
        return EINVAL;
    rc = store_list(&r->view, path, &n);
    if (rc)
        return rc;
    used =
        (size_t)snprintf(out, sizeof(out), "%" PRIu64, n->list_generation) + 1;
    child = child_at(n, offset);
    used += list_names(n, &child, out + used, sizeof(out) - used - 1);
    if (child == n->child_count)
        out[used++] = '\0';
    return protocol_reply(r, out, used);
}

int do_get_perms(struct request *r)
{
    char path[PATH_BUFFER], out[XENSTORE_PAYLOAD_MAX];
    struct perms *perms;
    size_t len;
    int rc = protocol_path(r, path, true, NULL, NULL, NULL);

    if (!rc)
        rc = store_get_perms(&r->view, path, &perms);
    if (rc)
        return rc;
    len = perms_format(perms, out, sizeof(out));
    return len ? protocol_reply(r, out, len) : E2BIG;
}

/* --- changing ------------------------------------------------------------- */

static int finish(struct request *r, int rc, struct change *c)
{
    if (!rc) {
        protocol_ack(r);
        store_publish(c);
    }
    return rc;
}

int do_write(struct request *r)
{
    char path[PATH_BUFFER];
    const char *value;
    size_t len;
    struct change c = {0};
    int rc = protocol_path(r, path, false, NULL, &value, &len);

    if (!rc)
        rc = store_write(&r->view, path, value, len, &c);
    return finish(r, rc, &c);
}

int do_mkdir(struct request *r)
{
    char path[PATH_BUFFER];
    struct change c = {0};
    int rc = protocol_path(r, path, false, NULL, NULL, NULL);

    if (!rc)
        rc = store_mkdir(&r->view, path, &c);
    return finish(r, rc, &c);
}

int do_rm(struct request *r)
{
    char path[PATH_BUFFER];
    struct change c = {0};
    int rc = protocol_path(r, path, false, NULL, NULL, NULL);

    if (!rc)
        rc = store_remove(&r->view, path, &c);
    return finish(r, rc, &c);
}

int do_set_perms(struct request *r)
{
    char path[PATH_BUFFER];
    const char *list;
    size_t len;
    bool privileged = r->c->who.privileged;
    long max = privileged ? LONG_MAX : quota[QUOTA_NODE_PERMISSIONS];
    struct perms *perms = NULL;
    struct change c = {0};
    int rc = protocol_rest(r, &list, &len);

    /* In this order, as each of these errors has been told before the next. */
    if (!rc)
        rc = perms_parse(&perms, list, len, max);
    if (rc == ENOSPC)
        quota_refused(account_of(r->c->who.self), r->c->who.self,
                      QUOTA_NODE_PERMISSIONS);
    /* Guests are not told which domains there are. */
    if (!rc && privileged &&
        domain_incarnation(perms->entry[0].id.domid) == INCARNATION_NONE)
        rc = ENOENT;
    if (!rc)
        rc = protocol_path(r, path, true, NULL, &list, &len);
    if (!rc)
        rc = store_set_perms(&r->view, path, perms, &c);
    perms_put(perms);
    return finish(r, rc, &c);
}

/* --- watches -------------------------------------------------------------- */

int do_watch(struct request *r)
{
    char path[PATH_BUFFER];
    const char *arg[2];
    size_t relative, len;
    struct watch *w;
    int rc = protocol_strings(r, arg, 2);

    if (!rc)
        rc = protocol_path(r, path, true, &relative, &arg[1], &len);
    if (!rc)
        rc = watch_add(r->c, path, relative, arg[1], &w);
    if (rc)
        return rc;
    protocol_ack(r);
    /* A first event at once: clients need no code for "it is so already". */
    watch_fire_first(w);
    return 0;
}

int do_unwatch(struct request *r)
{
    char path[PATH_BUFFER];
    const char *arg[2];
    size_t relative, len;
    int rc = protocol_strings(r, arg, 2);

    if (rc)
        return rc;
    /* What is no path is not watched. */
    if (protocol_path(r, path, true, &relative, &arg[1], &len))
        return ENOENT;
    rc = watch_remove(r->c, path, arg[1]);
    return rc ? rc : protocol_ack(r);
}

int do_reset_watches(struct request *r)
{
    watch_remove_all(r->c);
    transactions_abort(&r->c->transactions);
    return protocol_ack(r);
}

/* --- transactions --------------------------------------------------------- */

int do_transaction_start(struct request *r)
{
    char text[16];
    uint32_t id;
    int rc;

    if (r->view.t)
        return EBUSY;
    rc = transaction_start(&r->c->transactions, &r->c->who, &id);
    if (rc)
        return rc;
    return protocol_reply(
        r, text, (size_t)snprintf(text, sizeof(text), "%" PRIu32, id) + 1);
}

static void transaction_answer(void *arg, int rc)
{
    struct request *r = arg;
    if (rc)
        protocol_reply_error(r, rc);
    else
        protocol_ack(r);
}

int do_transaction_end(struct request *r)
{
    const char *how;
    int rc = protocol_strings(r, &how, 1);

    if (!rc && strcmp(how, "T") && strcmp(how, "F"))
        rc = EINVAL;
    if (!rc && !r->view.t)
        rc = ENOENT;
    if (!rc)
        transaction_end(&r->c->transactions, r->view.t, how[0] == 'T',
                        transaction_answer, r);
    return rc;
}
