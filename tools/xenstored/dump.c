/* SPDX-License-Identifier: MIT */
/* See dump.h. */
#include "dump.h"

#include <string.h>

#include "connection.h"
#include "domain.h"
#include "record.h"
#include "store.h"

/* Bytes of a frame. */
#define FRAME (64u << 10)

static int split(struct journal *j)
{
    return journal_pack(j)->used < FRAME ? 0 : journal_write(j);
}

static uint64_t bytes_of(struct journal *j)
{
    return j->size + journal_pack(j)->used;
}

static void drop_snapshot(struct dump *d)
{
    node_put(d->tree);
    d->tree = NULL;
}

int dump_begin(struct dump *d, const char *path, const char *boot_id)
{
    d->tree = node_get(store.root);
    tree_walk_start(&d->walk, d->tree, "/");
    return journal_create(&d->journal, path, boot_id);
}

/* --- the tree ------------------------------------------------------------- */

/* The root is there in each store. */
static void pack_node(struct pack *p, const char *path, const struct node *n)
{
    const char *name = strrchr(path, '/') + 1;

    if (*name) {
        pack_create(p, path, (size_t)(name - path),
                    n->value ? n->value->data : "", node_value_len(n),
                    n->perms);
    } else {
        pack_node_value(p, path, n);
        pack_node_perms(p, path, n->perms);
    }
}

int dump_step(struct dump *d, uint64_t bytes, bool *whole)
{
    struct journal *j = &d->journal;
    uint64_t begin = bytes_of(j);
    const struct node *n = NULL;
    int rc = 0;

    while (!rc && bytes_of(j) - begin < bytes &&
           (n = tree_walk_next(&d->walk))) {
        pack_node(journal_pack(j), d->walk.path, n);
        rc = split(j);
    }
    *whole = !n;
    return rc;
}

/* --- domains -------------------------------------------------------------- */

/* The oldest first: in this order they will be made again, and fire. */
static void pack_watches(struct pack *p, struct watches *set)
{
    watches_reverse(set);
    for (const struct watch *w = set->first; w; w = w->next)
        pack_watch(p, w);
    watches_reverse(set);
}

static int dump_connection(struct journal *j, const struct domain *d)
{
    struct connection *c = record_connection_of(d);

    if (c) {
        pack_ring(journal_pack(j), d);
        pack_watches(journal_pack(j), &c->watches);
    }
    pack_connection(journal_pack(j), d, true);
    return split(j);
}

int dump_end(struct dump *d)
{
    struct journal *j = &d->journal;
    struct domain *domain = NULL;
    const struct perms *perms;
    const char *name;
    int rc;

    pack_tree_change(journal_pack(j), d->tree, store.root);
    rc = split(j);
    while ((domain = domain_next(domain)))
        pack_domain(journal_pack(j), domain);
    for (unsigned int i = 0; (name = store_special(i, &perms)); i++)
        pack_node_perms(journal_pack(j), name, perms);
    while (!rc && (domain = domain_next(domain)))
        rc = dump_connection(j, domain);
    pack_complete(journal_pack(j));
    return rc ? rc : journal_write(j);
}

struct journal dump_take(struct dump *d)
{
    drop_snapshot(d);
    return d->journal;
}

void dump_abandon(struct dump *d)
{
    drop_snapshot(d);
    journal_close(&d->journal);
}
