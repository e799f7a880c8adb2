/* SPDX-License-Identifier: MIT */
/* See dump.h. */
#include "dump.h"

#include <string.h>

#include <xen/xen.h>

#include "connection.h"
#include "domain.h"
#include "record.h"
#include "store.h"

/* Bytes of a frame. */
#define FRAME (64u << 10)

static int split(struct journal *j)
{
    return j->frame.used < FRAME ? 0 : journal_write(j);
}

static uint64_t bytes_of(const struct journal *j)
{
    return j->size + j->frame.used;
}

int dump_begin(struct dump *d, const char *path, const char *boot_id)
{
    d->on = true;
    d->next = 0;
    d->tree = NULL;
    d->size = 0;
    return journal_create(&d->journal, path, boot_id);
}

bool dump_follows(const struct dump *d, uint16_t domid)
{
    return d->on && !d->tree && domid < d->next;
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

static int dump_domain(struct journal *j, const struct domain *d)
{
    struct connection *c = record_connection_of(d);

    pack_domain(journal_pack(j), d);
    if (c) {
        pack_ring(journal_pack(j), d);
        pack_watches(journal_pack(j), &c->watches);
    }
    pack_connection(journal_pack(j), d, true);
    return split(j);
}

/* The next one; behind the last, the tree as it is then. */
static int step_domains(struct dump *d, const struct journal *before)
{
    const struct domain *domain = domain_known((uint16_t)d->next++);

    if (domain)
        return dump_domain(&d->journal, domain);
    if (d->next < DOMID_FIRST_RESERVED)
        return 0;
    d->tree = node_get(store.root);
    tree_walk_start(&d->walk, d->tree, "/");
    d->seen = before->size;
    return 0;
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

static int step_tree(struct dump *d)
{
    const struct node *n = tree_walk_next(&d->walk);

    if (!n) {
        d->size = bytes_of(&d->journal);
        return 0;
    }
    pack_node(journal_pack(&d->journal), d->walk.path, n);
    return split(&d->journal);
}

/* --- all of it ------------------------------------------------------------ */

int dump_step(struct dump *d, const struct journal *before, uint64_t bytes,
              bool *whole)
{
    uint64_t begin = bytes_of(&d->journal);
    int rc = 0;

    while (!rc && !d->size && bytes_of(&d->journal) - begin < bytes)
        rc = d->tree ? step_tree(d) : step_domains(d, before);
    if (!rc && d->size)
        rc = journal_copy(&d->journal, before, &d->seen, bytes);
    *whole = d->size && d->seen == before->size;
    return rc;
}

int dump_end(struct dump *d)
{
    struct pack *p = journal_pack(&d->journal);
    const struct perms *perms;
    const char *name;

    for (unsigned int i = 0; (name = store_special(i, &perms)); i++)
        pack_node_perms(p, name, perms);
    pack_complete(p);
    return journal_write(&d->journal);
}

struct journal dump_take(struct dump *d)
{
    node_put(d->tree);
    d->tree = NULL;
    d->on = false;
    return d->journal;
}

void dump_abandon(struct dump *d)
{
    journal_close(&d->journal);
    dump_take(d);
}
