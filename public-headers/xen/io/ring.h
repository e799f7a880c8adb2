/* SPDX-License-Identifier: MIT */
/*
 * Shared rings. A page (or 2^n) holds a header and a power of two of entries,
 * each first a request, later a response in the same slot. The frontend
 * produces requests and consumes responses, the backend the reverse. Indices
 * run freely and are reduced at use.
 *
 *   front                          shared                         back
 *   req_prod_pvt --push--> req_prod   req_event <--park-- req_cons
 *   rsp_cons ------park--> rsp_event  rsp_prod <---push-- rsp_prod_pvt
 *
 * Producers notify only if the consumer's event index lies in what they have
 * just pushed. A consumer that runs out of work sets its event index, then
 * looks once more (FINAL_CHECK). Both orders need a full barrier: that of the
 * push pairs with that of the final check.
 *
 * The other side may write to the page at any time: copy a request with
 * RING_COPY_REQUEST, check the copy, never look at the slot again.
 *
 * Locks: none here. A private part belongs to one thread of its side, or to
 * whoever holds that side's lock; the two sides need none between them. Nothing
 * here notifies or waits: events are the business of the caller.
 *
 * Macros evaluate the ring and the index several times. 'size' is that of the
 * shared area in bytes.
 */
#ifndef __XEN_PUBLIC_IO_RING_H__
#define __XEN_PUBLIC_IO_RING_H__

#include <stddef.h>
#include <stdint.h>
#include "../xen.h"

/*
 * Barriers between the two CPUs: full, for reads, for writes. x86 orders loads
 * and stores but for a store followed by a load, so that the last two only
 * bind the compiler. A user may define all three before.
 */
#ifndef xen_mb
#define xen_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define xen_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define xen_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
#endif

/* Counts entries from the start of the ring; wraps at 2^32. */
typedef unsigned int RING_IDX;

/* The biggest power of two that is not above x (a constant if x is). */
#define __RD_MASK(x, n) ((x) | ((x) >> (n)))
#define __RD_FILL(x)                                                           \
    __RD_MASK(__RD_MASK(__RD_MASK(__RD_MASK(__RD_MASK(x, 1), 2), 4), 8), 16)
#define __RD32(x)                                                              \
    (__RD_FILL((unsigned int)(x)) - (__RD_FILL((unsigned int)(x)) >> 1))

/*
 * Entries in a ring of sz bytes: a power of two, because indices wrap at 2^32.
 * By the ring's name, as a constant of the compiler; or by a pointer to it.
 */
#define __CONST_RING_SIZE(_s, _sz)                                             \
    (__RD32(((_sz)-offsetof(struct _s##_sring, ring)) /                        \
            sizeof(((struct _s##_sring *)0)->ring[0])))
#define __RING_SIZE(_s, _sz)                                                   \
    (__RD32(((_sz)-offsetof(__typeof__(*(_s)), ring)) / sizeof((_s)->ring[0])))

/*
 * Defines the shared part and each side's private part. Private indices are
 * what a side believes; of the shared ones it reads only those of the other
 * side.
 *
 * struct NAME_sring is the layout that both sides have agreed on: four indices,
 * 48 bytes of which 'pvt' is the protocol's own, and the entries. ring[] is as
 * long as the area allows, which sizeof does not know. An entry is as large as
 * the larger of request and response.
 *
 *   req_prod_pvt, rsp_prod_pvt  the next slot to fill; ahead of the shared
 *                               index until the push
 *   rsp_cons, req_cons          the next slot to take
 *   nr_ents                     slots; of the size at ATTACH, which the other
 *                               side cannot change
 */
#define DEFINE_RING_TYPES(__name, __req_t, __rsp_t)                            \
    union __name##_sring_entry {                                               \
        __req_t req;                                                           \
        __rsp_t rsp;                                                           \
    };                                                                         \
    struct __name##_sring {                                                    \
        RING_IDX req_prod, req_event;                                          \
        RING_IDX rsp_prod, rsp_event;                                          \
        union {                                                                \
            struct {                                                           \
                uint8_t smartpoll_active;                                      \
            } netif;                                                           \
            struct {                                                           \
                uint8_t msg;                                                   \
            } tapif_user;                                                      \
            uint8_t pvt_pad[4];                                                \
        } pvt;                                                                 \
        uint8_t __pad[44];                                                     \
        union __name##_sring_entry ring[1]; /* variable length */              \
    };                                                                         \
    struct __name##_front_ring {                                               \
        RING_IDX req_prod_pvt;                                                 \
        RING_IDX rsp_cons;                                                     \
        unsigned int nr_ents;                                                  \
        struct __name##_sring *sring;                                          \
    };                                                                         \
    struct __name##_back_ring {                                                \
        RING_IDX rsp_prod_pvt;                                                 \
        RING_IDX req_cons;                                                     \
        unsigned int nr_ents;                                                  \
        struct __name##_sring *sring;                                          \
    };                                                                         \
    typedef struct __name##_sring __name##_sring_t;                            \
    typedef struct __name##_front_ring __name##_front_ring_t;                  \
    typedef struct __name##_back_ring __name##_back_ring_t

/*
 * The frontend prepares a fresh page, before the backend is given a grant of
 * it. The first entry of each direction is to be notified.
 */
#define SHARED_RING_INIT(_s)                                                   \
    do {                                                                       \
        __builtin_memset((_s), 0, offsetof(__typeof__(*(_s)), ring));          \
        (_s)->req_event = (_s)->rsp_event = 1;                                 \
    } while (0)

/*
 * Each side sets up its private part: ATTACH with the index of a ring in use
 * (one that has no request under way: both private indices become it), INIT
 * with a fresh one. XEN_FRONT_RING_INIT prepares the page as well.
 */
#define FRONT_RING_ATTACH(_r, _s, _i, __size)                                  \
    do {                                                                       \
        (_r)->req_prod_pvt = (_r)->rsp_cons = (_i);                            \
        (_r)->nr_ents = __RING_SIZE(_s, __size);                               \
        (_r)->sring = (_s);                                                    \
    } while (0)
#define BACK_RING_ATTACH(_r, _s, _i, __size)                                   \
    do {                                                                       \
        (_r)->rsp_prod_pvt = (_r)->req_cons = (_i);                            \
        (_r)->nr_ents = __RING_SIZE(_s, __size);                               \
        (_r)->sring = (_s);                                                    \
    } while (0)
#define FRONT_RING_INIT(_r, _s, __size) FRONT_RING_ATTACH(_r, _s, 0, __size)
#define BACK_RING_INIT(_r, _s, __size)  BACK_RING_ATTACH(_r, _s, 0, __size)
#define XEN_FRONT_RING_INIT(r, s, size)                                        \
    do {                                                                       \
        SHARED_RING_INIT(s);                                                   \
        FRONT_RING_INIT(r, s, size);                                           \
    } while (0)

/*
 * RING_SIZE: entries. RING_FREE_REQUESTS: how many requests the frontend may
 * still produce; each needs a slot for its response. The frontend must ask
 * before it fills a slot: nothing else keeps it from overwriting a request that
 * was not answered. They look at private indices alone.
 */
#define RING_SIZE(_r) ((_r)->nr_ents)
#define RING_FREE_REQUESTS(_r)                                                 \
    (RING_SIZE(_r) - ((_r)->req_prod_pvt - (_r)->rsp_cons))
#define RING_FULL(_r) (RING_FREE_REQUESTS(_r) == 0)

/*
 * How many entries the other side has pushed and this side has not taken. The
 * shared index is read once and not trusted: RING_*_PROD_OVERFLOW tells whether
 * it can be true. A backend never takes more requests than there are slots to
 * answer in, so that the count of requests is at most RING_SIZE.
 */
#define XEN_RING_NR_UNCONSUMED_RESPONSES(_r)                                   \
    ((_r)->sring->rsp_prod - (_r)->rsp_cons)
#define XEN_RING_NR_UNCONSUMED_REQUESTS(_r)                                    \
    ({                                                                         \
        unsigned int posted_ = (_r)->sring->req_prod - (_r)->req_cons;         \
        unsigned int slots_ =                                                  \
            RING_SIZE(_r) - ((_r)->req_cons - (_r)->rsp_prod_pvt);             \
        posted_ < slots_ ? posted_ : slots_;                                   \
    })
#define RING_HAS_UNCONSUMED_RESPONSES(_r)                                      \
    (!!XEN_RING_NR_UNCONSUMED_RESPONSES(_r))
#define RING_HAS_UNCONSUMED_REQUESTS(_r) (!!XEN_RING_NR_UNCONSUMED_REQUESTS(_r))

/*
 * The slot of an index: for a producer to fill in. A consumer must not use
 * these for what it has to trust: see the copies below. A pointer into the page
 * is valid until the entry is pushed.
 */
#define RING_GET_REQUEST(_r, _idx)                                             \
    (&((_r)->sring->ring[((_idx) & (RING_SIZE(_r) - 1))].req))
#define RING_GET_RESPONSE(_r, _idx)                                            \
    (&((_r)->sring->ring[((_idx) & (RING_SIZE(_r) - 1))].rsp))
/*
 * The consumer's way: *to becomes what the slot held at some moment during the
 * copy, possibly torn. volatile: the compiler must not read the slot again
 * instead of the copy.
 */
#define RING_COPY_REQUEST(r, idx, to)                                          \
    ((void)(*(to) = *(volatile __typeof__(*(to)) *)RING_GET_REQUEST(r, idx)))
#define RING_COPY_RESPONSE(r, idx, to)                                         \
    ((void)(*(to) = *(volatile __typeof__(*(to)) *)RING_GET_RESPONSE(r, idx)))

/*
 * True if the other side's index is impossible: give the ring up, its contents
 * mean nothing. PROD_OVERFLOW is asked about the shared index, read once,
 * before entries are consumed; CONS_OVERFLOW about the index of the next
 * request to take, which no slot is left for.
 */
#define RING_REQUEST_CONS_OVERFLOW(_r, _cons)                                  \
    (((_cons) - (_r)->rsp_prod_pvt) >= RING_SIZE(_r))
#define RING_REQUEST_PROD_OVERFLOW(_r, _prod)                                  \
    (((_prod) - (_r)->rsp_prod_pvt) > RING_SIZE(_r))
#define RING_RESPONSE_PROD_OVERFLOW(_r, _prod)                                 \
    (((_prod) - (_r)->rsp_cons) > RING_SIZE(_r))

/*
 * Publish what was produced. The barrier puts the entries before the index; it
 * pairs with the reader's barrier between index and entries (xen_rmb, which the
 * caller makes). The entries belong to the other side from then on. A side that
 * uses these must notify the other by a rule of its own.
 */
#define RING_PUSH_REQUESTS(_r)                                                 \
    do {                                                                       \
        xen_wmb(); /* entries before the index */                              \
        (_r)->sring->req_prod = (_r)->req_prod_pvt;                            \
    } while (0)
#define RING_PUSH_RESPONSES(_r)                                                \
    do {                                                                       \
        xen_wmb();                                                             \
        (_r)->sring->rsp_prod = (_r)->rsp_prod_pvt;                            \
    } while (0)

/*
 * The same, and whether the other side must be notified. The full barrier puts
 * the index before the read of the event index; it pairs with that of the final
 * check. _notify is a variable of the caller, who sends the event if it becomes
 * true; nothing pushed gives false.
 */
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(_r, _notify)                       \
    do {                                                                       \
        RING_IDX old_ = (_r)->sring->req_prod, new_ = (_r)->req_prod_pvt;      \
        RING_PUSH_REQUESTS(_r);                                                \
        xen_mb(); /* the index before the event index is read */               \
        (_notify) = (RING_IDX)(new_ - (_r)->sring->req_event) <                \
                    (RING_IDX)(new_ - old_);                                   \
    } while (0)
#define RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(_r, _notify)                      \
    do {                                                                       \
        RING_IDX old_ = (_r)->sring->rsp_prod, new_ = (_r)->rsp_prod_pvt;      \
        RING_PUSH_RESPONSES(_r);                                               \
        xen_mb();                                                              \
        (_notify) = (RING_IDX)(new_ - (_r)->sring->rsp_event) <                \
                    (RING_IDX)(new_ - old_);                                   \
    } while (0)

/*
 * Called when no work seems to be left: parks the event index, so that the next
 * entry is notified, and looks once more. If it finds work the caller must go
 * on, for the other side may have looked at the event index before it was
 * parked. _work_to_do is a variable of the caller.
 */
#define RING_FINAL_CHECK_FOR_REQUESTS(_r, _work_to_do)                         \
    do {                                                                       \
        if (((_work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(_r)))                \
            break;                                                             \
        (_r)->sring->req_event = (_r)->req_cons + 1;                           \
        xen_mb();                                                              \
        (_work_to_do) = RING_HAS_UNCONSUMED_REQUESTS(_r);                      \
    } while (0)
#define RING_FINAL_CHECK_FOR_RESPONSES(_r, _work_to_do)                        \
    do {                                                                       \
        if (((_work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(_r)))               \
            break;                                                             \
        (_r)->sring->rsp_event = (_r)->rsp_cons + 1;                           \
        xen_mb();                                                              \
        (_work_to_do) = RING_HAS_UNCONSUMED_RESPONSES(_r);                     \
    } while (0)

#endif
