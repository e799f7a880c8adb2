/* SPDX-License-Identifier: MIT */
/*
 * Grants of this guest's pages to another domain. A reference belongs to who
 * took it by grant_page(), until grant_end() has taken it back.
 *
 * One vcpu, no locks: callers are the program and its listeners, never a trap
 * handler.
 */
#ifndef PV_GRANT_TABLE_H
#define PV_GRANT_TABLE_H

#include <pv/pv.h>

/* No reference. Entry 0 is the console's, so it is never given out. */
#define GRANT_NONE 0

/*
 * A reference by which domid may use the page (of the window, page aligned); to
 * read only, if readonly. The page must stay what it is until grant_end(). The
 * table grows as the hypervisor allows; GRANT_NONE if it has no entry left.
 */
grant_ref_t grant_page(domid_t domid, const void *page, bool readonly);

/*
 * Takes it back, and the reference may be given out again. False (what others
 * call -EBUSY) if the other domain uses the page at this moment, by a mapping
 * or a copy: nothing has changed then. The page is the other domain's until it
 * unmaps it, which a later grant_end() finds, and must not be used for anything
 * else before. A restore ends all use, but the reference has to be taken back
 * nevertheless.
 */
bool grant_end(grant_ref_t ref);

/* How many of the entries that the table has now are not in use. */
unsigned int grants_free(void);

/*
 * Pages of the library's own that are shared while a device is connected: rings
 * and buffers. They are made at the first share, next to each other, and used
 * again from then on. If the other side still holds one at the end, they are
 * left to it for good, and the next share makes new ones.
 */
#define SHARED_PAGES_MAX 4
struct shared_pages {
    void *base;            /* NULL: none */
    unsigned int room, nr; /* pages that are there, and are shared */
    grant_ref_t ref[SHARED_PAGES_MAX];
};
/* Zeroed, and granted for writing. nr at most SHARED_PAGES_MAX. False: no
 * reference is left, and shared_pages_end() takes back what is shared already.
 */
bool shared_pages_begin(struct shared_pages *s, domid_t domid, unsigned int nr);
/* False: the other domain holds some, which are its own from now on. Harmless
 * if they are not shared. */
bool shared_pages_end(struct shared_pages *s);

#endif
