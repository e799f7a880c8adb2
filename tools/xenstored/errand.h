/* SPDX-License-Identifier: MIT */
/*
 * What the daemon may not do itself and has done by its privileged parent
 * (daemon/errand.h), which does it or refuses (parent.h). They need neither
 * files nor the hypervisor's control operations in this process, which parses
 * what guests write.
 */
#ifndef XENSTORED_ERRAND_H
#define XENSTORED_ERRAND_H

#include <stdint.h>

#include "files.h"
#include "xen.h"

/* Descriptors, or -errno. The journal, its successor and the socket are the
 * parent's to know, a path of another name is refused. */
int errand_open(const char *path, enum file_use use);
int errand_listen(const char *path);
/* 0 or an errno value. */
int errand_rename(const char *from, const char *to);
int errand_remove(const char *path);
/* To a smaller size. */
int errand_cut(const char *path, uint32_t size);
/* See log_files.h, also for what may fail. A text to be added is no longer than
 * ERRAND_TEXT, and is not waited for. */
int errand_trace(const char *path);
void errand_trace_add(const char *text);
int errand_report(const char *path, const char *text);
/* See xen_domain_info(). */
int errand_domain(uint16_t domid, struct xen_domain_info *info);

/* Chooses the program for a live update, with these arguments (NULL: those of
 * the parent). NULL, or why it may not be, good until the next call. */
const char *errand_program(const char *program, const char *arguments);
/* A descriptor for that program, as number ERRAND_HANDED + @index; the first of
 * them, what is in the others. 0 or an errno value. */
#define ERRAND_HANDED 1000
int errand_hand(unsigned int index, int fd);
/* The end of this process: the program follows, in the parent's. Or an errno
 * value. */
int errand_go(void);

#endif
