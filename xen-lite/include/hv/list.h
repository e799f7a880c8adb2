/* SPDX-License-Identifier: MIT */
/*
 * Doubly linked list with a head node, the usual intrusive kind. A list has no
 * lock: its owner's comment says which one protects it. All operations but the
 * walk take constant time, and none can fail. Nodes are part of their objects,
 * which have one for each list on which they may be at a time; who frees an
 * object takes it off first.
 */
#ifndef HV_LIST_H
#define HV_LIST_H

#include <hv/types.h>

/* The head of a list, or a node in the object that is on it. Both have
 * neighbours at any time: no pointer is ever NULL, once it is initialised. */
struct list_head {
    struct list_head *next, *prev;
};

/* An empty list, or a node that is on none. h may have any content before, but
 * must not be on a list. */
static inline void list_init(struct list_head *h)
{
    h->next = h->prev = h;
}
/* Whether nothing is on the list h, or the node h is on no list. */
static inline bool list_empty(const struct list_head *h)
{
    return h->next == h;
}
/* Behind prev, a node or the head. n must not be on a list. */
static inline void list_insert(struct list_head *n, struct list_head *prev)
{
    n->prev = prev;
    n->next = prev->next;
    prev->next->prev = n;
    prev->next = n;
}
/*
 * At the front; list_add_tail(): at the end. n must not be on a list. Adding at
 * the front makes a stack, at the end a queue.
 */
static inline void list_add(struct list_head *n, struct list_head *head)
{
    list_insert(n, head);
}
/* The object that has waited longest stays the first one. */
static inline void list_add_tail(struct list_head *n, struct list_head *head)
{
    list_insert(n, head->prev);
}
/*
 * Takes n off its list. Leaves n as an empty list, so that removing twice is
 * harmless; a node must have been initialised before its first removal. Which
 * list it is on need not be known, but its lock must be held.
 */
static inline void list_del(struct list_head *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    list_init(n);
}
/* The object of type t whose node m is at p, which must not be the head: that
 * is for the caller to know, or list_empty() to tell. */
#define list_entry(p, t, m) container_of(p, t, m)
/*
 * Walks from the front. The list must not change under it, except that the walk
 * may be left (break, return) right after a change. When it ran to the end, p
 * is not an object and must not be used. m is the node's name in the objects, p
 * a pointer to them. To empty a list, take its first object off until the list
 * is empty: the walk would read the next node out of one that is gone.
 */
#define list_for_each_entry(p, head, m)                                        \
    for ((p) = list_entry((head)->next, typeof(*(p)), m); &(p)->m != (head);   \
         (p) = list_entry((p)->m.next, typeof(*(p)), m))

#endif
