/* SPDX-License-Identifier: MIT */
/*
 * Permissions of a node, and the domain that asks. A list of entries: the first
 * names the owner and what all other domains may do, the others name domains
 * with rights of their own.
 *
 * A domain id is reused after its domain's death, so an entry holds the
 * domain's incarnation as well: a right given to a dead domain is worthless to
 * its successor, from the moment of death and without searching for it.
 * Lists are immutable and shared between nodes by reference.
 */
#ifndef XENSTORED_PERMS_H
#define XENSTORED_PERMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rights, as bits; the owner has all of them. */
#define PERM_NONE  0u
#define PERM_READ  1u
#define PERM_WRITE 2u
#define PERM_OWNER 4u

/* Never given to a domain: an id that named no domain when it was stored. */
#define INCARNATION_NONE 0u
/* Domain 0 lives as long as the machine. */
#define INCARNATION_DOM0 1u

/* A domain, and which of those that have had its number. */
struct identity {
    uint16_t domid;
    uint32_t incarnation;
};

/* What a domain may do. Of the first in a list, what all others may. */
struct perm {
    struct identity id;
    uint8_t bits;
};

/* There is always a first entry. Only perms_alloc()'s caller fills it in. */
struct perms {
    unsigned int refs;
    unsigned int count;
    struct perm entry[];
};

/* The client that performs an operation. @target is the domain that a device
 * model acts for; equal to @self for all other clients. */
struct actor {
    bool privileged;
    struct identity self, target;
};

static inline bool identity_equal(struct identity a, struct identity b)
{
    return a.domid == b.domid && a.incarnation == b.incarnation;
}

/* One reference, count entries of zero; NULL without memory. perms_get()
 * returns its argument; perms_put() takes NULL, too. */
struct perms *perms_alloc(unsigned int count);
struct perms *perms_get(struct perms *p);
void perms_put(struct perms *p);

/* A copy of @p that belongs to @owner, perhaps @p itself, as a reference of the
 * caller's. NULL without memory. */
struct perms *perms_with_owner(struct perms *p, struct identity owner);
/* A copy without the entries of @who (the owner entry stays). */
struct perms *perms_without(struct perms *p, struct identity who);
bool perms_equal(const struct perms *a, const struct perms *b);
/* As owner or not. */
bool perms_mention(const struct perms *p, struct identity who);

/* PERM_ bits that @who has under @p: all for the privileged and the owner, else
 * those of its own entry, else those of all others. */
unsigned int perms_of(const struct perms *p, const struct actor *who);

/* Finds the living domain with this id; INCARNATION_NONE if there is none. */
typedef uint32_t incarnation_lookup(uint16_t domid);

/*
 * The wire form: "<letter><domid>" strings, each with its terminator.
 * perms_parse() returns 0, EINVAL, ENOMEM, or ENOSPC for more than @max
 * entries; which domains these are only perms_resolve() finds out, as that may
 * cost a hypercall for each. perms_format() returns the bytes written, at most
 * @size, or 0 if too small.
 */
int perms_parse(struct perms **out, const char *data, size_t len, long max);
void perms_resolve(struct perms *p, incarnation_lookup *lookup);
size_t perms_format(const struct perms *p, char *out, size_t size);

#endif
