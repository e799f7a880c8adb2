/* SPDX-License-Identifier: MIT */
/*
 * The domains that the store knows: those introduced to it, and those that
 * appear in permissions. A record stands for one incarnation of a domain id;
 * when that domain dies its record, its nodes, its rights, its watches and its
 * ring go together, and the next domain with the same id starts afresh.
 */
#ifndef XENSTORED_DOMAIN_H
#define XENSTORED_DOMAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "outstanding.h"
#include "perms.h"
#include "quota.h"
#include "share.h"

struct connection;
struct ring;

struct domain {
    struct identity id;
    struct account account;
    struct outstanding outstanding;
    struct connection *connection; /* NULL: not introduced */
    bool shutdown;                 /* seen and announced */
    bool fault_told;               /* logged that it broke the protocol */
    uint8_t handle[16];            /* tells incarnations of one id apart */
    uint64_t held_back_until;      /* ms, see domain_hold_back(): for dom0 */
    unsigned int offences;         /* against dom0 */
    uint64_t suspect_until;        /* ms: waits while another has its quiet */
    uint64_t had_quiet;            /* ms: when it had it itself; 0: never */
    struct share share;
    bool touched; /* see state_touch() */
    struct domain *next_touched;
};

/* What the parent spends when it asks the hypervisor for a domain, about. */
#define LOOK_UP_US 50

/* With @xen false there is no hypervisor: every domain id is taken to exist,
 * and none can be introduced. 0 or an errno value. */
int domain_init(bool xen);

/* The record of a living domain, made if necessary; NULL if there is none. */
struct domain *domain_get(uint16_t domid);
/* The same, but only if there is a record already. */
struct domain *domain_known(uint16_t domid);
uint32_t domain_incarnation(uint16_t domid);

/* INTRODUCE, RELEASE and RESUME: 0 or an errno value. */
int domain_introduce(uint16_t domid, uint64_t gfn, uint32_t port, bool *fresh);
int domain_release(uint16_t domid);
int domain_resume(uint16_t domid);
int domain_set_target(uint16_t domid, uint16_t target);

/* Looks for domains that have shut down or died (VIRQ_DOM_EXC). */
void domain_check_all(void);

/* Ends the domain's connection and forgets it: it is dead. */
void domain_forget(struct domain *d);

/* From the journal. A record is made, or goes without any effect on the tree;
 * 0, ENOMEM or EINVAL. */
int domain_restore(struct identity id, const void *handle);
void domain_drop(struct domain *d);
/* All but domain 0, of which only the connection and the account go. */
void domain_drop_all(void);
uint32_t domain_last_incarnation(void);
void domain_restore_incarnation(uint32_t last);
/* Connects the rings of those that still live, and ends the connections of all
 * others. @damaged: the journal has an end that could not be read. */
void domain_restore_rings(bool damaged);
/* A ring's page could not be mapped, or its port not be bound: to be tried
 * again now and then, between events. */
bool domain_rings_missing(void);
void domain_attach_rings(void);

/* How many domains have died so far. */
uint64_t domain_deaths(void);

/*
 * Its writes made a transaction of @judge fail. For domain 0's sake no requests
 * from it are served for a moment, longer each time. A guest can have provoked
 * these writes, or be in league with it; so for guests' sake all who have done
 * this lately wait at the same time, a part of the time only, and each time for
 * another guest, which does not wait itself.
 */
void domain_hold_back(uint16_t domid, uint16_t judge);
bool domain_held_back(const struct domain *d, uint64_t now);
/* For this or another reason no request of @d is served now; which is counted.
 */
bool domain_waits(struct domain *d);
/* How many milliseconds to look again in; 0: it may be served. */
unsigned int domain_wait(struct domain *d, uint64_t now);

/* For control commands and tests. */
struct domain *domain_next(const struct domain *after);

#endif
