/* SPDX-License-Identifier: MIT */
/* What differs between the daemons, and why. */
#include "store_compare.h"

bool is_error(const struct message *m, const char *name)
{
    return m->type == XS_ERROR && !strcmp(m->data, name);
}

static bool takes_number(uint32_t type)
{
    return type == XS_RELEASE || type == XS_RESUME || type == XS_SET_TARGET ||
           type == XS_GET_DOMAIN_PATH || type == XS_IS_DOMAIN_INTRODUCED;
}

/* Xen's takes atoi() of anything. */
static bool no_domain_id(const struct request *r, const struct message *stock,
                         const struct message *ours)
{
    return takes_number(r->type) && is_error(ours, "EINVAL") &&
           (!is_number(r->data) || (r->type == XS_SET_TARGET &&
                                    !is_number(r->data + strlen(r->data) + 1)));
}

/* There, whoever may change permissions can ask for each domain whether it is
 * there; domain 0 may know. */
static bool a_guest_asks(const struct request *r, const struct message *stock,
                         const struct message *ours)
{
    return r->type == XS_SET_PERMS && r->p->domid && is_error(stock, "ENOENT");
}

/* There, names of children and permissions count as well, and so does the
 * parent, which gets longer. */
static bool node_size(const struct request *r, const struct message *stock,
                      const struct message *ours)
{
    return r->p->domid && is_error(stock, "ENOSPC") && ours->type == r->type;
}

/* An errno that something before this has left. */
static bool refused_to_dom0(const struct request *r,
                            const struct message *stock,
                            const struct message *ours)
{
    return !r->p->domid && is_error(stock, "EACCES");
}

static bool special_perms(const struct request *r, const struct message *stock,
                          const struct message *ours)
{
    return r->type == XS_GET_PERMS && r->data[0] == '@' &&
           is_error(stock, "EINVAL") && !is_error(ours, "EINVAL");
}

static bool rights_of_the_dead(const struct request *r,
                               const struct message *stock,
                               const struct message *ours)
{
    return r->type == XS_GET_PERMS && stock->type == r->type &&
           ours->type == r->type && ours->len < stock->len;
}

static bool odd_perms(const struct request *r, const struct message *stock,
                      const struct message *ours)
{
    uint32_t at = (uint32_t)strlen(r->data) + 1;
    bool odd = false;

    for (; at < r->len; at += (uint32_t)strlen(r->data + at) + 1)
        odd |= !is_number(r->data + at + 1);
    return r->type == XS_SET_PERMS && odd && is_error(ours, "EINVAL");
}

/* A node of a dead domain is in the transaction. */
static bool dead_owner(const struct request *r, const struct message *stock,
                       const struct message *ours)
{
    return r->type == XS_TRANSACTION_END && is_error(stock, "ENOMEM");
}

/* What differs, and why. */
static struct reason {
    bool (*is)(const struct request *r, const struct message *stock,
               const struct message *ours);
    const char *text;
    unsigned long count;
} reasons[] = {
    {no_domain_id, "no domain id: Xen's takes atoi() of anything", 0},
    {a_guest_asks, "permissions: Xen's tells guests which domains exist", 0},
    {dead_owner, "a commit: Xen's fails for nodes of the dead", 0},
    {node_size, "a node's size: Xen's counts more than the value", 0},
    {refused_to_dom0, "an absent node: Xen's answers with a stale errno", 0},
    {rights_of_the_dead, "permissions: Xen's keeps those of the dead", 0},
    {special_perms, "permissions of special names: Xen's tells none", 0},
    {odd_perms, "permissions: Xen's takes strtol() of anything", 0}};
#define REASONS (sizeof(reasons) / sizeof(reasons[0]))

bool explained(const struct request *r, const struct message *stock,
               const struct message *ours)
{
    for (size_t i = 0; i < REASONS; i++)
        if (reasons[i].is(r, stock, ours)) {
            reasons[i].count++;
            return true;
        }
    return false;
}

void print_reasons(void)
{
    for (size_t i = 0; i < REASONS; i++)
        printf("# %lu: %s\n", reasons[i].count, reasons[i].text);
}
