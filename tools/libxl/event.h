/* SPDX-License-Identifier: MIT */
/*
 * Events: descriptors, times, store watches, children, and the operations
 * (ao) that are built from them.
 *
 * Everything waits for four kinds of thing. Each registration is a structure
 * inside its owner, has a callback, and is idle when zeroed:
 *
 *   libxl__ev_fd     poll() bits on a descriptor, until deregistered
 *   libxl__ev_time   once, at an absolute time
 *   libxl__ev_watch  a store path changed, until deregistered; the first
 *                    call follows by itself, and one after each time that the
 *                    store was away
 *   libxl__ev_child  a process ended, once (its pidfd is an ev_fd)
 *
 * Callbacks run with the context's lock held, must not block (a request of the
 * store does if that is just being started again), and may register and
 * deregister anything, also themselves. The same registrations
 * serve libxl's own poll loop, an application that polls for libxl
 * (beforepoll/afterpoll), and one with event hooks of its own.
 *
 * An ao is one long operation of the application's. Its memory lives until
 * it is complete and, if it was waited for, fetched. libxl__ao_create()
 * takes the lock; every path ends with libxl__ao_inprogress() or
 * libxl__ao_failed().
 */
#ifndef LIBXL_INTERNAL_EVENT_H
#define LIBXL_INTERNAL_EVENT_H

#include <poll.h>
#include <sys/time.h>

#include "internal.h"

typedef struct libxl__ev_fd libxl__ev_fd;
typedef struct libxl__ev_time libxl__ev_time;
typedef struct libxl__ev_watch libxl__ev_watch;
typedef struct libxl__ev_child libxl__ev_child;
typedef struct libxl__ao libxl__ao;
struct libxl__hook; /* the handle that an application's event system holds */

/*
 * Registering returns 0 or ERROR_*, logged, and then the structure is idle. A
 * registered structure must stay in place; deregistering is harmless when it is
 * idle, and no callback comes afterwards. All of it with the lock held.
 */
struct libxl__ev_fd {
    libxl__ev_fd *prev, *next; /* in the list of all, or NULL */
    void (*func)(libxl_ctx *ctx, libxl__ev_fd *ev, short revents);
    int fd;
    short events, revents; /* revents: to be delivered */
    struct libxl__hook *hook;
};
int libxl__ev_fd_register(libxl_ctx *ctx, libxl__ev_fd *ev, int fd,
                          short events,
                          void (*func)(libxl_ctx *, libxl__ev_fd *, short));
void libxl__ev_fd_deregister(libxl_ctx *ctx, libxl__ev_fd *ev);

/* ms: from now on. Idle again when func is called. */
struct libxl__ev_time {
    libxl__ev_time *prev, *next; /* by time; equal ones in their order */
    void (*func)(libxl_ctx *ctx, libxl__ev_time *ev);
    struct timeval abs; /* as gettimeofday() tells the time */
    struct libxl__hook *hook;
};
int libxl__ev_time_register(libxl_ctx *ctx, libxl__ev_time *ev, int ms,
                            void (*func)(libxl_ctx *, libxl__ev_time *));
void libxl__ev_time_deregister(libxl_ctx *ctx, libxl__ev_time *ev);

/* path is copied. Events may come that changed nothing: func looks itself. */
struct libxl__ev_watch {
    libxl__ev_watch *prev, *next; /* in no order */
    void (*func)(libxl_ctx *ctx, libxl__ev_watch *ev);
    char *path;
    uint32_t id; /* the token; tells a late event of an old watch apart */
};
int libxl__ev_watch_register(libxl_ctx *ctx, libxl__ev_watch *ev,
                             const char *path,
                             void (*func)(libxl_ctx *, libxl__ev_watch *));
void libxl__ev_watch_deregister(libxl_ctx *ctx, libxl__ev_watch *ev);

/* status: as waitpid() gives it. Idle again when func is called. There is no
 * deregistering: a child that is not wanted is killed, and its end awaited. */
struct libxl__ev_child {
    libxl__ev_child *prev, *next; /* likewise */
    void (*func)(libxl_ctx *ctx, libxl__ev_child *ev, pid_t pid, int status);
    pid_t pid;
    libxl__ev_fd exit; /* its pidfd */
};
/* As fork(): the child gets 0, and must exec or _exit. -1: logged. */
pid_t libxl__ev_child_fork(libxl_ctx *ctx, libxl__ev_child *ev,
                           void (*func)(libxl_ctx *, libxl__ev_child *, pid_t,
                                        int));

/* --- operations --- */

struct libxl__ao {
    libxl__gc gc;           /* first: an ao is a gc that lives longer */
    libxl__ao *prev, *next; /* of those that are not complete */
    uint32_t domid;
    libxl_asyncop_how how; /* unless synchronous: how to report its end */
    bool synchronous, complete;
    int rc; /* when complete */
};
/* Takes the lock, which libxl__ao_inprogress() or libxl__ao_failed() releases.
 */
libxl__ao *libxl__ao_create(libxl_ctx *ctx, uint32_t domid,
                            const libxl_asyncop_how *how);
/* Synchronous: waits until complete. The result is the caller's result. */
int libxl__ao_inprogress(libxl__ao *ao);
/* Could not start; also takes the result of an operation that was short. */
int libxl__ao_failed(libxl__ao *ao, int rc);
/* The last act of an operation; ao is gone afterwards unless waited for. */
void libxl__ao_complete(libxl__ao *ao, int rc);
/* For an operation that is over when its function returns, good or bad. */
int libxl__ao_done(libxl__ao *ao, int rc);

/* Intermediate progress, to be reported as 'how' says (NULL: not at all). */
void libxl__progress_report(libxl__ao *ao, const libxl_asyncprogress_how *how,
                            libxl_event *event);

/* --- events for the application --- */

/* From malloc; the caller's until libxl__event_occurred(). */
libxl_event *libxl__event_new(libxl_ctx *ctx, libxl_event_type type,
                              uint32_t domid, uint64_t for_user);
/* The application's from here on. */
void libxl__event_occurred(libxl_ctx *ctx, libxl_event *event);
/*
 * Reports that the event machinery itself is broken; no caller is left to get
 * an error code.
 */
void libxl__event_disaster(libxl_ctx *ctx, const char *what, int errnoval);

/* Callbacks that became due while the lock was held: they run, in order, after
 * it was released, because the application may call libxl from them. */
struct libxl__due {
    struct libxl__due *next;
    void (*run)(libxl_ctx *ctx, struct libxl__due *due);
    libxl_event *event;
    libxl__ao *ao;
    libxl_asyncprogress_how how;
};
/* Adding copies and needs the lock; taking gives all of them to a caller who
 * still has it, and running, which frees them, is for one who has it no more.
 */
void libxl__due_add(libxl_ctx *ctx, struct libxl__due what);
struct libxl__due *libxl__take_due(libxl_ctx *ctx);
void libxl__run_due(libxl_ctx *ctx, struct libxl__due *due);

/* One round of polling, releasing the lock meanwhile; wakes when another
 * thread finished something. */
struct libxl__poller;
/*
 * A poller is one thread's. get: NULL after a disaster. once: 0, when something
 * may have come; ERROR_*, and then it is of no use to try again.
 */
struct libxl__poller *libxl__poller_get(libxl_ctx *ctx);
void libxl__poller_put(libxl_ctx *ctx, struct libxl__poller *p);
int libxl__poll_once(libxl_ctx *ctx, struct libxl__poller *p);
/* After a change of what is waited for, or of what somebody waits for. */
void libxl__wake_pollers(libxl_ctx *ctx);

/* With the context. Nothing may be registered when it is freed. */
void libxl__events_init(libxl_ctx *ctx);
void libxl__events_free(libxl_ctx *ctx);

/* --- shared by the event files --- */

struct libxl__event_state {
    /* What is registered, and operations that are not complete. */
    libxl__ev_fd *fds;
    libxl__ev_time *times; /* earliest first */
    libxl__ev_watch *watches;
    libxl__ev_child *children;
    libxl__ao *aos;
    struct libxl__evgen_domain_death *deaths;
    XEN_TAILQ_HEAD(, struct libxl_event) occurred;
    struct libxl__due *due, **due_last;         /* oldest first */
    struct libxl__poller *pollers, *app_poller; /* app: for beforepoll */
    struct libxl__hook *idle_hooks;             /* to be used again */
    libxl__ev_fd store_fd;      /* registered while there are watches */
    libxl__ev_time store_retry; /* the store is away, or does not know all */
    bool store_missed;          /* it did not come back when it was awaited */
    libxl__ev_watch released;   /* @releaseDomain, while there are deaths */
    uint32_t next_watch_id;
    /* The application's, with its pointer; NULL: it has none. */
    const libxl_event_hooks *event_hooks;
    void *event_user;
    const libxl_osevent_hooks *os_hooks;
    void *os_user;
    const libxl_childproc_hooks *child_hooks;
    void *child_user;
};

/* --- a store that ends (event_watch.c) --- */

/* As xs_open(), again for some seconds as long as wait() agrees. */
struct xs_handle *libxl__store_open(bool (*wait)(int error));
/* Does a request that fails with this errno say so? */
static inline bool libxl__store_ended(int error)
{
    return error == EPIPE || error == ECONNRESET;
}
/* A request has failed with errno: is it to be made once more, as the store has
 * ended and is there again? Otherwise errno stays. */
bool libxl__store_again(libxl_ctx *ctx);

/* A doubly linked list of embedded prev/next, NULL when not in it. */
#define EV_INSERT(head, ev)                                                    \
    do {                                                                       \
        (ev)->next = (head);                                                   \
        if (head)                                                              \
            (head)->prev = (ev);                                               \
        (ev)->prev = NULL;                                                     \
        (head) = (ev);                                                         \
    } while (0)
#define EV_REMOVE(head, ev)                                                    \
    do {                                                                       \
        if ((ev)->prev)                                                        \
            (ev)->prev->next = (ev)->next;                                     \
        else                                                                   \
            (head) = (ev)->next;                                               \
        if ((ev)->next)                                                        \
            (ev)->next->prev = (ev)->prev;                                     \
        (ev)->prev = (ev)->next = NULL;                                        \
    } while (0)

#endif
