/* SPDX-License-Identifier: MIT */
/* See store_text.h. */
#include "store_text.h"

#include "store_test.h"

static char *text, *text_end;

static void say(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    text += vsnprintf(text, (size_t)(text_end - text), format, ap);
    va_end(ap);
    assert_true(text < text_end - 1);
}

static void say_perms(const struct perms *p)
{
    for (unsigned int i = 0; i < p->count; i++)
        say(" %u.%u.%u", p->entry[i].id.domid, p->entry[i].id.incarnation,
            p->entry[i].bits);
    say("\n");
}

static void say_watches(const struct connection *c)
{
    for (struct watch *w = c->watches.first; w; w = w->next)
        say("  %s %s %u\n", w->path, w->token, w->relative);
}

static void say_connection(const struct connection *c)
{
    say(" target %u.%u fault %u in %zu replies %u events %u of %zu bytes, "
        "paid %u of %ld, transactions %u\n",
        c->who.target.domid, c->who.target.incarnation, c->fault, c->in_used,
        c->replies, c->events, c->event_bytes, c->paid_events, c->paid_bytes,
        c->transactions.count);
    say_watches(c);
    for (const struct message *m = c->out; m; m = m->next)
        say("  waits: %u bytes from %u\n", m->len, m->sent);
}

void store_text(char *out, size_t size)
{
    static struct tree_walk w;
    const struct perms *perms;
    const struct node *n;
    const char *name;
    struct domain *d = NULL;

    text = out;
    text_end = out + size;
    tree_walk_start(&w, store.root, "/");
    while ((n = tree_walk_next(&w))) {
        say("%s=%.*s", w.path, (int)node_value_len(n),
            n->value ? n->value->data : "");
        say_perms(n->perms);
    }
    for (unsigned int i = 0; (name = store_special(i, &perms)); i++) {
        say("%s", name);
        say_perms(perms);
    }
    for (int q = 0; q < QUOTA_COUNT; q++)
        say("%s %ld\n", quota_name[q], quota[q]);
    while ((d = domain_next(d))) {
        say("domain %u.%u %u: %ld %ld %ld %d\n", d->id.domid, d->id.incarnation,
            d->handle[0], d->account.nodes, d->account.node_bytes,
            d->account.held, d->shutdown);
        if (d->connection)
            say_connection(d->connection);
    }
    assert_accounts();
}
