/* SPDX-License-Identifier: MIT */
/*
 * A connection to the store, without a thread of its own.
 *
 * A thread that needs a message reads the descriptor on behalf of all: one
 * thread at a time is the reader, hands answers to the threads that wait for
 * them and queues watch events; when it has what it wanted it passes the role
 * on. So a single-threaded program pays one write and one read per request, and
 * several threads may use one handle at once.
 *
 * xs_fileno() must be readable while an event waits, also one that was read
 * from the connection on the way to an answer. It is an epoll descriptor that
 * watches the connection and a counter that is non-zero while events are
 * queued; programs that never ask for it pay nothing.
 */
#ifndef LIBXENSTORE_INTERNAL_H
#define LIBXENSTORE_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

#include <xenstore.h>

/* A queued watch event, as it is given to the program. */
struct event {
    struct event *next;
    char **vector; /* path and token, one block */
};

/* A request that waits for its answer. */
struct waiter {
    struct waiter *next;
    uint32_t req_id;
    struct xsd_sockmsg hdr;
    char *body; /* hdr.len bytes and a terminator */
    bool done;
};

struct xs_handle {
    int fd;
    bool is_socket, filter_unwatched;
    _Atomic bool watched;      /* xs_watch() was called once */
    pthread_mutex_t send_lock; /* taken before lock, never inside it */
    pthread_mutex_t lock;      /* protects all below */
    pthread_cond_t news;
    unsigned int sleepers; /* threads in pthread_cond_wait() */
    bool reading;          /* a thread is the reader; only it may use in[] */
    int error;             /* errno of a connection that has ended */
    uint32_t last_id;
    struct waiter *waiters;
    struct event *events, **events_tail;
    int epoll_fd, event_fd; /* -1 until xs_fileno() */
    size_t in_used;
    char in[2 * (sizeof(struct xsd_sockmsg) + XENSTORE_PAYLOAD_MAX)];
};

/*
 * One request and its answer. Returns the answer's payload with a terminator
 * behind it (to be freed), its length in *len if that is not NULL; or NULL
 * with errno set, from the store's error or the connection's.
 *
 * After success errno is 0 until there are watches, and afterwards as it was:
 * so it is with Xen's own library, and programs take it for the result.
 */
char *xs_talk(struct xs_handle *h, uint32_t type, xs_transaction_t t,
              const struct iovec *iov, unsigned int n, unsigned int *len);
/* The same with one string as the request. */
char *xs_talk_string(struct xs_handle *h, uint32_t type, xs_transaction_t t,
                     const char *s, unsigned int *len);
/* For requests whose answer has no content: frees it. */
bool xs_acknowledged(char *answer);

/* A string with its terminator as a part of a request. */
static inline struct iovec xs_iov(const char *s)
{
    return (struct iovec){(void *)(uintptr_t)s, __builtin_strlen(s) + 1};
}

/* Both with h->lock held. Waits for, or just looks for, messages: true if
 * something may have changed, false if the connection has ended or (without
 * @block) nothing has come. */
bool xs_wait_news(struct xs_handle *h, bool block);
/* Makes xs_fileno() readable if and only if events are queued. */
void xs_signal_events(struct xs_handle *h);

/* The kernel's device for the store, which exists in every domain. */
const char *xs_kernel_device(void);

#endif
