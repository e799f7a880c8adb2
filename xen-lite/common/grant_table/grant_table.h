/* SPDX-License-Identifier: MIT */
/*
 * Inside of the grant table room (version 1).
 *
 * The granter's shared pages hold its entries; for each we keep an active
 * entry with pins: how many uses of which kind there are. The mapper has a
 * handle (maptrack entry) for each mapping. An active entry with pins fixes
 * frame and grantee: the shared entry is read once, when the first pin is
 * taken, and never believed again.
 *
 * Locks: gt->lock of the granter covers its active entries, its size, and the
 * content of every handle that refers to it. The mapper's maptrack_lock covers
 * its list of free handles.
 *
 * References: each pin owns one general reference on the frame, and a writable
 * one if it is for writing. A host mapping's page-table entry has its own. A
 * handle in use owns a reference on the granter: frames that are lent to it,
 * like its grant table, do not keep it.
 */
#ifndef GRANT_TABLE_INTERNAL_H
#define GRANT_TABLE_INTERNAL_H

#include <hv/grant_table.h>
#include <hv/guest_access.h>
#include <hv/hypercall.h>
#include <hv/mm.h>
#include <xen/grant_table.h>

typedef struct grant_entry_v1 grant_entry_t;

/* Kinds of pins; counts of each in struct active_grant. */
enum pin { PIN_HOST_RO, PIN_HOST_RW, PIN_DEV_RO, PIN_DEV_RW, NR_PINS };
#define MAX_PINS 0xffff

/* What an entry was when its first pin was taken; without pins it says nothing.
 * No kind is counted beyond MAX_PINS. */
struct active_grant {
    uint16_t pins[NR_PINS];
    domid_t grantee;
    uint64_t mfn;
};

/* A handle: what its owner has mapped. The number goes to the guest. */
struct maptrack {
    uint32_t ref;   /* free: next free handle */
    domid_t domid;  /* granter */
    uint16_t flags; /* GNTMAP_*; 0 = free */
};

#define ENTRIES_PER_FRAME  (PAGE_SIZE / sizeof(grant_entry_t))
#define MAPTRACK_PER_FRAME (PAGE_SIZE / sizeof(struct maptrack))
#define NO_HANDLE          (~0u)

/* Of one domain, as granter and as mapper. Neither size ever shrinks. */
struct grant_table {
    spinlock_t lock; /* LOCK_GNTTAB */
    uint32_t nr_frames, max_frames;
    grant_entry_t **shared;       /* [max_frames] pages shared with the guest */
    struct active_grant **active; /* [max_frames], ENTRIES_PER_FRAME each */

    spinlock_t maptrack_lock; /* LOCK_MAPTRACK */
    uint32_t nr_maptrack_frames, max_maptrack_frames;
    uint32_t free_handle;
    struct maptrack **maptrack; /* [max_maptrack_frames] pages */
    uint32_t release_pos;       /* progress of gnttab_release_mappings() */
};

/* Entries by number, which is below nr_grant_entries(): the caller has checked
 * it with the lock held. */
static inline struct active_grant *active_entry(const struct grant_table *gt,
                                                uint32_t ref)
{
    return &gt->active[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}
static inline grant_entry_t *shared_entry(const struct grant_table *gt,
                                          uint32_t ref)
{
    return &gt->shared[ref / ENTRIES_PER_FRAME][ref % ENTRIES_PER_FRAME];
}
static inline uint32_t nr_grant_entries(const struct grant_table *gt)
{
    return gt->nr_frames * ENTRIES_PER_FRAME;
}
/* Any number: NULL for one that is none. Needs no lock; whether the handle is
 * in use is known with the granter's lock only. */
static inline struct maptrack *maptrack_entry(const struct grant_table *gt,
                                              uint32_t handle)
{
    return handle < READ_ONCE(gt->nr_maptrack_frames) * MAPTRACK_PER_FRAME
               ? &gt->maptrack[handle / MAPTRACK_PER_FRAME]
                              [handle % MAPTRACK_PER_FRAME]
               : NULL;
}

/* Whether anybody uses the entry, and whether for writing. */
static inline bool pinned(const struct active_grant *act)
{
    return act->pins[0] | act->pins[1] | act->pins[2] | act->pins[3];
}

static inline bool pinned_rw(const struct active_grant *act)
{
    return act->pins[PIN_HOST_RW] | act->pins[PIN_DEV_RW];
}

/* A free handle of the mapper's, or NO_HANDLE: no memory, or its limit. Both
 * take maptrack_lock. */
uint32_t maptrack_get(struct grant_table *gt);
void maptrack_put(struct grant_table *gt, uint32_t handle);

/*
 * Takes a pin for ld on ref of rd, and the frame's references for it (general;
 * writable type for the RW kinds). rd's gt->lock held. GNTST_*.
 */
int grant_pin(struct domain *ld, struct domain *rd, uint32_t ref, enum pin pin,
              mfn_t *mfn);
/* Drops the pin with its references on the frame, and clears the in-use flags
 * with the last one. Lock held, rd referenced, translations flushed. */
void grant_unpin(struct domain *rd, uint32_t ref, enum pin pin);
/* For a frame of one's own that is used like a granted one. */
void grant_put_frame(mfn_t mfn, enum pin pin);

/*
 * Operations on lists, for current: count structures at ops in its memory, each
 * with a status of its own. *done counts the finished ones, from where it
 * stands. 0; -ERESTART: other work is waiting, go on later; -EFAULT: a
 * structure cannot be read or written, and those before it are done.
 */
long gnttab_map(uint64_t ops, uint32_t count, uint32_t *done);
long gnttab_unmap(uint64_t ops, uint32_t count, uint32_t *done);
long gnttab_unmap_and_replace(uint64_t ops, uint32_t count, uint32_t *done);
long gnttab_copy(uint64_t ops, uint32_t count, uint32_t *done);

#endif
