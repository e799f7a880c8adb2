/* SPDX-License-Identifier: MIT */
/* See event_index.h. */
#include "event_index.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"

#define FIRST_SIZE 16

static struct message **bucket_of(const struct event_index *x, uint64_t hash)
{
    return &x->bucket[hash & (x->size - 1)];
}

static void insert(struct event_index *x, struct message *m)
{
    struct message **b = bucket_of(x, m->hash);

    m->next_in_bucket = *b;
    *b = m;
}

/* Without memory it stays as it is. */
static void grow(struct event_index *x)
{
    struct event_index old = *x;
    size_t size = x->size ? 2 * x->size : FIRST_SIZE;
    struct message **fresh;

    if (x->count < x->size)
        return;
    fresh = calloc(size, sizeof(fresh[0]));
    if (!fresh)
        return;
    x->bucket = fresh;
    x->size = size;
    for (size_t i = 0; i < old.size; i++)
        while (old.bucket[i]) {
            struct message *m = old.bucket[i];

            old.bucket[i] = m->next_in_bucket;
            insert(x, m);
        }
    free(old.bucket);
}

struct message *event_index_find(const struct event_index *x, uint64_t hash,
                                 const char *data, size_t len)
{
    struct message *m = x->size ? *bucket_of(x, hash) : NULL;
    const size_t before = sizeof(struct xsd_sockmsg);

    while (m && (m->hash != hash || m->sent || m->len != before + len ||
                 memcmp(m->data + before, data, len)))
        m = m->next_in_bucket;
    return m;
}

void event_index_add(struct event_index *x, struct message *m)
{
    grow(x);
    if (!x->size)
        return;
    insert(x, m);
    x->count++;
}

void event_index_remove(struct event_index *x, const struct message *m)
{
    struct message **p = x->size ? bucket_of(x, m->hash) : NULL;

    while (p && *p && *p != m)
        p = &(*p)->next_in_bucket;
    if (!p || !*p)
        return;
    *p = m->next_in_bucket;
    if (--x->count)
        return;
    free(x->bucket);
    *x = (struct event_index){.bucket = NULL};
}
