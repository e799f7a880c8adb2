/* SPDX-License-Identifier: MIT */
/*
 * Permission lists: sharing, wire form, and the one function that decides
 * what a client may do with a node (perms_of).
 */
#include "perms.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xen/io/xs_wire.h>

static const char letters[] = {'n', 'r', 'w', 'b'};

struct perms *perms_alloc(unsigned int count)
{
    struct perms *p = calloc(1, sizeof(*p) + count * sizeof(p->entry[0]));
    if (p) {
        p->refs = 1;
        p->count = count;
    }
    return p;
}

struct perms *perms_get(struct perms *p)
{
    p->refs++;
    return p;
}

void perms_put(struct perms *p)
{
    if (p && --p->refs == 0)
        free(p);
}

struct perms *perms_with_owner(struct perms *p, struct identity owner)
{
    struct perms *copy;

    if (identity_equal(p->entry[0].id, owner))
        return perms_get(p);
    copy = perms_alloc(p->count);
    if (copy) {
        memcpy(copy->entry, p->entry, p->count * sizeof(p->entry[0]));
        copy->entry[0].id = owner;
    }
    return copy;
}

bool perms_equal(const struct perms *a, const struct perms *b)
{
    if (a == b)
        return true;
    if (a->count != b->count)
        return false;
    for (unsigned int i = 0; i < a->count; i++)
        if (!identity_equal(a->entry[i].id, b->entry[i].id) ||
            a->entry[i].bits != b->entry[i].bits)
            return false;
    return true;
}

bool perms_mention(const struct perms *p, struct identity who)
{
    for (unsigned int i = 0; i < p->count; i++)
        if (identity_equal(p->entry[i].id, who))
            return true;
    return false;
}

struct perms *perms_without(struct perms *p, struct identity who)
{
    struct perms *copy = perms_alloc(p->count);
    if (!copy)
        return NULL;
    copy->count = 0;
    for (unsigned int i = 0; i < p->count; i++)
        if (i == 0 || !identity_equal(p->entry[i].id, who))
            copy->entry[copy->count++] = p->entry[i];
    return copy;
}

unsigned int perms_of(const struct perms *p, const struct actor *who)
{
    if (who->privileged || identity_equal(p->entry[0].id, who->self) ||
        identity_equal(p->entry[0].id, who->target))
        return PERM_READ | PERM_WRITE | PERM_OWNER;
    for (unsigned int i = 1; i < p->count; i++)
        if (identity_equal(p->entry[i].id, who->self) ||
            identity_equal(p->entry[i].id, who->target))
            return p->entry[i].bits;
    return p->entry[0].bits;
}

/* "<letter><decimal domid>" without anything else around it. */
static int parse_entry(struct perm *out, const char *s, size_t len)
{
    const char *letter = memchr(letters, s[0], sizeof(letters));
    unsigned int domid = 0;

    if (!letter || len < 2 || len > 6)
        return EINVAL;
    for (size_t i = 1; i < len; i++) {
        if (s[i] < '0' || s[i] > '9')
            return EINVAL;
        domid = domid * 10 + (unsigned int)(s[i] - '0');
    }
    if (domid > UINT16_MAX)
        return EINVAL;
    out->bits = (uint8_t)(letter - letters);
    out->id.domid = (uint16_t)domid;
    return 0;
}

int perms_parse(struct perms **out, const char *data, size_t len, long max)
{
    struct perms *p;
    unsigned int count = 0;

    /* What follows the last terminator is no entry. */
    for (size_t i = 0; i < len; i++)
        count += data[i] == '\0';
    if (count == 0)
        return EINVAL;
    if ((long)count > max)
        return ENOSPC;
    p = perms_alloc(count);
    if (!p)
        return ENOMEM;
    for (unsigned int i = 0; i < count; i++) {
        size_t l = strlen(data);
        int rc = l ? parse_entry(&p->entry[i], data, l) : EINVAL;
        if (rc) {
            perms_put(p);
            return rc;
        }
        data += l + 1;
    }
    *out = p;
    return 0;
}

void perms_resolve(struct perms *p, incarnation_lookup *lookup)
{
    for (unsigned int i = 0; i < p->count; i++)
        p->entry[i].id.incarnation = lookup(p->entry[i].id.domid);
}

size_t perms_format(const struct perms *p, char *out, size_t size)
{
    size_t used = 0;
    for (unsigned int i = 0; i < p->count; i++) {
        const struct perm *e = &p->entry[i];
        int n = snprintf(out + used, size - used, "%c%u", letters[e->bits & 3],
                         (unsigned int)e->id.domid);
        if (n < 0 || (size_t)n + 1 > size - used)
            return 0;
        used += (size_t)n + 1;
    }
    return used;
}
