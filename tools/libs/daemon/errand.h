/* SPDX-License-Identifier: MIT */
/*
 * What the unprivileged child of a pair (pair.h) may not do itself, and has
 * done by its parent, which does it or refuses: one errand at a time, each a
 * message with its answer (fd_message.h), each waited for, but for those that
 * have none. The parent believes nothing of an errand.
 *
 * Two errands are the same in all daemons; the others are rows of the daemon's
 * own table, in its parent.c. If the parent ends the child does.
 */
#ifndef DAEMON_ERRAND_H
#define DAEMON_ERRAND_H

#include <stddef.h>
#include <stdint.h>

#include <daemon/log.h>
#include <daemon/pair.h>

enum {
    ERRAND_SAY,   /* number: a level; text; no answer */
    ERRAND_READY, /* no answer */
    ERRAND_OWN,   /* the first of the daemon's */
};

/* Lines of a child that the log takes at once; later it is one in a second. A
 * daemon for a thousand guests may have something to say of each. */
#define ERRAND_LINES 2000

#define ERRAND_TEXT 8320 /* strings, with their terminators; two paths */
#define ERRAND_DATA 2304 /* bytes of an answer */
#define ERRAND_FDS  4    /* descriptors of an answer */

/* The message, as long as its text, and with one descriptor at most. */
struct errand {
    uint32_t what;
    uint32_t number, size; /* of what, the errand knows */
    char text[ERRAND_TEXT];
};

/* The answer, as long as its data. */
struct errand_answer {
    int32_t rc; /* 0 or -errno */
    char data[ERRAND_DATA];
};

/* --- the child ------------------------------------------------------------ */

struct errand_order {
    uint32_t what, number, size;
    const char *text[2]; /* NULL: none; one that is too long is cut */
    int fd;              /* goes with it; stays the caller's; 0: none */
};

/* The child's end of the socket, which is close-on-exec. */
void errand_begin(int fd);
/*
 * Waits until it is done. data: room for *len bytes, and how many have come; or
 * NULL. fds: so many descriptors come, the caller's then, or it has failed. 0
 * or -errno.
 */
int errand_do(const struct errand_order *o, void *data, size_t *len, int *fds,
              int n);
/* One that has no answer. */
void errand_send(const struct errand_order *o);
/* The one that comes, or -errno. */
int errand_descriptor(const struct errand_order *o);
/* Into the log. */
void errand_say(enum log_level level, const char *text);
/* The daemon serves: those who wait for that may know. */
void errand_ready(void);

/* --- the parent ----------------------------------------------------------- */

/* An errand as it has come, and its answer. */
struct errand_call {
    uint32_t number, size;
    const char *text[2]; /* NULL: there is none, or it has no end */
    int fd;              /* that came, below 0: none; goes with the return */

    char data[ERRAND_DATA];
    size_t len;          /* of it */
    int fds[ERRAND_FDS]; /* that are to go, and are closed here then */
    int n;
};

/* 0 or -errno, and then neither data nor descriptors go; ERRAND_SILENT: the
 * child does not wait for an answer (errand_send()), and there is none. */
#define ERRAND_SILENT 1
typedef int errand_func(struct errand_call *c);

/* The answer: this descriptor, errand_give()'s from now on, or -errno, which
 * is returned; or so much data. 0. */
int errand_give(struct errand_call *c, int fd);
int errand_tell(struct errand_call *c, const void *data, size_t len);

/* In the parent: does errands until the child ends. rows: from ERRAND_OWN on,
 * so many; ready: is called once. Returns the daemon's exit code. */
int errand_run(struct pair *p, errand_func *const *rows, unsigned int n,
               void (*ready)(void));

#endif
