/* SPDX-License-Identifier: MIT */
/*
 * Doubly linked list with a head node, the usual intrusive kind. A list has no
 * lock: its owner's comment says which one protects it.
 */
#ifndef HV_LIST_H
#define HV_LIST_H

#include <hv/types.h>

struct list_head {
    struct list_head *next, *prev;
};

/* An empty list, or a node that is on none. */
static inline void list_init(struct list_head *h)
{
    h->next = h->prev = h;
}
static inline bool list_empty(const struct list_head *h)
{
    return h->next == h;
}
static inline void list_insert(struct list_head *n, struct list_head *prev)
{
    n->prev = prev;
    n->next = prev->next;
    prev->next->prev = n;
    prev->next = n;
}
/* At the front; list_add_tail(): at the end. n must not be on a list. */
static inline void list_add(struct list_head *n, struct list_head *head)
{
    list_insert(n, head);
}
static inline void list_add_tail(struct list_head *n, struct list_head *head)
{
    list_insert(n, head->prev);
}
/* Leaves n as an empty list, so removing twice is harmless. */
static inline void list_del(struct list_head *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    list_init(n);
}
#define list_entry(p, t, m) container_of(p, t, m)
/* Walks from the front. The list must not change under it. */
#define list_for_each_entry(p, head, m)                                        \
    for ((p) = list_entry((head)->next, typeof(*(p)), m); &(p)->m != (head);   \
         (p) = list_entry((p)->m.next, typeof(*(p)), m))

#endif
