/* SPDX-License-Identifier: MIT */
/*
 * Every library handle takes an optional logger: without one it logs to
 * standard error through a logger of its own, which dies with the handle.
 * Inline, as the libraries are separate objects and export no name for it.
 */
#ifndef OWNED_LOGGER_H
#define OWNED_LOGGER_H

#include <stdio.h>

#include <xentoollog.h>

/* A member of the handle. A handle that opens others gives them its logger, so
 * that there is one for all, and the program decides at one place what is
 * shown. */
struct owned_logger {
    xentoollog_logger *logger; /* the one to use, never NULL after take */
    xentoollog_logger *own;    /* created here, so destroyed here; or NULL */
};

/* First of all when a handle is opened, so that all else can log. given: the
 * caller's, which must outlive the handle, or NULL. 0, or -1 with errno when no
 * logger could be made; then there is nothing to drop. */
static inline int owned_logger_take(struct owned_logger *log,
                                    xentoollog_logger *given)
{
    log->own = NULL; /* unless we make one: drop is always right */
    log->logger = given;
    if (!given) {
        log->own = (xentoollog_logger *)xtl_createlogger_stdiostream(
            stderr, XTL_PROGRESS, 0);
        log->logger = log->own;
    }
    return log->logger ? 0 : -1;
}

/* With the handle: destroys our own, leaves the caller's alone. Nothing may be
 * logged by the handle afterwards. */
static inline void owned_logger_drop(struct owned_logger *log)
{
    xtl_logger_destroy(log->own); /* NULL is ok */
}

#endif
