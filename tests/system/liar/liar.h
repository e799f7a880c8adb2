/* SPDX-License-Identifier: MIT */
/*
 * pv_liar: a guest whose frontends lie to the backends that dom0 has for them,
 * in every way that has harmed such systems before. How often and in which
 * order is its command line:
 *
 *     seed=7 block=10000 net=10000 console=10000 nodes=10000
 *
 * An operation is a slot of a ring, a step of an index, an event storm, a text
 * on the console or a node of the store. When a backend gives the device up, or
 * the guest itself has had enough of a connection, it connects anew and goes
 * on. A second vcpu rewrites meanwhile what the backends read (meddle.c).
 *
 * It tells in data/liar in the store, since its console lies, too: of each kind
 * how often it told which lie (block, net, console, nodes), how connections
 * came and went (devices), what went wrong (wrong), and at the end the seed
 * (over).
 *
 * Nothing here is of the library's frontends, which are honest.
 */
#ifndef LIAR_H
#define LIAR_H

#include <pv/pv.h>
#include <pv/xenbus.h>
#include <xen/io/xenbus.h>

/* For what a backend may take long to do, on a busy host. */
#define PATIENCE (60 * SECOND_NS)

/* --- chance: of vcpu 0; repeatable as far as backends are ----------------- */
uint32_t any(void);
uint32_t below(uint32_t n); /* 0 to n - 1 */
bool once_in(uint32_t n);
/* At a limit, beyond it, or anything. */
uint32_t odd(uint32_t limit);
void fill_with_rubbish(void *to, size_t n);

/* --- what is counted ------------------------------------------------------ */
enum kind { BLOCK, NET, CONSOLE, NODES, NR_KINDS };

struct device;
/* Ways to lie, each of which changes an honest request or does something on its
 * own; with their name in the store, and how often each was told. */
#define LIES_MAX 16
struct lies {
    const char *name;
    struct {
        const char *name;
        void (*tell)(struct device *d, void *request);
    } lie[LIES_MAX]; /* up to one without a name */
    unsigned long told[LIES_MAX];
};
/* One of them. */
void tell_one(struct lies *l, struct device *d, void *request);
void report(const struct lies *l);
/* Operations of the kind that are still to be done. */
bool is_left(enum kind kind);
void is_done(enum kind kind);
/* For the store; the first one stays. */
void went_wrong(const char *path, const char *what);

/* --- grants.c: an own table, and pages that backends may use -------------- */
#define DATA_PAGES 64
void grants_begin(void);
/* Those of data pages as they should be. */
void grants_renew(void);
uint8_t *data_page(unsigned int i);
/* Of a data page; readonly: one by which it cannot be written. */
grant_ref_t data_ref(unsigned int i, bool readonly);
/* Any reference, good or bad. */
grant_ref_t odd_ref(void);
/* A reference for each of nr pages of rings, in a row; granted from then on,
 * and again by the second call. */
grant_ref_t grant_ring(void *pages, unsigned int nr);
void grant_ring_again(grant_ref_t first, void *pages, unsigned int nr);
/* Whether the other side has it mapped, or copies. */
bool grant_in_use(grant_ref_t ref);
/* Any that is known of; not one that was taken away meanwhile. */
bool grants_in_use(void);
/* Takes the entry away, in use or not. */
void grant_revoke(grant_ref_t ref);
/* For the second vcpu: changes an entry of a data page by these random bits. */
void grant_distort(uint32_t bits);

/* --- meddle.c: the second vcpu -------------------------------------------- */
#define MEDDLE_GRANTS 1
#define MEDDLE_DATA   2
#define MEDDLE_EVENTS 4
void meddle_begin(void);
/* From now on it writes into size bytes at 'at' (0: nowhere), and does what the
 * flags say, with the port for events. */
void meddle(void *at, size_t size, unsigned int flags, uint32_t port);

/* --- ring.c: rings by their words ----------------------------------------- */
struct ring {
    volatile uint32_t *page; /* req_prod, req_event, rsp_prod, rsp_event */
    unsigned int size, slots;
    uint32_t prod, cons;
};
void ring_begin(struct ring *r, void *pages, unsigned int nr_pages,
                unsigned int slot_size);
void *ring_slot(struct ring *r, uint32_t at);
/* Slots that can be filled. */
unsigned int ring_room(struct ring *r);
/* Up to where there are answers. */
uint32_t ring_answers(struct ring *r);
/* The backend sees what there is. */
void ring_push(struct ring *r);
/* Steps of all four indices. */
void ring_distort(struct ring *r);

/* --- device.c: nodes, states, connections --------------------------------- */
#define RING_PAGES 4

struct device_kind {
    const char *name; /* its directory's */
    enum kind kind;
    enum xenbus_state published;
    void (*begin)(struct device *d);   /* new rings */
    void (*publish)(struct device *d); /* their nodes */
    void (*turn)(struct device *d);    /* some lies */
    /* Honest work; false: not all of it was answered well. */
    bool (*work)(struct device *d);
    const char *const *nodes; /* that it or nodes.c writes; to NULL */
};

enum phase { IDLE, OFFERED, PUBLISHED, UP, LEAVING };

struct device {
    const struct device_kind *kind;
    char path[32], backend[96], watched[104];
    struct xenbus_watch watch;
    enum xenbus_state state; /* the backend's */
    enum phase phase;
    uint64_t deadline;
    unsigned int turns; /* until it leaves */
    bool honest;        /* from now on */
    uint32_t port[2];
    uint8_t *pages; /* RING_PAGES */
    grant_ref_t ref;
    unsigned int nr_pages; /* of them, in use */
    struct ring ring[3];
    unsigned long connections, refusals, given_up, leaves;
};

/* False: there is none. */
bool device_find(struct device *d, const struct device_kind *kind,
                 unsigned int id);
/* A step towards the next connection, or some lies. */
void device_turn(struct device *d);
/* Leaves the connection, to be honest from then on; and, when all is calm,
 * connects and works, as any frontend may. */
void device_calm_down(struct device *d);
void device_serve_honestly(struct device *d);
/* Its directory, while it is connected; the last that is done with it. */
void device_delete(struct device *d);
void device_write(struct device *d, const char *name, uint64_t value);
void device_remove(struct device *d, const char *name);
/* An event for the backend. */
void device_tell(struct device *d);
/* A lie that all kinds have: of indices, ports, grants of rings, storms. */
void device_lie(struct device *d, struct ring *r);
void device_report(void);

/* --- block.c, net.c, console.c, nodes.c ----------------------------------- */
extern const struct device_kind block_device, net_device;
void block_report(void);
void net_report(void);
void console_begin(void);
/* Texts and nonsense that leave the ring one that can be. */
void console_turn(void);
/* And the rest: it prints no more. */
void console_break(void);
void console_report(void);
/* Some nodes of the device, whatever its phase. */
void nodes_turn(struct device *d);
void nodes_report(void);

#endif
