/* SPDX-License-Identifier: MIT */
/*
 * The store's own files and its socket, each opened so that nothing that
 * somebody has put in its place is taken for it. The privileged parent opens
 * them for the daemon (parent.h).
 */
#ifndef XENSTORED_FILES_H
#define XENSTORED_FILES_H

#include <stdint.h>

enum file_use {
    FILE_READ,  /* a plain file of this user's */
    FILE_NEW,   /* in the place of what is there; for this user alone */
    FILE_WRITE, /* into what is there */
    FILE_LOG,   /* behind it, and made if it is not there; the parent's */
};

/* A descriptor, or -errno. Of the last part of a path no link is followed, but
 * for a log. */
int file_open(const char *path, enum file_use use);
int file_remove(const char *path);
/* To a smaller size. */
int file_cut(const char *path, uint32_t size);
int file_rename(const char *from, const char *to);
/* A Unix socket that only its owner can connect to, in the place of what is
 * there: a descriptor, or -errno. */
int file_listen(const char *path);

#endif
